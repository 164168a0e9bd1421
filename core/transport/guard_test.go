package transport

import (
	"bufio"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/guard"
)

// TestGuardOnStreams: what a scanner asks over TCP is not answered, its
// connection ends with the next message, and another one is not taken.
func TestGuardOnStreams(t *testing.T) {
	g := guard.New(guard.Options{Scanners: []string{"friendly-scanner"}, BanFor: time.Hour})
	l := New(Options{Receive: respond, Guard: g})
	t.Cleanup(func() { l.Close() })
	bound := listen(t, l, "tcp", "127.0.0.1:0")
	conn := dial(t, bound)
	write(t, conn, request("OPTIONS", tcpVia, 1, ""))
	readHead(t, bufio.NewReader(conn))
	scan := strings.Replace(request("OPTIONS", tcpVia, 2, ""), "\r\nTo:", "\r\nUser-agent : friendly-scanner\r\nTo:", 1)
	write(t, conn, scan+request("OPTIONS", tcpVia, 3, ""))
	if rest := readAll(t, conn); rest != "" {
		t.Errorf("answered %q", rest)
	}
	if rest := readAll(t, dial(t, bound)); rest != "" {
		t.Errorf("a banned peer was told %q", rest)
	}
	if s, d := l.Stats(), g.Dropped(); s.Received != 1 || s.Refused != 1 || d[guard.Scanner] != 1 || d[guard.Banned] != 2 {
		t.Errorf("%+v, dropped %v", s, d)
	}
}

// TestGuardCountsMessages: too many over a connection are lost, as datagrams
// would be, and the connection stays.
func TestGuardCountsMessages(t *testing.T) {
	g := guard.New(guard.Options{SourceRate: 0.001, SourceBurst: 4})
	l := New(Options{Receive: respond, Guard: g})
	t.Cleanup(func() { l.Close() })
	conn := dial(t, listen(t, l, "tcp", "127.0.0.1:0")) // takes the first token
	for i := range 5 {
		write(t, conn, request("OPTIONS", tcpVia, i+1, ""))
	}
	in := bufio.NewReader(conn)
	for range 3 {
		readHead(t, in)
	}
	waitFor(t, "two are dropped", func() bool { return g.Dropped()[guard.TooMany] == 2 })
	if s := l.Stats(); s.Connections != 1 || s.Received != 3 {
		t.Errorf("%+v", s)
	}
}

// TestLag has a datagram wait while the one before it is dealt with, on sockets
// bound to one address and to all.
func TestLag(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no time of arrival on", runtime.GOOS)
	}
	for address, host := range map[string]string{"127.0.0.1:0": "127.0.0.1", "0.0.0.0:0": "127.0.0.1", "[::]:0": "::1"} {
		t.Run(address, func(t *testing.T) {
			const wait = 20 * time.Millisecond
			var lag time.Duration
			// The kernel takes a moment to begin with its stamps when nobody had any before.
			for range 100 {
				if lag = lagAfter(t, address, netip.MustParseAddr(host), wait); lag >= wait && lag < time.Minute {
					return
				}
			}
			t.Errorf("the lag is %v after %v", lag, wait)
		})
	}
}

// lagAfter is the lag of a datagram that waits so long until it is read.
func lagAfter(t *testing.T, address string, host netip.Addr, wait time.Duration) time.Duration {
	t.Helper()
	var l *Layer
	lags, entered, goOn := make(chan time.Duration, 2), make(chan struct{}, 2), make(chan struct{})
	l = New(Options{Receive: func(sip.Message, []byte, Flow) { lags <- l.Lag(); entered <- struct{}{}; <-goOn }})
	defer l.Close()
	bound := listen(t, l, "udp", address)
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, bound.Port())))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	write(t, conn, string(invite()))
	<-entered
	write(t, conn, string(invite()))
	<-time.After(wait)
	close(goOn)
	<-lags
	return <-lags
}

func TestAge(t *testing.T) {
	for _, control := range [][]byte{nil, make([]byte, 3), make([]byte, 16), make([]byte, 128), []byte(strings.Repeat("\xff", 64)), append([]byte{17, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8)...)} {
		if got := age(control); got != 0 {
			t.Errorf("%x: %v", control, got)
		}
	}
}
