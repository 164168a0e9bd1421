package transport

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// arrival is one message that a layer handed on.
type arrival struct {
	msg  sip.Message
	flow Flow
}

// newLayer makes a layer that puts what it receives into the channel and is
// closed with the test.
func newLayer(t testing.TB, limits Limits) (*Layer, <-chan arrival) {
	t.Helper()
	in := make(chan arrival, 100)
	l := New(Options{Limits: limits, Receive: collect(in)})
	t.Cleanup(func() { l.Close() })
	return l, in
}

func collect(in chan<- arrival) func(sip.Message, []byte, Flow) {
	return func(msg sip.Message, _ []byte, f Flow) { in <- arrival{msg, f} }
}

// newResponder makes a layer that answers each request but ACK with 200.
func newResponder(t testing.TB, limits Limits) *Layer {
	t.Helper()
	l := New(Options{Limits: limits, Receive: respond})
	t.Cleanup(func() { l.Close() })
	return l
}

func respond(msg sip.Message, _ []byte, f Flow) {
	if req, ok := msg.(*sip.Request); ok && !req.IsAck() {
		_ = f.Send([]byte(sip.NewResponseFromRequest(req, 200, "OK", nil).String()))
	}
}

func listen(t testing.TB, l *Layer, network, address string) netip.AddrPort {
	t.Helper()
	bound, err := l.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return bound
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// request renders a well-formed request; extra are whole header lines.
func request(method, via string, cseq int, body string, extra ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s sip:test@127.0.0.1 SIP/2.0\r\nVia: %s\r\n", method, via)
	for _, line := range extra {
		b.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&b, "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=f1\r\nTo: <sip:test@127.0.0.1>\r\n"+
		"Call-ID: c1@example.com\r\nCSeq: %d %s\r\nContent-Length: %d\r\n\r\n%s", cseq, method, len(body), body)
	return b.String()
}

// socket opens a UDP socket for a test peer.
func socket(t testing.TB, address string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func sendUDP(t testing.TB, conn *net.UDPConn, b string, to netip.AddrPort) {
	t.Helper()
	if _, err := conn.WriteToUDPAddrPort([]byte(b), to); err != nil {
		t.Fatal(err)
	}
}

func readUDP(t testing.TB, conn *net.UDPConn) (string, netip.AddrPort) {
	t.Helper()
	buf := make([]byte, 65536)
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n]), unmap(from)
}

// waitFor polls a condition that other goroutines bring about.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for " + what)
		}
	}
}

// memory is an in-memory flow that collects what is sent.
func memory(remote string) (Flow, *bytes.Buffer) {
	var sent bytes.Buffer
	f := NewFlow("UDP", netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort(remote), func(b []byte) error {
		sent.Write(b)
		return nil
	})
	return f, &sent
}

func TestCloseIsIdempotentAndFinal(t *testing.T) {
	l, _ := newLayer(t, Limits{})
	listen(t, l, "udp", "127.0.0.1:0")
	bound := listen(t, l, "tcp", "127.0.0.1:0")
	conn, err := net.Dial("tcp", bound.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	waitFor(t, "the connection", func() bool { return l.Stats().Connections == 1 })
	l.Close()
	l.Close()
	if _, err := l.Listen("udp", "127.0.0.1:0"); err == nil {
		t.Error("Listen after Close succeeded")
	}
	if _, err := l.Dial(t.Context(), "udp", bound); err == nil {
		t.Error("Dial after Close succeeded")
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1)); err == nil || timeout(err) {
		t.Errorf("connection is still open: %v", err)
	}
}

func TestListenErrorsNameTheAddress(t *testing.T) {
	l, _ := newLayer(t, Limits{})
	taken := listen(t, l, "udp", "127.0.0.1:0")
	for _, c := range []struct{ network, address string }{
		{"udp", taken.String()}, {"sctp", "127.0.0.1:5060"}, {"tcp", "127.0.0.1:99999"}, {"udp", "nonsense"},
	} {
		_, err := l.Listen(c.network, c.address)
		if err == nil || !strings.Contains(err.Error(), c.address) || !strings.Contains(err.Error(), c.network) {
			t.Errorf("Listen(%s, %s) = %v", c.network, c.address, err)
		}
	}
}
