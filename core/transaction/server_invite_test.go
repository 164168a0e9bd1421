package transaction

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestNon2xxIsRepeatedUntilTimerH(t *testing.T) {
	for network, want := range map[string][]string{
		"UDP": {
			"0s SIP/2.0 486 Reason", "500ms SIP/2.0 486 Reason", "1.5s SIP/2.0 486 Reason", "3.5s SIP/2.0 486 Reason",
			"7.5s SIP/2.0 486 Reason", "11.5s SIP/2.0 486 Reason", "15.5s SIP/2.0 486 Reason", "19.5s SIP/2.0 486 Reason",
			"23.5s SIP/2.0 486 Reason", "27.5s SIP/2.0 486 Reason", "31.5s SIP/2.0 486 Reason",
		},
		"TCP": {"0s SIP/2.0 486 Reason"},
	} {
		run(t, network, func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, 486)
			b.receive(request(sip.INVITE, branch1, ""))
			b.sleep(32*time.Second - time.Nanosecond)
			if n := b.Stats().Server; n != 1 {
				t.Errorf("%s: %d transactions just before Timer H, want 1", network, n)
			}
			b.sleep(time.Nanosecond + time.Minute)
			if st := b.Stats(); st.Timeouts != 1 || st.Server != 0 {
				t.Errorf("%s: after Timer H: %+v", network, st)
			}
			if got := b.wire.lines(); !slices.Equal(got, want) {
				t.Errorf("%s: sent %q, want %q", network, got, want)
			}
		})
	}
}

func TestACKEndsRepetitionAndStaysInTheTransaction(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.tu.onRequest = answer(t, 486)
		b.receive(request(sip.INVITE, branch1, ""))
		b.sleep(600 * time.Millisecond)
		b.receive(request(sip.ACK, branch1, "t"))
		b.receive(request(sip.ACK, branch1, "t"))
		b.sleep(10 * time.Second)
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.ACK, branch1, "t"))
		b.wire.expect(t, "486 Reason", "486 Reason")
		b.tu.expect(t, "INVITE")
		if st := b.Stats(); st.Server != 0 || st.Finished != 1 {
			t.Errorf("after the ACK: %+v", st)
		}
	})
}

func TestINVITECopiesGetTheLastResponse(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		invite := request(sip.INVITE, branch1, "")
		b.receive(invite)
		b.receive(request(sip.INVITE, branch1, ""))
		b.wire.expect(t) // nothing to repeat yet
		b.locked(func() { b.tu.last.Respond(reply(invite, 100)) })
		b.receive(request(sip.INVITE, branch1, ""))
		b.locked(func() { b.tu.last.Respond(reply(invite, 180)) })
		b.receive(request(sip.INVITE, branch1, ""))
		b.locked(func() { b.tu.last.Respond(reply(invite, 486)) })
		b.receive(request(sip.INVITE, branch1, ""))
		out := b.wire.expect(t, "100 Reason", "100 Reason", "180 Reason", "180 Reason", "486 Reason", "486 Reason")
		for i := 0; i < len(out); i += 2 {
			if out[i].text != out[i+1].text {
				t.Errorf("copy differs:\n%s\n%s", out[i].text, out[i+1].text)
			}
		}
		b.tu.expect(t, "INVITE")
	})
}

// A 2xx is the TU's to repeat (RFC 6026 §7.1): the layer repeats nothing, absorbs copies without an answer, and lets
// the TU send again.
func TestAcceptedAbsorbsCopies(t *testing.T) {
	for _, network := range []string{"UDP", "TCP"} {
		run(t, network, func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, 200)
			b.receive(request(sip.INVITE, branch1, ""))
			b.receive(request(sip.INVITE, branch1, ""))
			b.sleep(5 * time.Second)
			b.wire.expect(t, "200 Reason")
			b.locked(func() {
				if err := b.tu.last.Resend(); err != nil {
					t.Error(err)
				}
				if b.tu.last.Request() != nil {
					t.Error("the request is still held after the 2xx")
				}
				if err := b.tu.last.Respond(reply(request(sip.INVITE, branch1, ""), 486)); !errors.Is(err, ErrFinished) {
					t.Errorf("486 after 200: %v, want ErrFinished", err)
				}
				if err := b.tu.last.Respond(reply(request(sip.INVITE, branch1, ""), 200)); err != nil {
					t.Errorf("second 200: %v", err)
				}
			})
			b.wire.expect(t, "200 Reason", "200 Reason")
			b.receive(request(sip.ACK, branch2, "t"))
			// Old stacks send the ACK for a 2xx with the branch of the INVITE.
			b.receive(request(sip.ACK, branch1, "t"))
			b.tu.expect(t, "INVITE", "ACK", "ACK")
		})
	}
}

