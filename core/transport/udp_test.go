package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

func hasIPv6(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	conn.Close()
}

// TestUDPAnswersFromTheAddressReached covers wildcard sockets of both IP
// versions: the answer must leave from the address the request was sent to.
func TestUDPAnswersFromTheAddressReached(t *testing.T) {
	for _, c := range []struct{ name, listen, client, reach string }{
		{"specific", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"IPv4 wildcard", "0.0.0.0:0", "127.0.0.1:0", "127.0.0.2"},
		{"IPv6 wildcard", "[::]:0", "[::1]:0", "::1"},
		{"both, over IPv4", ":0", "127.0.0.1:0", "127.0.0.2"},
		{"both, over IPv6", ":0", "[::1]:0", "::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.name, "IPv6") {
				hasIPv6(t)
			}
			l, in := newLayer(t, Limits{})
			bound := listen(t, l, "udp", c.listen)
			server := netip.AddrPortFrom(netip.MustParseAddr(c.reach), bound.Port())
			client := socket(t, c.client)
			sendUDP(t, client, request("OPTIONS", "SIP/2.0/UDP "+client.LocalAddr().String()+";branch=z9hG4bK1", 1, ""), server)
			got := receive(t, in)
			if got.flow.Local() != server {
				t.Errorf("Local() = %s, want %s", got.flow.Local(), server)
			}
			if want := client.LocalAddr().String(); got.flow.Remote().String() != want {
				t.Errorf("Remote() = %s, want %s", got.flow.Remote(), want)
			}
			respond(got.msg, nil, got.flow)
			if _, from := readUDP(t, client); from != server {
				t.Errorf("answered from %s, want %s", from, server)
			}
		})
	}
}

func TestUDPAnswersGoToTheRightPort(t *testing.T) {
	l := newResponder(t, Limits{})
	server := listen(t, l, "udp", "127.0.0.1:0")
	source, other := socket(t, "127.0.0.1:0"), socket(t, "127.0.0.1:0")
	port := func(c *net.UDPConn) int { return c.LocalAddr().(*net.UDPAddr).Port }
	for _, c := range []struct {
		name, via string
		at        *net.UDPConn
		want      string
	}{
		{"sent-by port", fmt.Sprintf("SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK1", port(other)), other, ""},
		{"rport", fmt.Sprintf("SIP/2.0/UDP 127.0.0.1:%d;rport;branch=z9hG4bK2", port(other)), source,
			fmt.Sprintf("rport=%d;branch=z9hG4bK2;received=127.0.0.1", port(source))},
		{"RPORT in capitals, host name", "SIP/2.0/UDP phone.example.com;branch=z9hG4bK3;RPORT", source,
			fmt.Sprintf("branch=z9hG4bK3;rport=%d;received=127.0.0.1", port(source))},
		{"host name", fmt.Sprintf("SIP/2.0/UDP phone.example.com:%d;branch=z9hG4bK4", port(other)), other, "received=127.0.0.1"},
		{"received that lies", fmt.Sprintf("SIP/2.0/UDP 127.0.0.1:%d;received=192.0.2.9;branch=z9hG4bK5", port(other)), other, "received=127.0.0.1"},
		{"malformed, rport", fmt.Sprintf("SIP/2.0/UDP 127.0.0.1:%d;rport;branch=z9hG4bK6\r\nCSeq: x", port(other)), source, "rport=" + strconv.Itoa(port(source))},
		{"malformed, sent-by port", fmt.Sprintf("SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK6\r\nCSeq: x", port(other)), other, "received=127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sendUDP(t, source, request("OPTIONS", c.via, 1, ""), server)
			answer, _ := readUDP(t, c.at)
			via := strings.Split(answer, "\r\n")[1]
			if !strings.Contains(via, c.want) || c.want == "" && strings.Contains(via, "received") {
				t.Errorf("answered with %q, want %q in it", via, c.want)
			}
		})
	}
}

