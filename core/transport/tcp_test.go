package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

const tcpVia = "SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1"

// dial connects a test peer, whose reads and writes fail after the patience.
func dial(t testing.TB, to netip.AddrPort) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(3 * patience))
	return conn.(*net.TCPConn)
}

func write(t testing.TB, w io.Writer, b string) {
	t.Helper()
	if _, err := io.WriteString(w, b); err != nil {
		t.Fatal(err)
	}
}

// readHead reads the header section of one message without a body.
func readHead(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", b.String(), err)
		}
		if b.WriteString(line); line == "\r\n" {
			return b.String()
		}
	}
}

// readAll reads until the other side closes.
func readAll(t testing.TB, conn net.Conn) string {
	t.Helper()
	b, err := io.ReadAll(conn)
	if timeout(err) {
		t.Fatalf("connection was not closed; read %q", b)
	}
	return string(b)
}

func TestTCPKeepsOrder(t *testing.T) {
	const count = 20000
	var next, wrong atomic.Uint32
	l := New(Options{Receive: func(msg sip.Message, _ []byte, f Flow) {
		if msg.CSeq().SeqNo != next.Add(1) {
			wrong.Add(1)
		}
		respond(msg, nil, f)
	}})
	t.Cleanup(func() { l.Close() })
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	sent := make(chan error, 1)
	go func() { // ends when all is written or the connection is closed
		w := bufio.NewWriter(conn)
		for i := range count {
			body := strings.Repeat("b", i%37)
			w.WriteString(request("INFO", tcpVia, i+1, body))
		}
		sent <- w.Flush()
	}()
	r := bufio.NewReader(conn)
	for i := range count {
		if answer := readHead(t, r); !strings.Contains(answer, fmt.Sprintf("CSeq: %d INFO\r\n", i+1)) {
			t.Fatalf("answer %d is %q", i+1, answer)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if wrong.Load() != 0 || next.Load() != count {
		t.Errorf("%d of %d messages out of order", wrong.Load(), next.Load())
	}
}

// TestTCPPipelineBeforeReading: a peer that writes all its requests before it
// reads an answer is slowed down, not cut off, while the kernel has room.
func TestTCPPipelineBeforeReading(t *testing.T) {
	const count = 2000
	l := newResponder(t, Limits{Queue: 8 << 10})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	write(t, conn, strings.Repeat(request("INFO", tcpVia, 1, ""), count))
	r := bufio.NewReader(conn)
	for range count {
		readHead(t, r)
	}
	if s := l.Stats(); s.Overflows != 0 {
		t.Errorf("Overflows = %d", s.Overflows)
	}
}

func TestTCPPeerThatNeverReadsIsCutOff(t *testing.T) {
	const queue = 64 << 10
	l := newResponder(t, Limits{Queue: queue, Write: 200 * time.Millisecond})
	bound := listen(t, l, "tcp", "127.0.0.1:0")
	conn := dial(t, bound)
	waitFor(t, "the connection", func() bool { return l.Stats().Connections == 1 })
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()

	batch := strings.Repeat(request("INFO", tcpVia, 1, ""), 100)
	var most int
	var heap uint64
	for range 100000 / 100 * 2 { // more than any kernel buffers
		if _, err := io.WriteString(conn, batch); err != nil {
			break
		}
		most = max(most, runtime.NumGoroutine())
		runtime.ReadMemStats(&now)
		heap = max(heap, now.HeapInuse)
	}
	waitFor(t, "the connection to be cut", func() bool { return l.Stats().Connections == 0 })
	if s := l.Stats(); s.Overflows != 1 {
		t.Errorf("Overflows = %d", s.Overflows)
	}
	if most > goroutines+1 {
		t.Errorf("%d goroutines, %d before", most, goroutines)
	}
	if heap > before.HeapInuse+32<<20 {
		t.Errorf("heap grew from %d to %d bytes", before.HeapInuse, heap)
	}
	other := dial(t, bound)
	write(t, other, request("OPTIONS", tcpVia, 1, ""))
	readHead(t, bufio.NewReader(other))
}

// TestTCPOverflow sends what nobody asked for, so that no reading stops it.
func TestTCPOverflow(t *testing.T) {
	l, in := newLayer(t, Limits{Queue: 64 << 10})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	write(t, conn, request("INVITE", tcpVia, 1, ""))
	f := receive(t, in).flow
	message := make([]byte, 10000)
	var err error
	for range 10000 {
		if err = f.Send(message); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrOverflow) {
		t.Fatalf("Send = %v", err)
	}
	if err := f.Send(message); !errors.Is(err, ErrOverflow) {
		t.Errorf("the next Send = %v", err)
	}
	waitFor(t, "the connection to go", func() bool { return l.Stats().Connections == 0 })
}

func TestTCPSlowloris(t *testing.T) {
	l, _ := newLayer(t, Limits{Assembly: 300 * time.Millisecond})
	bound := listen(t, l, "tcp", "127.0.0.1:0")
	for name, message := range map[string]string{
		"header": request("INVITE", tcpVia, 1, ""),
		"body":   request("INVITE", tcpVia, 1, strings.Repeat("x", 1000)),
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, bound)
			if name == "body" {
				head, _, _ := strings.Cut(message, "\r\n\r\n")
				write(t, conn, head+"\r\n\r\n")
				message = strings.Repeat("x", 1000)
			}
			start := time.Now()
			for i := range message {
				if _, err := conn.Write([]byte{message[i]}); err != nil {
					break
				}
				time.Sleep(10 * time.Millisecond) // the attack itself
			}
			readAll(t, conn)
			if d := time.Since(start); d < 250*time.Millisecond || d > 5*time.Second {
				t.Errorf("cut off after %s", d)
			}
		})
	}
	if n := l.Stats().TimedOut; n != 2 {
		t.Errorf("TimedOut = %d", n)
	}
}

