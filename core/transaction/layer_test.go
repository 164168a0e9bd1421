package transaction

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestMalformedRequestsGet400(t *testing.T) {
	for _, missing := range []string{"From", "To", "Call-ID", "CSeq"} {
		run(t, "UDP", func(t *testing.T, b *bench) {
			req := request(sip.INVITE, branch1, "")
			req.RemoveHeader(missing)
			b.receive(req)
			out := b.wire.expect(t, "400 Bad Request")
			if !strings.Contains(out[0].text, "missing "+missing) || !strings.Contains(out[0].text, branch1) {
				t.Errorf("without %s:\n%s", missing, out[0].text)
			}
			ack := request(sip.ACK, branch1, "")
			ack.RemoveHeader(missing)
			b.receive(ack)
			b.wire.expect(t)
			b.tu.expect(t)
			if n := b.Stats().Malformed; n != 2 {
				t.Errorf("%d malformed, want 2", n)
			}
		})
	}
	run(t, "UDP", func(t *testing.T, b *bench) {
		req := request(sip.INVITE, branch1, "")
		req.CSeq().MethodName = sip.BYE
		b.receive(req)
		b.wire.expect(t, "400 Bad Request")
		noVia := request(sip.INVITE, branch1, "")
		noVia.RemoveHeader("Via")
		b.receive(noVia)
		b.wire.expect(t)
		for _, header := range []string{"Via", "Call-ID", "CSeq"} {
			res := reply(request(sip.INVITE, branch1, ""), 200)
			res.RemoveHeader(header)
			b.receive(res)
		}
		b.tu.expect(t)
	})
}

func TestPanicOfTheTUIsAnswered500(t *testing.T) {
	var log bytes.Buffer
	runWith(t, "UDP", Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, b *bench) {
		b.tu.onRequest = func(*Server, *sip.Request) { panic("of the test") }
		b.tu.onAck = func(*sip.Request) { panic("of the test") }
		b.tu.onResponse = func(*sip.Response) { panic("of the test") }
		b.tu.onCancel = func(*Server, *Server) { panic("of the test") }
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.ACK, branch2, "t"))
		b.receive(request(sip.CANCEL, branch2, ""))
		b.receive(reply(request(sip.INVITE, branch1, ""), 200))
		b.wire.expect(t, "500 Server Internal Error", "500 Server Internal Error")
		b.tu.onRequest = func(tx *Server, req *sip.Request) { answer(t, 200)(tx, req); panic("of the test") }
		b.receive(requestNo(sip.OPTIONS, branch1, "", 2))
		b.wire.expect(t, "200 Reason")
		b.locked(func() {
			b.Send(outgoing(sip.BYE), b.wire.Flow, func(*sip.Response, error) { panic("of the test") })
		})
		b.respond(b.wire.take()[0].text, 200)
		if st := b.Stats(); st.Panics != 6 || st.Client != 0 {
			t.Errorf("%d panics counted, want 6; %d client transactions, want 0", st.Panics, st.Client)
		}
		if !strings.Contains(log.String(), "layer_test.go") {
			t.Error("no stack in the log")
		}
	})
}

func TestTablesAreBounded(t *testing.T) {
	limits := Limits{Server: 3, Client: 2, Finished: 4}
	runWith(t, "UDP", Options{Shards: 1, Limits: limits}, func(t *testing.T, b *bench) {
		branch := func(i int) string { return fmt.Sprintf("z9hG4bK-%d", i) }
		for i := range 3 {
			b.receive(requestNo(sip.INVITE, branch(i), "", i))
		}
		b.receive(requestNo(sip.INVITE, branch(3), "", 3))
		b.receive(requestNo(sip.INVITE, branch(3), "", 3))
		out := b.wire.expect(t, "503 Service Unavailable", "503 Service Unavailable")
		if out[0].text != out[1].text || !strings.Contains(out[0].text, "Retry-After: ") {
			t.Errorf("stateless answers:\n%s\n%s", out[0].text, out[1].text)
		}
		b.tu.expect(t, "INVITE", "INVITE", "INVITE")

		// Calls that are there can still end.
		b.tu.onRequest = answer(t, 200)
		b.tu.onCancel = func(cancel, _ *Server) { cancel.Respond(reply(cancel.Request(), 200)) }
		b.receive(requestNo(sip.BYE, branch(10), "t", 10))
		b.receive(requestNo(sip.CANCEL, branch(0), "", 0))
		b.tu.expect(t, "BYE", "CANCEL")
		b.tu.onRequest = nil
		for i := 20; i < 26; i++ {
			b.receive(requestNo(sip.INFO, branch(i), "t", i))
		}
		if st := b.Stats(); st.Server != 6 || st.Refused != 5 {
			t.Errorf("%+v, want 6 servers and 5 refused", st)
		}
		b.answerAll(486)

		for i := range 6 {
			b.locked(func() {
				req := outgoing(sip.BYE)
				req.CSeq().SeqNo = uint32(i)
				_, err := b.Send(req, b.wire.Flow, func(*sip.Response, error) {})
				if errors.Is(err, ErrLimit) != (i >= 2) {
					t.Errorf("Send %d: %v", i, err)
				}
			})
		}
		b.sleep(40 * time.Second) // Timer H makes room
		b.tu.onRequest = answer(t, 200)
		for i := 30; i < 50; i++ {
			b.receive(requestNo(sip.OPTIONS, branch(i), "", i))
		}
		if st := b.Stats(); st.Finished != 4 {
			t.Errorf("%d finished, want 4", st.Finished)
		}
		s := b.shards[0]
		b.locked(func() {
			if len(s.merged) != 4 {
				t.Errorf("%d merged keys, want 4: they go with their tombstones", len(s.merged))
			}
		})
	})
}

