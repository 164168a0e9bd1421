package core_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/transaction"
)

// listening is a server with real sockets on 127.0.0.1, and media without.
func listening(t *testing.T, h core.Handler, network, address string) (*core.Server, netip.AddrPort) {
	t.Helper()
	n := coretest.NewNetwork()
	s := core.New(core.Options{
		Media: n.Media(), Handler: h, DTMF: true, Log: discard(), Timers: transaction.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond},
	})
	bound, err := s.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		n.Close()
	})
	return s, bound
}

// udpPeer is the far end of a UDP socket, message by message.
type udpPeer struct {
	t    *testing.T
	conn *net.UDPConn
	from netip.AddrPort // of the last message
	last coretest.Message
}

func newUDPPeer(t *testing.T) *udpPeer {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &udpPeer{t: t, conn: conn}
}

func (p *udpPeer) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// expect reads until a message of that method or status comes; copies of others are passed over.
func (p *udpPeer) expect(what string) coretest.Message {
	p.t.Helper()
	buf := make([]byte, 65535)
	p.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			p.t.Fatalf("waiting for %s: %v (last: %q)", what, err, p.last.Start)
		}
		p.from, p.last = from, coretest.Parse(buf[:n])
		if p.last.Status() == 0 && p.last.Method() == what || strconv.Itoa(p.last.Status()) == what {
			return p.last
		}
	}
}

func (p *udpPeer) send(m string, to netip.AddrPort) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort([]byte(m), to); err != nil {
		p.t.Fatal(err)
	}
}

const answer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

// respond answers a request; the tag goes into To.
func (p *udpPeer) respond(req coretest.Message, status int, tag, body string, more ...string) {
	p.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d Whatever\r\n", status)
	for _, via := range req.Headers("Via") {
		fmt.Fprintf(&b, "Via: %s\r\n", via)
	}
	to := req.Header("To")
	if tag != "" && !strings.Contains(to, "tag=") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", req.Header("From"), to, req.Header("Call-ID"), req.Header("CSeq"))
	for _, line := range more {
		b.WriteString(line + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Contact: <sip:b@%s>\r\nContent-Length: %d\r\n\r\n%s", p.addr(), len(body), body)
	p.send(b.String(), p.from)
}

// TestAddressReached calls a server on 0.0.0.0 at two of its addresses: Contact,
// c= and the source of what it sends are the one that the caller reached it on.
func TestAddressReached(t *testing.T) {
	_, bound := listening(t, answering{}, "udp", "0.0.0.0:0")
	for _, ip := range []string{"127.0.0.1", "127.0.0.42"} {
		p := newUDPPeer(t)
		at := netip.AddrPortFrom(netip.MustParseAddr(ip), bound.Port())
		p.send(inviteText("UDP", p.addr(), "call-"+ip), at)
		ok := p.expect("200")
		if p.from != at || ok.Header("Contact") != "<sip:test@"+at.String()+">" || !strings.Contains(ok.Body, "\r\nc=IN IP4 "+ip+"\r\n") {
			t.Errorf("called %s, answered from %s:\n%s", at, p.from, ok)
		}
	}
}

// TestLargeResponse has a 200 of more than 1300 bytes, which sipgo would not send over UDP.
func TestLargeResponse(t *testing.T) {
	_, bound := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	route := "Record-Route: <sip:" + strings.Repeat("x", 200) + ".example.com;lr>\r\n"
	p.send(strings.Replace(inviteText("UDP", p.addr(), "large"), "\r\nContact", "\r\n"+strings.Repeat(route, 20)+"Contact", 1), bound)
	if ok := p.expect("200"); len(ok.Headers("Record-Route")) != 20 || len(ok.String()) < 4000 {
		t.Errorf("200 of %d bytes:\n%s", len(ok.String()), ok)
	}
}

// inviteText is an INVITE of a caller at addr.
func inviteText(network string, addr netip.AddrPort, callID string) string {
	return fmt.Sprintf("INVITE sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s %s;rport;branch=z9hG4bK-%s\r\nFrom: <sip:a@127.0.0.1>;tag=a\r\nTo: <sip:test@127.0.0.1>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:a@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", network, addr, callID, callID, addr, len(answer), answer)
}

func tag(value string) string {
	_, after, _ := strings.Cut(value, ";tag=")
	return after
}

// TestBYEGoesToTheTarget has callers whose Contact is not where they called from:
// our BYE goes to the Contact, from the address that was reached, unless the Via
// shows that the caller is behind a NAT.
func TestBYEGoesToTheTarget(t *testing.T) {
	hangingUp := handlerFunc(func(_ context.Context, c *core.Call) {
		if c.Answer(core.AnswerOptions{}) == nil {
			<-c.Confirmed()
		}
	})
	_, bound := listening(t, hangingUp, "udp", "127.0.0.1:0")
	for _, nat := range []bool{false, true} {
		t.Run(fmt.Sprintf("NAT %t", nat), func(t *testing.T) {
			caller, contact := newUDPPeer(t), newUDPPeer(t)
			invite := inviteText("UDP", caller.addr(), fmt.Sprint("target", nat))
			invite = strings.Replace(invite, "Contact: <sip:a@"+caller.addr().String(), "Contact: <sip:a@"+contact.addr().String(), 1)
			target := contact
			if nat {
				invite = strings.Replace(invite, "UDP "+caller.addr().String(), "UDP 10.9.9.9:5060", 1)
				target = caller
			}
			caller.send(invite, bound)
			ok := caller.expect("200")
			caller.send(fmt.Sprintf("ACK sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-ack\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\n\r\n",
				caller.addr(), ok.Header("From"), ok.Header("To"), ok.Header("Call-ID")), bound)
			bye := target.expect("BYE")
			if bye.URI() != "sip:a@"+contact.addr().String() || target.from != bound {
				t.Errorf("from %s:\n%s", target.from, bye)
			}
			target.respond(bye, 200, "", "")
		})
	}
}
