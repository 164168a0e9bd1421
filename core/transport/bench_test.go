package transport

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// invite has the size and the headers of a usual one.
func invite() []byte {
	return []byte(request("INVITE", "SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-524287-1---a1b2c3d4e5f6;rport", 1,
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
		"Contact: <sip:a@127.0.0.1:5061>", "Content-Type: application/sdp", "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE",
		"Supported: replaces, timer", "User-Agent: bench"))
}

// BenchmarkParse is sipgo's parser alone, to compare with.
func BenchmarkParse(b *testing.B) {
	parser, message := sip.NewParser(), invite()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.ParseSIP(message); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeliver is all that happens to a datagram up to Receive.
func BenchmarkDeliver(b *testing.B) {
	var received int
	l := New(Options{Receive: func(sip.Message, []byte, Flow) { received++ }})
	defer l.Close()
	f, _ := memory("127.0.0.1:5061")
	message := invite()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.Deliver(message, f)
		n++
	}
	if received != n {
		b.Fatalf("received %d of %d", received, n)
	}
}

// BenchmarkUDP is a round trip over a wildcard socket: receive with its control
// message, parse, build a response with sipgo, send it from the address reached.
func BenchmarkUDP(b *testing.B) {
	l := newResponder(b, Limits{})
	server := listen(b, l, "udp", "0.0.0.0:0")
	client := socket(b, "127.0.0.1:0")
	client.SetDeadline(time.Time{})
	to, message, buf := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), server.Port()), invite(), make([]byte, 65536)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.WriteToUDPAddrPort(message, to); err != nil {
			b.Fatal(err)
		}
		if _, _, err := client.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUDPSend is one datagram from a wildcard socket, control message
// included, and its reception by a plain socket.
func BenchmarkUDPSend(b *testing.B) {
	in := make(chan Flow, 1)
	l := New(Options{Receive: func(_ sip.Message, _ []byte, f Flow) { in <- f }})
	defer l.Close()
	server := listen(b, l, "udp", "0.0.0.0:0")
	client := socket(b, "127.0.0.1:0")
	client.SetDeadline(time.Time{})
	message, buf := invite(), make([]byte, 65536)
	sendUDP(b, client, string(message), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), server.Port()))
	f := receive(b, in).To(client.LocalAddr().(*net.UDPAddr).AddrPort())
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Send(message); err != nil {
			b.Fatal(err)
		}
		if _, _, err := client.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}