func TestTraceSeesEveryMessage(t *testing.T) {
	var got []string
	var kept, copies [][]byte
	trace := func(tr Trace) {
		first, _, _ := strings.Cut(tr.String(), "\r\n")
		direction := map[bool]string{true: "> ", false: "< "}[tr.Sent]
		again := map[bool]string{true: " again"}[tr.Copy]
		got = append(got, direction+strings.TrimPrefix(strings.TrimSuffix(first, " SIP/2.0"), "SIP/2.0 ")+again)
		if tr.CallID != "call-1" || tr.Flow.Network() != "UDP" {
			t.Errorf("%q: Call-ID %q over %s", first, tr.CallID, tr.Flow.Network())
		}
		if tr.Kept {
			kept, copies = append(kept, tr.Bytes), append(copies, bytes.Clone(tr.Bytes))
		}
	}
	runWith(t, "UDP", Options{Trace: trace}, func(t *testing.T, b *bench) {
		b.tu.onRequest = answer(t, 486)
		b.receive(request(sip.INVITE, branch1, ""))
		b.sleep(600 * time.Millisecond)
		b.receive(request(sip.INVITE, branch1, ""))
		b.receive(request(sip.ACK, branch1, "t"))
		b.receive(request(sip.ACK, branch1, "t"))
		b.receive(request(sip.INVITE, branch1, ""))
		b.invite()
		invite := b.wire.take()[3].text
		b.respond(invite, 486)
		b.respond(invite, 486)
		const uri = "sip:test@192.0.2.1"
		want := []string{
			"< INVITE " + uri, "> 486 Reason", "> 486 Reason again", "< INVITE " + uri + " again", "> 486 Reason again",
			"< ACK " + uri, "< ACK " + uri + " again", "< INVITE " + uri + " again",
			"> INVITE " + uri, "< 486 Reason", "> ACK " + uri, "< 486 Reason again", "> ACK " + uri + " again",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(kept) != 6 {
			t.Errorf("the bytes of %d messages are kept, want those of the 6 that we may send again", len(kept))
		}
		for i := range kept {
			if !bytes.Equal(kept[i], copies[i]) {
				t.Errorf("bytes that are kept have become %q, were %q", kept[i], copies[i])
			}
		}
	})
}

func TestTraceHasTheBytesThatCame(t *testing.T) {
	const raw = "INVITE as it came"
	var got, told string
	user := &tu{onRequest: func(tx *Server, _ *sip.Request) { told = string(tx.Bytes()) }}
	l := New(Options{User: user, Trace: func(tr Trace) { got = string(tr.Bytes) }})
	defer l.Close()
	l.Receive(request(sip.INVITE, branch1, ""), []byte(raw), newWire("UDP").Flow)
	if got != raw || told != raw {
		t.Errorf("trace has %q, the TU %q, want %q", got, told, raw)
	}
}

func TestShardIsChosenByCallID(t *testing.T) {
	l := New(Options{Shards: 5, User: &tu{}})
	if len(l.shards) != 8 {
		t.Errorf("%d shards, want 5 rounded up to a power of two", len(l.shards))
	}
	used := make(map[*Shard]bool)
	for i := range 1000 {
		id := fmt.Sprint(i)
		if l.Shard(id) != l.Shard(id) {
			t.Fatal("two shards for one Call-ID")
		}
		used[l.Shard(id)] = true
	}
	if len(used) != 8 {
		t.Errorf("1000 Call-IDs fell into %d shards of 8", len(used))
	}
}

// Many goroutines with messages of many calls at once: for the race detector.
func TestConcurrentCalls(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		b.Layer.user = &echo{t}
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 50 {
					for _, msg := range call(fmt.Sprintf("%d-%d", g, i)) {
						b.Receive(msg, nil, b.wire.Flow)
					}
				}
			})
		}
		all.Wait()
		if st := b.Stats(); st.Requests != 800 || st.Finished != 800 || st.Server != 0 {
			t.Errorf("%+v, want 800 requests, all finished", st)
		}
		if n := len(b.wire.take()); n != 800 {
			t.Errorf("%d messages sent, want 800", n)
		}
	})
}