func TestNoGhostCallAfterBYE(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.tu.onRequest = answer(t, 200)
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.ACK, branch2, "t"))
		b.receive(requestNo(sip.BYE, "z9hG4bK-bye", "t", 2))
		first := b.wire.expect(t, "200 Reason", "200 Reason")
		b.tu.expect(t, "INVITE", "ACK", "BYE")

		b.sleep(31 * time.Second)
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.INVITE, "z9hG4bK-other-path", "")) // merged
		b.receive(requestNo(sip.BYE, "z9hG4bK-bye", "t", 2))
		out := b.wire.expect(t, "482 Loop Detected", "200 Reason")
		if out[1].text != first[1].text {
			t.Errorf("late copy of BYE answered with other bytes:\n%s\n%s", first[1].text, out[1].text)
		}
		b.tu.expect(t)
		b.receive(request(sip.ACK, "z9hG4bK-other-path", tagOf(parseSent(out[0].text).To().Params)))
		b.tu.expect(t)
	})
}

// RFC 2543: no unique branch, so the ACK is known by its To tag.
func TestRFC2543Matching(t *testing.T) {
	for _, branch := range []string{"", "1", "z9hG4bK"} {
		run(t, "UDP", func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, 486)
			b.receive(request(sip.INVITE, branch, ""))
			b.receive(request(sip.INVITE, branch, ""))
			b.wire.expect(t, "486 Reason", "486 Reason")
			b.receive(request(sip.ACK, branch, "other"))
			b.tu.expect(t, "INVITE", "ACK")
			b.receive(request(sip.ACK, branch, "t"))
			b.sleep(time.Second)
			b.wire.expect(t)
			b.receive(request(sip.ACK, branch, "t"))
			b.tu.expect(t)
			// Another request of the dialog with the same Via is another transaction.
			b.receive(requestNo(sip.BYE, branch, "t", 2))
			b.receive(requestNo(sip.BYE, branch, "t", 2))
			b.receive(requestNo(sip.INFO, branch, "t", 3))
			b.tu.expect(t, "BYE", "INFO")
			b.wire.expect(t, "486 Reason", "486 Reason", "486 Reason")
		})
	}
}

func TestMergedRequests(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.INVITE, branch2, ""))
		out := b.wire.expect(t, "482 Loop Detected")
		if !strings.Contains(out[0].text, ";tag=") {
			t.Errorf("482 without To tag:\n%s", out[0].text)
		}
		b.receive(request(sip.ACK, branch2, tagOf(parseSent(out[0].text).To().Params)))
		b.sleep(time.Second)
		b.wire.expect(t)
		// Neither another CSeq nor a request within a dialog is a merged one.
		b.receive(requestNo(sip.INVITE, "z9hG4bK-3", "", 2))
		b.receive(requestNo(sip.OPTIONS, "z9hG4bK-4", "t", 3))
		b.receive(requestNo(sip.OPTIONS, "z9hG4bK-5", "t", 3))
		b.tu.expect(t, "INVITE", "INVITE", "OPTIONS", "OPTIONS")
		if st := b.Stats(); st.Merged != 1 || st.Server != 4 {
			t.Errorf("%+v", st)
		}
		b.answerAll(486)
	})
}

// RFC 3263 §4.3: after 503 the client sends the same request again, with a new branch.
func TestSecondTryAfter503IsNotMerged(t *testing.T) {
	for _, network := range []string{"UDP", "TCP"} {
		run(t, network, func(t *testing.T, b *bench) {
			b.tu.onRequest = answer(t, 503)
			b.receive(request(sip.INVITE, branch1, ""))
			b.receive(request(sip.ACK, branch1, "t"))
			b.receive(request(sip.INVITE, branch2, ""))
			b.wire.expect(t, "503 Reason", "503 Reason")
			b.tu.expect(t, "INVITE", "INVITE")
		})
	}
}

// answerAll ends the transactions that a test has left open.
func (b *bench) answerAll(code int) {
	for _, s := range b.shards {
		s.Lock()
		for _, tx := range s.servers {
			if !tx.Done() {
				tx.Respond(reply(tx.Request(), code))
			}
		}
		s.Unlock()
	}
}

func parseSent(text string) sip.Message {
	msg, err := sip.ParseMessage([]byte(text))
	if err != nil {
		panic(err)
	}
	return msg
}
