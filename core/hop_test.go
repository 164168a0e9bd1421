package core_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/locate/dnstest"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/core/transport/certtest"
)

// serving is a server with options of its own.
func serving(t *testing.T, h core.Handler, o core.Options, endpoints ...transport.Endpoint) (*core.Server, []netip.AddrPort) {
	t.Helper()
	n := coretest.NewNetwork()
	o.Media, o.Handler, o.Log = n.Media(), h, discard()
	o.Timers = transaction.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond}
	s := core.New(o)
	t.Cleanup(func() {
		s.Close()
		n.Close()
	})
	var bound []netip.AddrPort
	for _, e := range endpoints {
		at, err := s.Open(e)
		if err != nil {
			t.Fatal(err)
		}
		bound = append(bound, at)
	}
	return s, bound
}

var udp = transport.Endpoint{Network: "udp", Address: "127.0.0.1:0"}

// handingOut answers calls and hands them out.
type handingOut chan *core.Call

func (h handingOut) ServeCall(ctx context.Context, c *core.Call) {
	_ = c.Answer(core.AnswerOptions{})
	select {
	case <-c.Confirmed():
		h <- c
	case <-ctx.Done():
	}
	<-ctx.Done()
}

// TestAdvertisedAddress has callers outside and inside of the local networks: Contact and SDP carry the
// address that each reaches us on, and so does the Via of what we send.
func TestAdvertisedAddress(t *testing.T) {
	calls := make(handingOut, 1)
	for _, c := range []struct{ inside, want string }{{"10.0.0.0/8", "203.0.113.5"}, {"127.0.0.0/8", "127.0.0.1"}} {
		e := udp
		e.Advertise = transport.Advertise{
			Addresses: []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:0")}, Inside: []netip.Prefix{netip.MustParsePrefix(c.inside)},
		}
		_, bound := serving(t, calls, core.Options{}, e)
		p := newUDPPeer(t)
		p.send(inviteText("UDP", p.addr(), "advertised"), bound[0])
		ok := p.expect("200")
		if ok.Header("Contact") != fmt.Sprintf("<sip:test@%s:%d>", c.want, bound[0].Port()) ||
			!strings.Contains(ok.Body, "\r\nc=IN IP4 "+c.want+"\r\n") || !strings.Contains(ok.Body, " IN IP4 "+c.want+"\r\ns=") {
			t.Errorf("inside %s:\n%s", c.inside, ok)
		}
		p.send(ackText("UDP", p.addr(), ok), bound[0])
		_ = (<-calls).Hangup(core.HangupOptions{})
		bye := p.expect("BYE")
		if !strings.HasPrefix(bye.Header("Via"), fmt.Sprintf("SIP/2.0/UDP %s:%d;", c.want, bound[0].Port())) {
			t.Errorf("Via %q", bye.Header("Via"))
		}
		p.respond(bye, 200, "", "")
	}
}

func ackText(network string, from netip.AddrPort, ok coretest.Message) string {
	return fmt.Sprintf("ACK sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-ack\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
		network, from, ok.Header("From"), ok.Header("To"), ok.Header("Call-ID"))
}

func replyText(req coretest.Message, status int) string {
	res := coretest.Message{Start: fmt.Sprintf("SIP/2.0 %d Whatever", status)}
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		res.Fields = append(res.Fields, core.Header{Name: name, Value: req.Header(name)})
	}
	return res.String()
}

// TestBYEToANamedContact asks DNS where the Contact is; when it is nowhere, the BYE goes to where the caller sent from.
func TestBYEToANamedContact(t *testing.T) {
	calls := make(handingOut, 1)
	caller, contact := newUDPPeer(t), newUDPPeer(t)
	z := dnstest.New(t, fmt.Sprintf("_sip._udp.phone.example.com. 60 IN SRV 1 1 %d host.example.com.\nhost.example.com. 60 IN A 127.0.0.1\n", contact.addr().Port()))
	_, bound := serving(t, calls, core.Options{DNS: []string{z.Address}}, udp)
	for host, to := range map[string]*udpPeer{"phone.example.com": contact, "nowhere.example.com": caller} {
		invite := strings.Replace(inviteText("UDP", caller.addr(), host), "Contact: <sip:a@"+caller.addr().String(), "Contact: <sip:a@"+host, 1)
		caller.send(invite, bound[0])
		caller.send(ackText("UDP", caller.addr(), caller.expect("200")), bound[0])
		c := <-calls
		_ = c.Hangup(core.HangupOptions{})
		bye := to.expect("BYE")
		if bye.URI() != "sip:a@"+host || to.from != bound[0] {
			t.Errorf("from %s:\n%s", to.from, bye)
		}
		to.respond(bye, 200, "", "")
	}
}

