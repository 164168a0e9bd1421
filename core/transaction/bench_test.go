package transaction

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// echo is a TU that answers everything with 200 and needs no lock of its own.
type echo struct{ testing.TB }

func (u *echo) Request(tx *Server, req *sip.Request) { answer(u.TB, 200)(tx, req) }
func (u *echo) Cancel(cancel, _ *Server)             { u.Error("unexpected CANCEL") }
func (u *echo) Ack(*sip.Request, transport.Flow)     {}
func (u *echo) Response(*sip.Response, transport.Flow) {
	u.Error("unexpected response")
}

// call is INVITE, ACK and BYE as they come from a SIPp client.
func call(id string) []sip.Message {
	message := func(method, branch, toTag string, number int) sip.Message {
		return parse(fmt.Sprintf(`
%[1]s sip:test@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK-%[2]s-%[3]s
From: sipp <sip:sipp@192.0.2.9:5070>;tag=%[2]s
To: test <sip:test@192.0.2.1:5060>%[4]s
Call-ID: %[2]s@192.0.2.9
CSeq: %[5]d %[1]s
Contact: <sip:sipp@192.0.2.9:5070>
Max-Forwards: 70
Subject: Performance Test`, method, id, branch, toTag, number))
	}
	return []sip.Message{
		message("INVITE", "1", "", 1), message("ACK", "2", ";tag=t", 1), message("BYE", "3", ";tag=t", 2),
	}
}

// BenchmarkServerCall is what the layer adds to a call of INVITE, ACK and BYE: the messages are parsed beforehand and the
// responses made beforehand, sending costs nothing, and tombstones are as many as at 1,000 calls/s.
func BenchmarkServerCall(b *testing.B) {
	flow := transport.NewFlow("UDP", newWire("UDP").Local(), newWire("UDP").Remote(), func([]byte) error { return nil })
	user := &canned{}
	l := New(Options{User: user, Limits: Limits{Finished: 64_000}})
	defer l.Close()
	var calls [1024][]sip.Message
	var replies [1024][2]*sip.Response
	for i := range calls {
		calls[i] = call(fmt.Sprint(i))
		replies[i][0] = reply(calls[i][0].(*sip.Request), 200)
		replies[i][1] = reply(calls[i][2].(*sip.Request), 200)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c, r := calls[n%len(calls)], replies[n%len(calls)]
		if n >= len(calls) {
			// Another call with the same messages.
			for _, m := range c {
				m.CSeq().SeqNo += 2
			}
		}
		for i, m := range c {
			user.next = r[i/2]
			l.Receive(m, nil, flow)
		}
		n++
	}
	if st := l.Stats(); st.Requests != uint64(2*n) || st.Server != 0 {
		b.Fatalf("%+v after %d calls", st, n)
	}
}

// canned is a TU with its responses made beforehand.
type canned struct {
	echo
	next *sip.Response
}

func (u *canned) Request(tx *Server, _ *sip.Request) {
	if err := tx.Respond(u.next); err != nil {
		panic(err)
	}
}

// A finished call is an INVITE's tombstone and a BYE's: this many bytes of heap each.
func TestFinishedTransactionIsSmall(t *testing.T) {
	const calls = 20_000
	flow := transport.NewFlow("UDP", newWire("UDP").Local(), newWire("UDP").Remote(), func([]byte) error { return nil })
	l := New(Options{User: &echo{t}, Timers: Timers{T1: time.Hour}}) // nothing expires, however slow the machine is
	defer l.Close()
	before := heapAlloc()
	for i := range calls {
		for _, m := range call(fmt.Sprintf("%024d", i)) {
			l.Receive(m, nil, flow)
		}
	}
	kept := float64(heapAlloc()-before) / (2 * calls)
	if n := l.Stats().Finished; n != 2*calls {
		t.Fatalf("%d finished, want %d", n, 2*calls)
	}
	t.Logf("%.0f bytes for each finished transaction", kept)
	if kept > 400 && !raceEnabled() {
		t.Errorf("%.0f bytes for each finished transaction, want at most 400", kept)
	}
}

func heapAlloc() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// raceEnabled reports whether the test was built with -race, which makes allocations larger.
func raceEnabled() bool { return strings.Contains(buildFlags(), "-race=true") }

func buildFlags() string {
	info, _ := debug.ReadBuildInfo()
	var flags strings.Builder
	for _, s := range info.Settings {
		fmt.Fprintf(&flags, "%s=%s ", s.Key, s.Value)
	}
	return flags.String()
}