func TestTCPIdle(t *testing.T) {
	l, _ := newLayer(t, Limits{Idle: 100 * time.Millisecond})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	if rest := readAll(t, conn); rest != "" {
		t.Errorf("read %q", rest)
	}
	if n := l.Stats().TimedOut; n != 0 {
		t.Errorf("TimedOut = %d for an idle connection", n)
	}
}

func TestTCPKeepAlive(t *testing.T) {
	l := newResponder(t, Limits{})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	r := bufio.NewReader(conn)
	write(t, conn, "\r\n")
	write(t, conn, "\r\n")
	if pong, err := r.ReadString('\n'); err != nil || pong != "\r\n" {
		t.Fatalf("pong %q, %v", pong, err)
	}
	write(t, conn, "\r\n"+request("OPTIONS", tcpVia, 1, "")+"\r\n\r\n")
	if answer := readHead(t, r); !strings.HasPrefix(answer, "SIP/2.0 200 OK\r\n") {
		t.Errorf("answer %q", answer)
	}
	if pong, err := r.ReadString('\n'); err != nil || pong != "\r\n" {
		t.Errorf("second pong %q, %v", pong, err)
	}
	if n := l.Stats().KeepAlives; n != 2 {
		t.Errorf("KeepAlives = %d", n)
	}
}

