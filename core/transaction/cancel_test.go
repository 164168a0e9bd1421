package transaction

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestCANCELFindsItsINVITE(t *testing.T) {
	for _, branch := range []string{branch1, ""} {
		run(t, "UDP", func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, 180)
			b.tu.onCancel = func(cancel, invite *Server) {
				if invite != b.tu.last {
					t.Fatal("CANCEL came with another INVITE")
				}
				cancel.Respond(reply(cancel.Request(), 200))
				invite.Respond(reply(invite.Request(), 487))
			}
			b.receive(request(sip.INVITE, branch, ""))
			b.receive(request(sip.CANCEL, branch, ""))
			b.receive(request(sip.CANCEL, branch, ""))
			b.receive(request(sip.ACK, branch, "t"))
			b.wire.expect(t, "180 Reason", "200 Reason", "487 Reason", "200 Reason")
			b.tu.expect(t, "INVITE", "CANCEL")
		})
	}
}

func TestCANCELThatMatchesNothing(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.tu.onRequest = answer(t, 180)
		b.tu.onCancel = func(cancel, invite *Server) {
			if invite != nil {
				t.Error("matched an INVITE of another branch")
			}
			cancel.Respond(reply(cancel.Request(), 481))
		}
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.CANCEL, branch2, ""))
		b.wire.expect(t, "180 Reason", "481 Reason")
		b.answerAll(486)
	})
}

// RFC 3261 §9.2: after the final response a CANCEL changes nothing, and gets 200 with the same To tag.
func TestCANCELAfterTheFinalResponse(t *testing.T) {
	for _, code := range []int{200, 486} {
		run(t, "UDP", func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, code)
			b.receive(request(sip.INVITE, branch1, ""))
			b.receive(request(sip.CANCEL, branch1, ""))
			b.receive(request(sip.ACK, branch1, "t"))
			out := b.wire.take()
			if len(out) != 2 {
				t.Fatalf("%d messages, want 2", len(out))
			}
			res := parseSent(out[1].text).(*sip.Response)
			if res.StatusCode != 200 || res.CSeq().MethodName != sip.CANCEL || tagOf(res.To().Params) != "t" {
				t.Errorf("answer to CANCEL:\n%s", out[1].text)
			}
			if slices.Contains(b.tu.told, "CANCEL") {
				t.Error("the TU was bothered")
			}
		})
	}
}

func TestClientCancelsAfterTheFirstProvisional(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		c, got := b.invite()
		b.locked(func() {
			if err := c.Cancel(); err != nil {
				t.Error(err)
			}
			if err := c.Cancel(); err != nil {
				t.Errorf("second Cancel: %v", err)
			}
		})
		invite := b.wire.expect(t, "INVITE sip:test@192.0.2.1 SIP/2.0")[0].text
		b.respond(invite, 180)
		out := b.wire.expect(t, "CANCEL sip:test@192.0.2.1 SIP/2.0")
		b.locked(func() {
			if err := c.Cancel(); err != nil {
				t.Errorf("Cancel again: %v", err)
			}
		})
		b.respond(invite, 180)
		b.sleep(600 * time.Millisecond)
		again := b.wire.expect(t, "CANCEL sip:test@192.0.2.1 SIP/2.0")
		if out[0].text != again[0].text {
			t.Error("the copy of the CANCEL differs")
		}
		req, cancel := parseSent(invite).(*sip.Request), parseSent(out[0].text).(*sip.Request)
		if req.Via().Value() != cancel.Via().Value() || len(cancel.GetHeaders("via")) != 1 ||
			req.To().Value() != cancel.To().Value() || req.From().Value() != cancel.From().Value() ||
			cancel.CSeq().Value() != "1 CANCEL" || len(cancel.GetHeaders("route")) != 2 {
			t.Errorf("CANCEL does not fit its INVITE:\n%s\n%s", invite, out[0].text)
		}
		b.respond(out[0].text, 200)
		b.respond(invite, 487)
		b.wire.expect(t, "ACK sip:test@192.0.2.1 SIP/2.0")
		if want := []string{"180", "180", "487"}; !slices.Equal(*got, want) {
			t.Errorf("got %q, want %q", *got, want)
		}
		b.locked(func() {
			if err := c.Cancel(); !errors.Is(err, ErrFinished) {
				t.Errorf("Cancel after 487: %v, want ErrFinished", err)
			}
		})
	})
}

// RFC 3261 §9.1: a cancelled INVITE that gets no final response within 64·T1 is over.
func TestClientCancelTimesOut(t *testing.T) {
	run(t, "TCP", func(t *testing.T, b *bench) {
		c, got := b.invite()
		invite := b.wire.take()[0].text
		b.respond(invite, 100)
		b.sleep(10 * time.Minute)
		b.locked(func() { c.Cancel() })
		b.wire.expect(t, "CANCEL sip:test@192.0.2.1 SIP/2.0")
		b.sleep(32*time.Second - time.Nanosecond)
		if want := []string{"100"}; !slices.Equal(*got, want) {
			t.Errorf("before the timeout got %q, want %q", *got, want)
		}
		b.sleep(time.Nanosecond)
		b.locked(func() {
			if want := []string{"100", "timeout"}; !slices.Equal(*got, want) {
				t.Errorf("got %q, want %q", *got, want)
			}
		})
	})
}
