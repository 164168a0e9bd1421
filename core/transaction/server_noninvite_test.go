package transaction

import (
	"errors"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestNonINVITECopies(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.wire.expect(t) // trying: nothing to repeat
		b.locked(func() { b.tu.last.Respond(reply(b.tu.last.Request(), 180)) })
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.locked(func() {
			b.tu.last.Respond(reply(b.tu.last.Request(), 200))
			if !b.tu.last.Done() || b.tu.last.Request() != nil {
				t.Error("not done after the final response, or the request is still held")
			}
			if err := b.tu.last.Respond(reply(request(sip.OPTIONS, branch1, ""), 200)); !errors.Is(err, ErrFinished) {
				t.Errorf("second final response: %v, want ErrFinished", err)
			}
		})
		b.sleep(32*time.Second - time.Nanosecond)
		b.receive(request(sip.OPTIONS, branch1, ""))
		out := b.wire.expect(t, "180 Reason", "180 Reason", "200 Reason", "200 Reason")
		if out[2].text != out[3].text {
			t.Errorf("copy differs:\n%s\n%s", out[2].text, out[3].text)
		}
		b.tu.expect(t, "OPTIONS")
		// Timer J: after 64·T1 (and at most 2·T1 more, see sweepFinished) it is a new request.
		b.sleep(time.Second + time.Nanosecond)
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.tu.expect(t, "OPTIONS")
		b.answerAll(200)
	})
}

// Timer J is 0 on a reliable transport: nothing is kept.
func TestNonINVITEOverTCPLeavesNothing(t *testing.T) {
	run(t, "TCP", func(t *testing.T, b *bench) {
		b.tu.onRequest = answer(t, 200)
		b.receive(request(sip.OPTIONS, branch1, ""))
		if st := b.Stats(); st.Server != 0 || st.Finished != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// RFC 4320 §4.2: a request that is not answered in 64·T1 ends without an answer.
func TestUnansweredNonINVITEEnds(t *testing.T) {
	for _, network := range []string{"UDP", "TCP"} {
		run(t, network, func(t *testing.T, b *bench) {
			b.receive(request(sip.OPTIONS, branch1, ""))
			b.sleep(32*time.Second - time.Nanosecond)
			if n := b.Stats().Server; n != 1 {
				t.Errorf("%d transactions before the timeout, want 1", n)
			}
			b.sleep(time.Nanosecond)
			b.locked(func() {
				if err := b.tu.last.Respond(reply(request(sip.OPTIONS, branch1, ""), 200)); !errors.Is(err, ErrFinished) {
					t.Errorf("response after the timeout: %v, want ErrFinished", err)
				}
			})
			if st := b.Stats(); st.Server != 0 || st.Timeouts != 1 {
				t.Errorf("%+v", st)
			}
			b.wire.expect(t)
		})
	}
}

// A transport error is told, and the transaction goes on as if the datagram had been lost.
func TestResponseThatCannotBeSent(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		broken := errors.New("broken")
		b.wire.fail = broken
		b.tu.onRequest = func(tx *Server, req *sip.Request) {
			if err := tx.Respond(reply(req, 200)); !errors.Is(err, broken) {
				t.Errorf("Respond: %v, want the transport's error", err)
			}
		}
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.wire.fail = nil
		b.receive(request(sip.OPTIONS, branch1, ""))
		b.wire.expect(t, "200 Reason")
		b.tu.expect(t, "OPTIONS")
		if n := b.Stats().SendFails; n != 1 {
			t.Errorf("%d failed sends, want 1", n)
		}
	})
}