// TestTCPFaults: what makes the next message unfindable is answered, if it was
// a request, and ends the connection; what does not is only answered.
func TestTCPFaults(t *testing.T) {
	good := request("OPTIONS", tcpVia, 2, "")
	length := func(v string) string {
		return strings.Replace(request("OPTIONS", tcpVia, 1, ""), "Content-Length: 0\r\n", v, 1)
	}
	for _, c := range []struct{ name, bytes, want string }{
		{"no Content-Length", length(""), "400 Missing Content-Length"},
		{"negative", length("Content-Length: -1\r\n"), "400 Bad Content-Length"},
		{"text", length("Content-Length: ten\r\n"), "400 Bad Content-Length"},
		{"beyond 32 bits", length("Content-Length: 4294967296\r\n"), "413 Request Entity Too Large"},
		{"beyond 64 bits", length("Content-Length: 100000000000000000000\r\n"), "400 Bad Content-Length"},
		{"too large", length("l: 65536\r\n"), "413 Request Entity Too Large"},
		{"two of them", length("Content-Length: 0\r\nl: 5\r\n"), "400 Header Field Repeated"},
		{"endless header", "OPTIONS sip:a@b SIP/2.0\r\nVia: " + tcpVia + "\r\nX: " + strings.Repeat("x", 40000), "400 Header Section Too Large"},
		{"many headers", length(strings.Repeat("X: y\r\n", 300)), "400 Too Many Header Fields"},
		{"no request", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", ""},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01", ""},
		{"repeated From", length("From: <sip:x@y>\r\nContent-Length: 0\r\n"), "400 Header Field Repeated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newResponder(t, Limits{})
			conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
			write(t, conn, good)
			go io.WriteString(conn, c.bytes+good) // ends with the connection
			r := bufio.NewReader(conn)
			readHead(t, r)
			rest, _ := io.ReadAll(r)
			status, _, _ := strings.Cut(string(rest), "\r\n")
			if strings.TrimPrefix(status, "SIP/2.0 ") != c.want || strings.Contains(string(rest), "200 OK") {
				t.Errorf("answered with %q", rest)
			}
		})
	}
	t.Run("bad CSeq", func(t *testing.T) {
		l := newResponder(t, Limits{})
		conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
		write(t, conn, request("OPTIONS", tcpVia, -5, "body")+good)
		r := bufio.NewReader(conn)
		if answer := readHead(t, r); !strings.HasPrefix(answer, "SIP/2.0 400 ") {
			t.Errorf("answer %q", answer)
		}
		if answer := readHead(t, r); !strings.HasPrefix(answer, "SIP/2.0 200 ") {
			t.Errorf("the next answer %q", answer)
		}
	})
}

func TestTCPLargeMessages(t *testing.T) {
	l, in := newLayer(t, Limits{})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	for i, size := range []int{60000, 3, 64000, 0, 4096, 65000} {
		body := strings.Repeat("x", size)
		write(t, conn, request("MESSAGE", tcpVia, i+1, body))
		if got := receive(t, in); string(got.msg.Body()) != body {
			t.Fatalf("body of %d bytes, want %d", len(got.msg.Body()), size)
		}
	}
}

func TestTCPConnectionCaps(t *testing.T) {
	for name, limits := range map[string]Limits{
		"total":  {Connections: 3},
		"per IP": {ConnectionsPerIP: 3},
	} {
		t.Run(name, func(t *testing.T) {
			l := newResponder(t, limits)
			bound := listen(t, l, "tcp", "127.0.0.1:0")
			var open []*net.TCPConn
			for range 3 {
				open = append(open, dial(t, bound))
			}
			waitFor(t, "three connections", func() bool { return l.Stats().Connections == 3 })
			readAll(t, dial(t, bound))
			if s := l.Stats(); s.Refused != 1 || s.Accepted != 3 {
				t.Errorf("%+v", s)
			}
			open[0].Close()
			waitFor(t, "room", func() bool { return l.Stats().Connections == 2 })
			again := dial(t, bound)
			write(t, again, request("OPTIONS", tcpVia, 1, ""))
			readHead(t, bufio.NewReader(again))
		})
	}
}

func TestPeerPrefix(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "2001:db8::1:2:3:4": "2001:db8::/64", "fe80::1%lo": "fe80::/64",
	} {
		if got := peer(netip.MustParseAddr(a)).String(); got != want {
			t.Errorf("peer(%s) = %s, want %s", a, got, want)
		}
	}
}