// TestDialByName finds the server by SRV.
func TestDialByName(t *testing.T) {
	p := newUDPPeer(t)
	z := dnstest.New(t, fmt.Sprintf("_sip._udp.example.com. 60 IN SRV 1 1 %d host.example.com.\nhost.example.com. 60 IN A 127.0.0.1\n", p.addr().Port()))
	s, _ := serving(t, answering{}, core.Options{DNS: []string{z.Address}}, udp)
	c, err := s.Dial(t.Context(), core.DialOptions{URI: "sip:b@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	invite := p.expect("INVITE")
	if invite.URI() != "sip:b@example.com" {
		t.Errorf("INVITE:\n%s", invite)
	}
	p.respond(invite, 486, "far", "")
	ended(t, c)
	if _, err := s.Dial(t.Context(), core.DialOptions{URI: "sip:b@nowhere.example.com"}); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("a name that is not there: %v", err)
	}
}

// TestDialFailover: a server that says 503, and one that says nothing, are passed over.
func TestDialFailover(t *testing.T) {
	full, silent, good := newUDPPeer(t), newUDPPeer(t), newUDPPeer(t)
	z := dnstest.New(t, "host.example.com. 60 IN A 127.0.0.1\n")
	for i, p := range []*udpPeer{full, silent, good} {
		z.Add(t, fmt.Sprintf("_sip._udp.example.com. 60 IN SRV %d 0 %d host.example.com.", i, p.addr().Port()))
	}
	s, _ := serving(t, answering{}, core.Options{DNS: []string{z.Address}}, udp)
	c, err := s.Dial(t.Context(), core.DialOptions{URI: "sip:b@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	first := full.expect("INVITE")
	full.respond(first, 503, "full", "")
	full.expect("ACK")
	second := silent.expect("INVITE")
	third := good.expect("INVITE") // after 64·T1
	if first.Header("Call-ID") != third.Header("Call-ID") || first.Header("CSeq") != third.Header("CSeq") || first.Header("Via") == third.Header("Via") ||
		second.Header("Via") == third.Header("Via") || len(third.Headers("Via")) != 1 {
		t.Errorf("first\n%s\nthird\n%s", first, third)
	}
	good.respond(third, 200, "far", answer)
	good.expect("ACK")
	<-c.Confirmed()
	_ = c.Hangup(core.HangupOptions{})
	good.respond(good.expect("BYE"), 200, "", "")
	ended(t, c)
}

// TestDialFailoverGivenUp: the caller hangs up while one server after the other says 503.
func TestDialFailoverGivenUp(t *testing.T) {
	full, other := newUDPPeer(t), newUDPPeer(t)
	z := dnstest.New(t, fmt.Sprintf("host.example.com. 60 IN A 127.0.0.1\n_sip._udp.example.com. 60 IN SRV 1 0 %d host.example.com.\n"+
		"_sip._udp.example.com. 60 IN SRV 2 0 %d host.example.com.\n", full.addr().Port(), other.addr().Port()))
	s, _ := serving(t, answering{}, core.Options{DNS: []string{z.Address}}, udp)
	c, err := s.Dial(t.Context(), core.DialOptions{URI: "sip:b@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	full.respond(full.expect("INVITE"), 503, "full", "")
	invite := other.expect("INVITE")
	_ = c.Hangup(core.HangupOptions{})
	other.respond(invite, 100, "", "")
	other.respond(other.expect("CANCEL"), 200, "far", "")
	other.respond(invite, 487, "far", "")
	if e := ended(t, c); !errors.Is(e.Cause, core.ErrLocalHangup) {
		t.Errorf("ended %+v", e)
	}
}

// TestLargeRequest goes over TCP where the peer takes it, else over UDP all the same.
func TestLargeRequest(t *testing.T) {
	s, _ := serving(t, answering{}, core.Options{TCPAbove: 1300}, udp, transport.Endpoint{Network: "tcp", Address: "127.0.0.1:0"})
	p := newUDPPeer(t)
	large := core.DialOptions{URI: "sip:b@" + p.addr().String(), Headers: core.Headers{{Name: "Subject", Value: strings.Repeat("x", 1400)}}}
	c, err := s.Dial(t.Context(), large)
	if err != nil {
		t.Fatal(err)
	}
	invite := p.expect("INVITE")
	p.respond(invite, 486, "far", "")
	ended(t, c)

	tcp, err := net.Listen("tcp", p.addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if c, err = s.Dial(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	conn, err := tcp.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	invite = readTCP(t, bufio.NewReader(conn))
	if !strings.HasPrefix(invite.Header("Via"), "SIP/2.0/TCP ") || !strings.Contains(invite.Header("Contact"), ";transport=tcp") {
		t.Errorf("INVITE:\n%s", invite)
	}
	send(t, conn, replyText(invite, 486))
	ended(t, c)
	large.Headers = nil
	if c, err = s.Dial(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	p.respond(p.expect("INVITE"), 486, "far", "")
	ended(t, c)
}

// TestBYEOverANewTLSConnection: the caller's connection is gone, and its Contact takes another.
func TestBYEOverANewTLSConnection(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("127.0.0.1")
	certificates, err := transport.LoadCertificates(transport.CertificateOptions{Pairs: []transport.KeyPair{{Certificate: cert, Key: key}}})
	if err != nil {
		t.Fatal(err)
	}
	roots, err := transport.LoadAuthorities(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	calls := make(handingOut, 1)
	_, bound := serving(t, calls, core.Options{ClientTLS: &tls.Config{RootCAs: roots}}, transport.Endpoint{Network: "tls", Address: "127.0.0.1:0", TLS: certificates.Config()})
	contact, err := tls.Listen("tcp", "127.0.0.1:0", certificates.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer contact.Close()
	first, err := tls.Dial("tcp", bound[0].String(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddrPort(first.LocalAddr().String())
	send(t, first, strings.Replace(inviteText("TLS", from, "tls"), "Contact: <sip:a@"+from.String()+">", "Contact: <sip:a@"+contact.Addr().String()+";transport=tls>", 1))
	in := bufio.NewReader(first)
	var ok coretest.Message
	for ok.Status() != 200 {
		if ok = readTCP(t, in); t.Failed() {
			return
		}
	}
	if want := "<sip:test@" + bound[0].String() + ";transport=tls>"; ok.Header("Contact") != want {
		t.Errorf("Contact %s, want %s", ok.Header("Contact"), want)
	}
	send(t, first, ackText("TLS", from, ok))
	c := <-calls
	if err := first.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	first.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.Copy(io.Discard, in) // until the server has closed, too
	first.Close()
	_ = c.Hangup(core.HangupOptions{})
	second, err := contact.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	second.SetDeadline(time.Now().Add(5 * time.Second))
	bye := readTCP(t, bufio.NewReader(second))
	if bye.Method() != "BYE" || !strings.HasPrefix(bye.Header("Via"), "SIP/2.0/TLS ") || bye.Header("Content-Length") != "0" {
		t.Errorf("over the new connection came\n%s", bye)
	}
	send(t, second, replyText(bye, 200))
}

// TestDialOverTCP: what we send ends where its Content-Length says, also the ACK and the BYE.
func TestDialOverTCP(t *testing.T) {
	far := make(chan *core.Call, 1)
	_, bound := serving(t, handingOut(far), core.Options{}, transport.Endpoint{Network: "tcp", Address: "127.0.0.1:0"})
	s, _ := serving(t, answering{}, core.Options{}, udp)
	c, err := s.Dial(t.Context(), core.DialOptions{URI: "sip:b@" + bound[0].String() + ";transport=tcp"})
	if err != nil {
		t.Fatal(err)
	}
	other := <-far // the ACK has come
	_ = c.Hangup(core.HangupOptions{})
	select {
	case <-other.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the far end never heard of the BYE")
	}
	if e := other.Ending(); !errors.Is(e.Cause, core.ErrRemoteHangup) {
		t.Errorf("ended %+v", e)
	}
}
