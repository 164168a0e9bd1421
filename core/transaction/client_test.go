package transaction

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// outgoing is a request of ours, with a Route set and no Via.
func outgoing(method sip.RequestMethod) *sip.Request {
	return parse(fmt.Sprintf(`
%[1]s sip:test@192.0.2.1 SIP/2.0
Route: <sip:p1.example.com;lr>
Route: <sip:p2.example.com;lr>
From: <sip:alice@example.com>;tag=a
To: <sip:test@192.0.2.1>
Call-ID: call-1
CSeq: 1 %[1]s
Max-Forwards: 70`, method)).(*sip.Request)
}

// send sends a request and notes what comes: status codes, "timeout".
func (b *bench) send(method sip.RequestMethod) (c *Client, got *[]string) {
	b.Helper()
	got = new([]string)
	b.locked(func() {
		var err error
		c, err = b.Layer.Send(outgoing(method), b.wire.Flow, func(res *sip.Response, err error) {
			switch {
			case err == nil:
				*got = append(*got, fmt.Sprint(res.StatusCode))
			case errors.Is(err, ErrTimeout):
				*got = append(*got, "timeout")
			default:
				*got = append(*got, err.Error())
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	})
	return c, got
}

func (b *bench) invite() (*Client, *[]string) { b.Helper(); return b.send(sip.INVITE) }

// respond delivers a response to a request that was sent.
func (b *bench) respond(text string, code int) {
	b.receive(reply(parseSent(text).(*sip.Request), code))
}

func TestClientINVITESchedule(t *testing.T) {
	const line = " INVITE sip:test@192.0.2.1 SIP/2.0"
	for network, want := range map[string][]string{
		"UDP": {"0s" + line, "500ms" + line, "1.5s" + line, "3.5s" + line, "7.5s" + line, "15.5s" + line, "31.5s" + line},
		"TCP": {"0s" + line},
	} {
		run(t, network, func(t *testing.T, b *bench) {
			_, got := b.invite()
			b.sleep(32*time.Second - time.Nanosecond)
			if len(*got) != 0 {
				t.Errorf("%s: before Timer B: %q", network, *got)
			}
			b.sleep(time.Nanosecond)
			if !slices.Equal(*got, []string{"timeout"}) {
				t.Errorf("%s: at Timer B: %q, want a timeout", network, *got)
			}
			b.sleep(time.Minute)
			if got := b.wire.lines(); !slices.Equal(got, want) {
				t.Errorf("%s: sent %q, want %q", network, got, want)
			}
		})
	}
}

func TestClientNonINVITESchedule(t *testing.T) {
	const line = " BYE sip:test@192.0.2.1 SIP/2.0"
	for network, want := range map[string][]string{
		"UDP": {"0s" + line, "500ms" + line, "1.5s" + line, "3.5s" + line, "7.5s" + line, "11.5s" + line,
			"15.5s" + line, "19.5s" + line, "23.5s" + line, "27.5s" + line, "31.5s" + line},
		"TCP": {"0s" + line},
	} {
		run(t, network, func(t *testing.T, b *bench) {
			_, got := b.send(sip.BYE)
			b.sleep(32*time.Second - time.Nanosecond)
			if len(*got) != 0 {
				t.Errorf("%s: before Timer F: %q", network, *got)
			}
			b.sleep(time.Minute)
			if !slices.Equal(*got, []string{"timeout"}) {
				t.Errorf("%s: after Timer F: %q, want a timeout", network, *got)
			}
			if got := b.wire.lines(); !slices.Equal(got, want) {
				t.Errorf("%s: sent %q, want %q", network, got, want)
			}
		})
	}
}

// In proceeding a non-INVITE request is repeated every T2 (RFC 3261 §17.1.2.2).
func TestClientNonINVITEProceeding(t *testing.T) {
	const line = " BYE sip:test@192.0.2.1 SIP/2.0"
	run(t, "UDP", func(t *testing.T, b *bench) {
		_, got := b.send(sip.BYE)
		b.sleep(100 * time.Millisecond)
		bye := b.wire.take()[0].text
		b.respond(bye, 100)
		b.sleep(9 * time.Second)
		want := []string{"500ms" + line, "4.5s" + line, "8.5s" + line}
		if lines := b.wire.lines(); !slices.Equal(lines, want) {
			t.Errorf("sent %q, want %q", lines, want)
		}
		b.respond(bye, 200)
		b.respond(bye, 200)
		b.sleep(time.Minute)
		b.wire.expect(t)
		if !slices.Equal(*got, []string{"100", "200"}) {
			t.Errorf("got %q", *got)
		}
	})
}

func TestClientAcknowledgesNon2xx(t *testing.T) {
	for _, network := range []string{"UDP", "TCP"} {
		run(t, network, func(t *testing.T, b *bench) {
			_, got := b.invite()
			invite := b.wire.take()[0].text
			b.respond(invite, 180)
			b.respond(invite, 486)
			acks := b.wire.expect(t, "ACK sip:test@192.0.2.1 SIP/2.0")
			b.respond(invite, 486)
			if network == "TCP" { // Timer D is 0
				b.wire.expect(t)
				if n := b.Stats().Client; n != 0 {
					t.Errorf("%d transactions after the ACK over TCP, want 0", n)
				}
			} else {
				again := b.wire.expect(t, "ACK sip:test@192.0.2.1 SIP/2.0")
				if again[0].text != acks[0].text {
					t.Error("the copy of the ACK differs")
				}
				b.sleep(32*time.Second + time.Nanosecond)
				b.respond(invite, 486)
				b.wire.expect(t)
			}
			if !slices.Equal(*got, []string{"180", "486"}) {
				t.Errorf("got %q", *got)
			}
			req, ack := parseSent(invite).(*sip.Request), parseSent(acks[0].text).(*sip.Request)
			if req.Via().Value() != ack.Via().Value() || tagOf(ack.To().Params) != "t" || ack.CSeq().Value() != "1 ACK" ||
				len(ack.GetHeaders("route")) != 2 || len(ack.GetHeaders("via")) != 1 {
				t.Errorf("ACK does not fit its INVITE:\n%s\n%s", invite, acks[0].text)
			}
		})
	}
}

// RFC 6026 §8.4: every 2xx goes to the TU for 64·T1, and after that to User.Response; none is acknowledged here.
func TestClientPassesEvery2xx(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		_, got := b.invite()
		invite := b.wire.take()[0].text
		b.respond(invite, 200)
		b.respond(invite, 200)
		b.respond(invite, 486) // a late fork has no say any more
		b.sleep(32*time.Second - time.Nanosecond)
		b.respond(invite, 200)
		b.tu.expect(t)
		b.sleep(time.Nanosecond)
		b.respond(invite, 200)
		b.wire.expect(t)
		if !slices.Equal(*got, []string{"200", "200", "200"}) {
			t.Errorf("got %q", *got)
		}
		b.tu.expect(t, "200")
	})
}

func TestStrayResponsesAreDropped(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.invite()
		invite := b.wire.take()[0].text
		for from, to := range map[string]string{
			"CSeq: 1":                       "CSeq: 2",
			"branch=" + magicCookie:         "branch=" + magicCookie + "x",
			"Call-ID: call-1":               "Call-ID: call-2",
			"Max-Forwards: 70":              "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx", // a second one
			"From: <sip:alice@example.com>": "From: <sip:alice@example.com>",              // the control: this one does match
		} {
			changed := strings.Replace(invite, from, to, 1)
			before := b.Stats().Stray
			b.respond(changed, 486)
			if stray := b.Stats().Stray > before; stray != (changed != invite) {
				t.Errorf("with %q: stray %v", to, stray)
			}
			b.wire.take()
		}
	})
}