// TestUDPLargeResponses: sipgo's own transport refuses more than 1300 bytes.
func TestUDPLargeResponses(t *testing.T) {
	l, in := newLayer(t, Limits{})
	server := listen(t, l, "udp", "127.0.0.1:0")
	client := socket(t, "127.0.0.1:0")
	sendUDP(t, client, request("OPTIONS", "SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1", 1, ""), server)
	got := receive(t, in)
	for _, size := range []int{1301, 1500, 9000, 60000} {
		body := strings.Repeat("x", size)
		if err := got.flow.Send([]byte(sip.NewResponseFromRequest(got.msg.(*sip.Request), 200, "OK", []byte(body)).String())); err != nil {
			t.Fatal(err)
		}
		if answer, _ := readUDP(t, client); !strings.HasSuffix(answer, "\r\n\r\n"+body) {
			t.Errorf("a body of %d bytes came as %d bytes", size, len(answer))
		}
	}
	if err := got.flow.Send(make([]byte, 65508)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Send of 65508 bytes = %v", err)
	}
	if n := l.Stats().SendErrors; n != 1 {
		t.Errorf("SendErrors = %d", n)
	}
}

func TestUDPLargeRequest(t *testing.T) {
	l, in := newLayer(t, Limits{})
	server := listen(t, l, "udp", "127.0.0.1:0")
	client := socket(t, "127.0.0.1:0")
	body := strings.Repeat("x", 60000)
	sendUDP(t, client, request("MESSAGE", "SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1", 1, body), server)
	if got := receive(t, in); string(got.msg.Body()) != body {
		t.Errorf("body of %d bytes", len(got.msg.Body()))
	}
}

func TestDialUDP(t *testing.T) {
	for _, c := range []struct {
		name   string
		listen []string
		to     string
		want   string // local address
	}{
		{"wildcard", []string{"0.0.0.0:0"}, "127.0.0.1:0", "127.0.0.1"},
		{"exact before wildcard", []string{"0.0.0.0:0", "127.0.0.1:0"}, "127.0.0.1:0", "127.0.0.1"},
		{"another address of ours", []string{"127.0.0.3:0"}, "127.0.0.1:0", "127.0.0.3"},
		{"both", []string{":0"}, "127.0.0.1:0", "127.0.0.1"},
		{"none of that IP version", []string{"[::1]:0"}, "127.0.0.1:0", ""},
		{"none", nil, "127.0.0.1:0", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.name, "IP version") {
				hasIPv6(t)
			}
			l, _ := newLayer(t, Limits{})
			var bound netip.AddrPort
			for _, address := range c.listen {
				bound = listen(t, l, "udp", address)
			}
			peer := socket(t, c.to)
			f, err := l.Dial(t.Context(), "udp", peer.LocalAddr().(*net.UDPAddr).AddrPort())
			if c.want == "" {
				if err == nil {
					t.Fatalf("got %s", f.Local())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := netip.AddrPortFrom(netip.MustParseAddr(c.want), bound.Port()); f.Local() != want {
				t.Errorf("Local() = %s, want %s", f.Local(), want)
			}
			if err := f.Send([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if b, from := readUDP(t, peer); b != "hello" || from != f.Local() {
				t.Errorf("%q from %s", b, from)
			}
		})
	}
}

func TestFlowTo(t *testing.T) {
	l, in := newLayer(t, Limits{})
	server := listen(t, l, "udp", "0.0.0.0:0")
	client, contact := socket(t, "127.0.0.1:0"), socket(t, "127.0.0.1:0")
	reached := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), server.Port())
	sendUDP(t, client, request("OPTIONS", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1", 1, ""), reached)
	f := receive(t, in).flow.To(contact.LocalAddr().(*net.UDPAddr).AddrPort())
	if err := f.Send([]byte("BYE")); err != nil {
		t.Fatal(err)
	}
	if b, from := readUDP(t, contact); b != "BYE" || from != reached {
		t.Errorf("%q from %s, want it from %s", b, from, reached)
	}
	memory, _ := memory("192.0.2.7:5060")
	if memory.To(server) != memory {
		t.Error("To changed an in-memory flow")
	}
}

func TestZeroFlow(t *testing.T) {
	if err := (Flow{}).Send([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("Send = %v", err)
	}
}
