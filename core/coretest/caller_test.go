package coretest_test

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// handler is a function as core.Handler.
type handler func(ctx context.Context, c *core.Call)

func (h handler) ServeCall(ctx context.Context, c *core.Call) { h(ctx, c) }

// bubble runs a test on a virtual clock against a server with a handler.
func bubble(t *testing.T, h handler, test func(*coretest.Network, *core.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		s := core.New(core.Options{Media: n.Media(), Handler: h, DTMF: true, Log: slog.New(slog.DiscardHandler)})
		test(n, s)
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
}

// ringing rings for a second, answers and plays digital silence for two.
func ringing(ctx context.Context, c *core.Call) {
	_ = c.Ring(nil)
	time.Sleep(time.Second)
	if c.Answer(core.AnswerOptions{}) != nil {
		return
	}
	<-c.Confirmed() // the ACK may bring the answer
	p, err := c.Play(media.Silence(2 * time.Second))
	if err != nil {
		return
	}
	<-p.Done()
}

func statuses(c *coretest.Caller) (seen []int) {
	for _, m := range c.Messages() {
		if m.Status() != 0 && !m.Sent {
			seen = append(seen, m.Status())
		}
	}
	return seen
}

func TestCall(t *testing.T) {
	bubble(t, ringing, func(n *coretest.Network, s *core.Server) {
		began := time.Now()
		var first, last time.Duration
		c := n.Call(s, coretest.CallOptions{To: "100", OnRTP: func(at time.Time, p *rtp.Packet) {
			if last = at.Sub(began); first == 0 {
				first = last
			}
		}})
		if !c.Await(2*time.Second, func(c *coretest.Caller) bool { return c.State().Answered }) {
			t.Fatal("not answered")
		}
		if after := time.Since(began); after != time.Second {
			t.Errorf("answered after %v, want 1 s", after)
		}
		<-c.Done()
		synctest.Wait()
		if state := c.State(); !state.ByServer || state.Status != 200 {
			t.Errorf("ended as %+v, want by the server after 200", state)
		}
		if after := time.Since(began); after < 3*time.Second || after > 3020*time.Millisecond {
			t.Errorf("BYE after %v, want 3 s", after)
		}
		if c.Heard() != 100 || last-first != 99*20*time.Millisecond {
			t.Errorf("%d packets over %v, want 100 over 1.98 s", c.Heard(), last-first)
		}
		if want := []int{100, 180, 200}; !slices.Equal(statuses(c), want) {
			t.Errorf("statuses %v, want %v", statuses(c), want)
		}
	})
}

func TestCancel(t *testing.T) {
	bubble(t, ringing, func(n *coretest.Network, s *core.Server) {
		c := n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		c.Cancel()
		<-c.Done()
		if state := c.State(); state.Status != 487 || state.Answered {
			t.Errorf("ended as %+v, want 487", state)
		}
		synctest.Wait()
		if messages := c.Messages(); messages[len(messages)-1].Method() != "ACK" {
			t.Errorf("last message %q, want the ACK to the 487", messages[len(messages)-1].Start)
		}
	})
}

func TestPressAndHold(t *testing.T) {
	var events chan core.Event
	answer := func(ctx context.Context, c *core.Call) {
		c.Notify(func(e core.Event) { events <- e })
		_ = c.Answer(core.AnswerOptions{})
		<-ctx.Done()
	}
	bubble(t, answer, func(n *coretest.Network, s *core.Server) {
		events = make(chan core.Event, 10)
		c := n.Call(s, coretest.CallOptions{Codecs: []media.Codec{media.PCMA}})
		if e := <-events; e.Kind != core.EventAnswered {
			t.Fatalf("event %v, want answered", e)
		}
		if codec, ok := c.Codec(); !ok || codec != media.PCMA {
			t.Errorf("codec %v, want PCMA", codec)
		}
		if err := c.Press(context.Background(), "5#", 0, 0); err != nil {
			t.Fatal(err)
		}
		for _, digit := range []byte("5#") {
			if e := <-events; e.Digit != digit || e.Duration != 100*time.Millisecond {
				t.Errorf("digit %q for %v, want %q for 100 ms", e.Digit, e.Duration, digit)
			}
		}
		c.Hold()
		if e := <-events; e.Kind != core.EventHold {
			t.Errorf("event %v, want hold", e.Kind)
		}
		synctest.Wait()
		c.Resume()
		if e := <-events; e.Kind != core.EventResume {
			t.Errorf("event %v, want resume", e.Kind)
		}
		synctest.Wait()
		c.Bye()
		<-c.Done()
		if c.State().ByServer {
			t.Error("ended by the server, want by us")
		}
	})
}

func TestMovedRTP(t *testing.T) {
	play := func(ctx context.Context, c *core.Call) {
		_ = c.Answer(core.AnswerOptions{})
		_, _ = c.Play(media.Silence(0))
		<-ctx.Done()
	}
	bubble(t, play, func(n *coretest.Network, s *core.Server) {
		var ssrc uint32
		c := n.Call(s, coretest.CallOptions{OnRTP: func(_ time.Time, p *rtp.Packet) { ssrc = p.SSRC }})
		time.Sleep(time.Second)
		synctest.Wait()
		before, old := c.Heard(), ssrc
		c.Modify(coretest.Offer{Address: netip.MustParseAddr("198.51.100.9")})
		time.Sleep(time.Second)
		synctest.Wait()
		if c.Heard()-before < 49 || ssrc != old {
			t.Errorf("%d packets at the new address, SSRC %x, want 50 of SSRC %x", c.Heard()-before, ssrc, old)
		}
	})
}

func TestServerOffers(t *testing.T) {
	bubble(t, ringing, func(n *coretest.Network, s *core.Server) {
		c := n.Call(s, coretest.CallOptions{NoOffer: true, Transport: "TCP"})
		<-c.Done()
		if c.Heard() != 100 {
			t.Errorf("%d packets, want 100", c.Heard())
		}
	})
}

// TestReliableProvisional requires 100rel, with an offer and without.
func TestReliableProvisional(t *testing.T) {
	for _, noOffer := range []bool{false, true} {
		bubble(t, ringing, func(n *coretest.Network, s *core.Server) {
			c := n.Call(s, coretest.CallOptions{NoOffer: noOffer, Headers: core.Headers{{Name: "Require", Value: "100rel"}}})
			<-c.Done()
			if want := []int{100, 180, 200, 200}; !slices.Equal(statuses(c), want) || c.Heard() < 99 {
				t.Errorf("without offer %t: responses %v, want %v, %d packets", noOffer, statuses(c), want, c.Heard())
			}
		})
	}
}