func TestDialTCP(t *testing.T) {
	server, in := newLayer(t, Limits{})
	bound := listen(t, server, "tcp", "127.0.0.1:0")
	client, answers := newLayer(t, Limits{})
	f, err := client.Dial(t.Context(), "tcp", bound)
	if err != nil {
		t.Fatal(err)
	}
	if f.Remote() != bound || f.Network() != "TCP" || !f.Reliable() {
		t.Errorf("flow to %s over %s", f.Remote(), f.Network())
	}
	if again, err := client.Dial(t.Context(), "tcp", bound); err != nil || again != f {
		t.Errorf("a second Dial gave another flow: %v", err)
	}
	if err := f.Send([]byte(request("OPTIONS", tcpVia, 1, ""))); err != nil {
		t.Fatal(err)
	}
	got := receive(t, in)
	respond(got.msg, nil, got.flow)
	if res := receive(t, answers); res.flow != f {
		t.Error("the answer came over another flow")
	}
	// The server reaches the client over the connection the client opened.
	back, err := server.Dial(t.Context(), "tcp", got.flow.Remote())
	if err != nil || back != got.flow {
		t.Errorf("Dial back: %v", err)
	}
	server.Close()
	waitFor(t, "the connection to go", func() bool { return client.Stats().Connections == 0 })
	if err := f.Send([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("Send on a closed connection = %v", err)
	}
	if _, err := client.Dial(t.Context(), "tcp", bound); err == nil || !strings.Contains(err.Error(), bound.String()) {
		t.Errorf("Dial to a closed listener = %v", err)
	}
}

// TestTCPAddresses: a connection to a socket for both IP versions has plain
// IPv4 addresses, and the one it was made to.
func TestTCPAddresses(t *testing.T) {
	for _, c := range []struct{ listen, reach string }{
		{":0", "127.0.0.2"}, {"0.0.0.0:0", "127.0.0.2"}, {"[::]:0", "::1"}, {":0", "::1"},
	} {
		t.Run(c.listen+" "+c.reach, func(t *testing.T) {
			if strings.Contains(c.reach, "::") {
				hasIPv6(t)
			}
			l, in := newLayer(t, Limits{})
			to := netip.AddrPortFrom(netip.MustParseAddr(c.reach), listen(t, l, "tcp", c.listen).Port())
			conn := dial(t, to)
			write(t, conn, request("OPTIONS", tcpVia, 1, ""))
			got := receive(t, in)
			if got.flow.Local() != to || got.flow.Remote().String() != conn.LocalAddr().String() {
				t.Errorf("flow from %s to %s", got.flow.Remote(), got.flow.Local())
			}
		})
	}
}

// TestTCPCloseFlushes: what was sent before Close arrives.
func TestTCPCloseFlushes(t *testing.T) {
	l, in := newLayer(t, Limits{})
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0"))
	write(t, conn, request("OPTIONS", tcpVia, 1, ""))
	got := receive(t, in)
	for range 10 {
		respond(got.msg, nil, got.flow)
	}
	l.Close()
	if n := strings.Count(readAll(t, conn), "SIP/2.0 200 OK\r\n"); n != 10 {
		t.Errorf("%d of 10 answers came", n)
	}
}

// TestAcceptSurvivesEMFILE runs in a child process, because the limit on file
// descriptors is that of a process.
func TestAcceptSurvivesEMFILE(t *testing.T) {
	if os.Getenv("OFFHOOK_TEST_EMFILE") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestAcceptSurvivesEMFILE$", "-test.v")
		child.Env = append(os.Environ(), "OFFHOOK_TEST_EMFILE=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "served again") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	l := newResponder(t, Limits{})
	bound := listen(t, l, "tcp", "127.0.0.1:0")
	udp := listen(t, l, "udp", "127.0.0.1:0")
	probe := socket(t, "127.0.0.1:0")
	clients := exhaustDescriptors(t)
	for _, fd := range clients {
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(bound.Port()), Addr: bound.Addr().As4()}); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "Accept to fail", func() bool { return l.Stats().AcceptFails > 2 })
	sendUDP(t, probe, request("OPTIONS", "SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1", 1, ""), udp)
	readUDP(t, probe) // UDP goes on meanwhile
	for _, fd := range clients {
		syscall.Close(fd)
	}
	waitFor(t, "free descriptors", func() bool { s := l.Stats(); return s.Accepted == 3 && s.Connections == 0 })
	conn := dial(t, bound)
	write(t, conn, request("OPTIONS", tcpVia, 1, ""))
	readHead(t, bufio.NewReader(conn))
	t.Log("served again")
}

// exhaustDescriptors makes three sockets and then lowers the limit on file
// descriptors so that this process can open none beyond them.
func exhaustDescriptors(t *testing.T) (sockets []int) {
	t.Helper()
	for range 3 {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		sockets = append(sockets, fd)
	}
	lowestFree, err := syscall.Dup(sockets[0])
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(lowestFree)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = uint64(lowestFree)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return sockets
}