func TestSendThatFails(t *testing.T) {
	run(t, "TCP", func(t *testing.T, b *bench) {
		broken := errors.New("broken")
		never := func(*sip.Response, error) { t.Error("called after Send had failed") }
		b.wire.fail = broken
		b.locked(func() {
			if _, err := b.Send(outgoing(sip.INVITE), b.wire.Flow, never); !errors.Is(err, broken) {
				t.Errorf("Send over a broken transport: %v", err)
			}
			if err := b.SendACK(outgoing(sip.ACK), b.wire.Flow); !errors.Is(err, broken) {
				t.Errorf("SendACK over a broken transport: %v", err)
			}
			incomplete := outgoing(sip.BYE)
			incomplete.RemoveHeader("To")
			if _, err := b.Send(incomplete, b.wire.Flow, never); err == nil {
				t.Error("sent a BYE without To")
			}
		})
		b.wire.fail = nil
		b.locked(func() {
			req := outgoing(sip.BYE)
			if _, err := b.Send(req, b.wire.Flow, func(*sip.Response, error) {}); err != nil {
				t.Error(err)
			}
			if _, err := b.Send(req, b.wire.Flow, never); err == nil {
				t.Error("one branch for two transactions")
			}
		})
		b.Close()
		b.locked(func() {
			if _, err := b.Send(outgoing(sip.BYE), b.wire.Flow, never); !errors.Is(err, ErrClosed) {
				t.Errorf("Send after Close: %v, want ErrClosed", err)
			}
		})
	})
}

func TestViaOfOurRequests(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.locked(func() {
			ack := outgoing(sip.ACK)
			b.SendACK(ack, b.wire.Flow)
			b.SendACK(ack, b.wire.Flow)
			b.SendACK(outgoing(sip.ACK), b.wire.Flow)
		})
		out := b.wire.take()
		first, other := parseSent(out[0].text).Via(), parseSent(out[2].text).Via()
		if out[0].text != out[1].text {
			t.Error("the ACK sent again differs")
		}
		if branchOf(first) == branchOf(other) || rfc2543(branchOf(first)) {
			t.Errorf("branches %q and %q", branchOf(first), branchOf(other))
		}
		if v := first.Value(); !strings.HasPrefix(v, "SIP/2.0/UDP 192.0.2.1:5060;branch=") || !strings.HasSuffix(v, ";rport") {
			t.Errorf("Via %q", v)
		}
	})
}
