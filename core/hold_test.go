package core_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// TestHoldMedia: what we hold sends us nothing more and hears what it wants to;
// who holds us hears nothing; each side by itself.
func TestHoldMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, stage := coretest.NewNetwork(), &coretest.Stage{}
		s := core.New(core.Options{Media: n.Media(), Handler: stage, Log: discard(), MediaSilent: 3 * time.Second})
		caller := n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		c := stage.Call()
		if err := c.Answer(core.AnswerOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Play(media.Silence(0)); err != nil {
			t.Fatal(err)
		}
		var silent atomic.Int32 // EventMediaTimeout
		c.Notify(func(e core.Event) {
			if e.Kind == core.EventMediaTimeout {
				silent.Add(1)
			}
		})
		hold := func(on bool) {
			p, err := c.Hold(on, nil)
			if err != nil {
				t.Fatal(err)
			}
			<-p.Done()
			if p.Code() != 200 {
				t.Errorf("hold %t: %d", on, p.Code())
			}
		}
		for _, step := range []struct {
			what    string
			do      func()
			hears   bool
			expects bool // RTP of the caller, and misses it after 3 s
		}{
			{"answered", func() {}, true, true},
			{"we hold", func() { hold(true) }, true, false},
			{"both hold", caller.Hold, false, false},
			{"the caller resumes", caller.Resume, true, false},
			{"the caller holds again", caller.Hold, false, false},
			{"we resume", func() { hold(false) }, true, true}, // and the caller mirrors our sendrecv
		} {
			step.do()
			synctest.Wait()
			before := caller.Heard()
			silent.Store(0)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if heard := caller.Heard() - before; step.hears != (heard > 200) || !step.hears && heard > 1 {
				t.Errorf("%s: %d packets heard in 5 s", step.what, heard)
			}
			if step.expects != (silent.Load() > 0) {
				t.Errorf("%s: silence reported %d times", step.what, silent.Load())
			}
		}
		caller.Bye()
		checkBaseline(t, s, n)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		n.Close()
	})
}

// TestDialHold: the end that made the Call-ID waits 2.1 to 4 s after a 491 (RFC 3261 §14.1).
func TestDialHold(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	p.respond(invite, 200, "far", answer)
	p.expect("ACK")
	<-c.Confirmed()
	pending, err := c.Hold(true, core.Headers{{Name: "Subject", Value: "wait"}})
	if err != nil {
		t.Fatal(err)
	}
	hold := p.expect("INVITE")
	if !strings.Contains(hold.Body, "\r\na=sendonly\r\n") || tag(hold.Header("To")) != "far" || hold.Header("Subject") != "wait" {
		t.Errorf("re-INVITE:\n%s", hold)
	}
	p.respond(hold, 491, "", "")
	p.expect("ACK")
	began := time.Now()
	again := p.expect("INVITE")
	if waited := time.Since(began); waited < 2050*time.Millisecond || waited > 4500*time.Millisecond || again.Header("CSeq") == hold.Header("CSeq") {
		t.Errorf("%v after the 491:\n%s", waited, again)
	}
	p.respond(again, 200, "", answer+"a=recvonly\r\n")
	ack := p.expect("ACK")
	<-pending.Done()
	if pending.Code() != 200 || ack.Header("CSeq") != strings.Replace(again.Header("CSeq"), "INVITE", "ACK", 1) {
		t.Errorf("%d, ACK:\n%s", pending.Code(), ack)
	}
	_ = c.Hangup(core.HangupOptions{})
	p.respond(p.expect("BYE"), 200, "", "")
	ended(t, c)
}
