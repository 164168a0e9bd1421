package transaction

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// A wire is a flow in memory that remembers what was sent on it, and when.
type wire struct {
	transport.Flow
	mu   sync.Mutex
	from time.Time
	out  []sent
	fail error // what Send returns
}

type sent struct {
	at   time.Duration // since the wire was made
	text string
}

func newWire(network string) *wire {
	w := &wire{from: time.Now()}
	local, remote := netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.9:5070")
	w.Flow = transport.NewFlow(network, local, remote, w.send)
	return w
}

func (w *wire) send(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	w.out = append(w.out, sent{time.Since(w.from), string(b)})
	return nil
}

// take returns what was sent since the last take.
func (w *wire) take() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.out
	w.out = nil
	return out
}

// lines returns what was sent since the last take as "0.5s SIP/2.0 200 OK".
func (w *wire) lines() []string {
	var lines []string
	for _, m := range w.take() {
		first, _, _ := strings.Cut(m.text, "\r\n")
		lines = append(lines, fmt.Sprintf("%v %s", m.at, first))
	}
	return lines
}

// expect compares the start lines sent since the last take, without times.
func (w *wire) expect(t *testing.T, want ...string) []sent {
	t.Helper()
	out := w.take()
	var got []string
	for _, m := range out {
		first, _, _ := strings.Cut(m.text, "\r\n")
		got = append(got, strings.TrimPrefix(first, "SIP/2.0 "))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("sent %q, want %q", got, want)
	}
	return out
}

// A tu is a User whose behaviour a test sets, and which remembers what it was told.
type tu struct {
	told       []string
	last       *Server // of Request
	onRequest  func(tx *Server, req *sip.Request)
	onCancel   func(cancel, invite *Server)
	onAck      func(req *sip.Request)
	onResponse func(res *sip.Response)
}

func (u *tu) Request(tx *Server, req *sip.Request) {
	u.told = append(u.told, string(req.Method))
	u.last = tx
	if u.onRequest != nil {
		u.onRequest(tx, req)
	}
}

func (u *tu) Cancel(cancel, invite *Server) {
	u.told = append(u.told, "CANCEL")
	if u.onCancel != nil {
		u.onCancel(cancel, invite)
	}
}

func (u *tu) Ack(req *sip.Request, _ transport.Flow) {
	u.told = append(u.told, "ACK")
	if u.onAck != nil {
		u.onAck(req)
	}
}

func (u *tu) Response(res *sip.Response, _ transport.Flow) {
	u.told = append(u.told, fmt.Sprint(res.StatusCode))
	if u.onResponse != nil {
		u.onResponse(res)
	}
}

func (u *tu) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(u.told, want) {
		t.Fatalf("the TU was told %q, want %q", u.told, want)
	}
	u.told = nil
}

// A bench is a layer with its TU and a wire, inside a bubble.
type bench struct {
	*testing.T
	*Layer
	tu   *tu
	wire *wire
}

// run runs a test over each transport in a bubble of its own, and looks for leaks afterwards: when all timers have run,
// every table is empty.
func run(t *testing.T, network string, test func(t *testing.T, b *bench)) {
	t.Helper()
	runWith(t, network, Options{}, test)
}

func runWith(t *testing.T, network string, o Options, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, tu: &tu{}, wire: newWire(network)}
		o.User = b.tu
		if o.Log == nil {
			o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
		}
		b.Layer = New(o)
		test(t, b)
		b.empty()
		b.Layer.Close()
	})
}

// empty lets all timers run and checks that nothing is left.
func (b *bench) empty() {
	b.Helper()
	b.sleep(3 * b.Timers().Timeout())
	for _, s := range b.shards {
		s.Lock()
		if n := []int{len(s.servers), len(s.clients), len(s.finished), len(s.merged), len(s.timers)}; slices.Max(n) > 0 {
			b.Errorf("left over: %d servers, %d clients, %d finished, %d merged, %d timers", n[0], n[1], n[2], n[3], n[4])
		}
		if s.oldest != nil || s.newest != nil {
			b.Error("the FIFO of finished transactions is not empty")
		}
		s.Unlock()
	}
}

// sleep lets time pass, and the timers that are due then run.
func (b *bench) sleep(d time.Duration) {
	b.Stats() // locks every shard: what the test has read so far comes before what the timers write
	time.Sleep(d)
	synctest.Wait()
}

// receive delivers a message.
func (b *bench) receive(msg sip.Message) {
	b.Receive(msg, nil, b.wire.Flow)
	synctest.Wait()
}

// locked runs f with the shard of the test's Call-ID locked.
func (b *bench) locked(f func()) {
	s := b.Shard("call-1")
	s.Lock()
	defer s.Unlock()
	f()
}

// parse is a message from its text; line ends are \n, and Content-Length may be left out.
func parse(text string) sip.Message {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n") + "\r\nContent-Length: 0\r\n\r\n"
	msg, err := sip.ParseMessage([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("parse %q: %v", text, err))
	}
	return msg
}

const (
	branch1 = "z9hG4bK-one"
	branch2 = "z9hG4bK-two"
)

// request is a request of the call "call-1" with From tag "a" and CSeq 1; toTag may be empty.
func request(method sip.RequestMethod, branch, toTag string) *sip.Request {
	return requestNo(method, branch, toTag, 1)
}

func requestNo(method sip.RequestMethod, branch, toTag string, number int) *sip.Request {
	if toTag != "" {
		toTag = ";tag=" + toTag
	}
	if branch != "" {
		branch = ";branch=" + branch
	}
	return parse(fmt.Sprintf(`
%[1]s sip:test@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9:5070%[2]s
From: <sip:alice@example.com>;tag=a
To: <sip:test@192.0.2.1>%[3]s
Call-ID: call-1
CSeq: %[4]d %[1]s
Max-Forwards: 70`, method, branch, toTag, number)).(*sip.Request)
}

// reply is a response of the TU with To tag "t".
func reply(req *sip.Request, code int) *sip.Response {
	return newResponse(req, code, "Reason", "t")
}

// answer is a TU that answers every request with code at once.
func answer(t testing.TB, code int) func(*Server, *sip.Request) {
	return func(tx *Server, req *sip.Request) {
		if err := tx.Respond(reply(req, code)); err != nil {
			t.Error(err)
		}
	}
}
