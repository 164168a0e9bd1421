package core_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/digest"
	"offhook/core/transaction"
)

// registrant is a server on 127.0.0.1 with one trunk, which registers.
func registrant(t *testing.T, trunk core.Trunk) (*core.Server, netip.AddrPort, *lines) {
	t.Helper()
	n, log := coretest.NewNetwork(), &lines{}
	trunk.Name = "carrier"
	s := core.New(core.Options{
		Media: n.Media(), Handler: answering{}, Log: slog.New(slog.NewTextHandler(log, nil)), UserAgent: "Offhook",
		Timers: transaction.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond}, Trunks: []core.Trunk{trunk}, RequireTrunk: true,
	})
	bound, err := s.Listen("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		n.Close()
	})
	s.Register()
	return s, bound, log
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// state waits until the registration is in a state.
func state(t *testing.T, s *core.Server, want string) core.RegistrationSummary {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		got := *s.Trunks()[0].Registration
		if got.State == want {
			return got
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the registration is %+v, want %s", got, want)
		}
	}
}

func TestRegister(t *testing.T) {
	p := newUDPPeer(t)
	registrar := "sip:" + p.addr().String()
	s, bound, log := registrant(t, core.Trunk{Register: &core.Register{
		Registrars: []string{registrar}, User: "us", Domain: "carrier.example.com", Contact: "in", Expires: 10 * time.Minute,
		Account: digest.Account{User: "auth", Password: "secret"},
	}})
	first := p.expect("REGISTER")
	if first.URI() != registrar || !strings.HasPrefix(first.Header("From"), "<sip:us@carrier.example.com>;tag=") || first.Header("To") != "<sip:us@carrier.example.com>" ||
		first.Header("Contact") != "<sip:in@"+bound.String()+">" || first.Header("Expires") != "600" || first.Header("CSeq") != "1 REGISTER" || first.Header("User-Agent") != "Offhook" {
		t.Errorf("REGISTER:\n%s", first)
	}
	p.respond(first, 401, "r", "", `WWW-Authenticate: Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"`, `WWW-Authenticate: Digest realm="r", nonce="n2", algorithm=SHA-256, qop="auth"`)
	second := p.expect("REGISTER")
	if second.Header("CSeq") != "2 REGISTER" || second.Header("Call-ID") != first.Header("Call-ID") || !strings.Contains(second.Header("Authorization"), `nonce="n2", uri="`+registrar+`", algorithm=SHA-256`) {
		t.Errorf("REGISTER with credentials:\n%s", second)
	}
	p.respond(second, 423, "r", "", "Min-Expires: 1200")
	third := p.expect("REGISTER")
	if third.Header("Expires") != "1200" || third.Header("CSeq") != "3 REGISTER" {
		t.Errorf("REGISTER after 423:\n%s", third)
	}
	// a binding of somebody else, and ours with an expiry of its own: 1 s, so that it is refreshed soon
	p.respond(third, 200, "r", "", "Contact: <sip:in@192.0.2.3>;expires=5, <sip:in@"+bound.String()+">;expires=1", "Expires: 1800")
	got := state(t, s, "registered")
	if left := time.Until(got.Until); left > time.Second || got.Registrar != registrar || got.Failure != "" {
		t.Errorf("registered: %+v, for %v", got, left)
	}
	fourth := p.expect("REGISTER")
	if fourth.Header("CSeq") != "4 REGISTER" || fourth.Header("Call-ID") != first.Header("Call-ID") || fourth.Header("From") != first.Header("From") {
		t.Errorf("refresh:\n%s", fourth)
	}
	p.respond(fourth, 200, "r", "", "Expires: 1200")
	p.send(inviteText("UDP", p.addr(), "through-the-registrar"), bound) // from where the registrar is: it belongs to the trunk
	p.expect("200")
	s.Unregister()
	last := p.expect("REGISTER")
	if last.Header("Expires") != "0" || last.Header("CSeq") != "5 REGISTER" || last.Header("Contact") != first.Header("Contact") {
		t.Errorf("the last REGISTER:\n%s", last)
	}
	p.respond(last, 401, "r", "", `WWW-Authenticate: Digest realm="r", nonce="n3", algorithm=MD5`)
	p.respond(p.expect("REGISTER"), 200, "r", "")
	state(t, s, "unregistered")
	if n := strings.Count(log.String(), "msg=registered"); n != 1 || !strings.Contains(log.String(), "msg=unregistered") || strings.Contains(log.String(), "secret") {
		t.Errorf("%d lines of the registration in\n%s", n, log)
	}
}

func TestRegisterFailover(t *testing.T) {
	dead, p := newUDPPeer(t), newUDPPeer(t)
	_, _, log := registrant(t, core.Trunk{Register: &core.Register{
		Registrars: []string{"sip:" + dead.addr().String(), "sip:" + p.addr().String()}, User: "us", Proxy: "",
	}})
	dead.respond(dead.expect("REGISTER"), 503, "r", "", "Retry-After: 30 (maintenance)")
	p.respond(p.expect("REGISTER"), 200, "r", "", "Expires: 1")
	again := p.expect("REGISTER") // it stays where it is registered
	p.respond(again, 403, "r", "")
	next := dead.expect("REGISTER")
	if next.Header("Call-ID") != again.Header("Call-ID") || next.Header("CSeq") != "4 REGISTER" {
		t.Errorf("the next registrar:\n%s", next)
	}
	if !strings.Contains(log.String(), `msg="not registered" trunk=carrier`) || !strings.Contains(log.String(), `reason="503 Whatever"`) {
		t.Errorf("log:\n%s", log)
	}
}

func TestRegisterThroughProxy(t *testing.T) {
	p := newUDPPeer(t)
	registrant(t, core.Trunk{Register: &core.Register{
		Registrars: []string{"sip:carrier.example.com"}, User: "us", Proxy: "sip:" + p.addr().String(),
	}})
	req := p.expect("REGISTER")
	if req.URI() != "sip:carrier.example.com" || req.Header("Route") != "<sip:"+p.addr().String()+";lr>" || req.Header("To") != "<sip:us@carrier.example.com>" {
		t.Errorf("REGISTER:\n%s", req)
	}
}

func TestRegisterUnanswered(t *testing.T) {
	p := newUDPPeer(t)
	s, _, log := registrant(t, core.Trunk{Register: &core.Register{Registrars: []string{"sip:" + p.addr().String()}, User: "us"}})
	p.expect("REGISTER")
	got := state(t, s, "failed")
	if !strings.Contains(got.Failure, "no final response in time") || !got.Until.IsZero() {
		t.Errorf("%+v", got)
	}
	if err := s.Close(); err != nil { // at once: there is no binding to take away
		t.Error(err)
	}
	if strings.Contains(log.String(), "binding was not taken away") {
		t.Errorf("log:\n%s", log)
	}
}

// A way through a NAT is kept open between two REGISTERs.
func TestRegisterKeepAlive(t *testing.T) {
	p := newUDPPeer(t)
	registrant(t, core.Trunk{Register: &core.Register{Registrars: []string{"sip:" + p.addr().String()}, User: "us", KeepAlive: 10 * time.Millisecond}})
	p.respond(p.expect("REGISTER"), 200, "r", "")
	buf := make([]byte, 100)
	p.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, _, err := p.conn.ReadFromUDPAddrPort(buf); err != nil || string(buf[:n]) != "\r\n\r\n" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

// A registrar that closes its connection gets the next REGISTER over a new one, at
// the next keep-alive: calls to us came over it.
func TestRegisterAgainOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	registrant(t, core.Trunk{Register: &core.Register{
		Registrars: []string{"sip:" + l.Addr().String() + ";transport=tcp"}, User: "us", KeepAlive: 10 * time.Millisecond,
	}})
	buf := make([]byte, 65535)
	for want := range 2 {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		req := coretest.Parse(buf[:n])
		if req.Method() != "REGISTER" || req.Header("CSeq") != fmt.Sprintf("%d REGISTER", want+1) || !strings.HasSuffix(req.Header("Contact"), ";transport=tcp>") ||
			strings.Contains(req.Start, "us@") {
			t.Errorf("REGISTER:\n%s", req)
		}
		fmt.Fprintf(conn, "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=r\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: %s\r\nContent-Length: 0\r\n\r\n",
			req.Header("Via"), req.Header("From"), req.Header("To"), req.Header("Call-ID"), req.Header("CSeq"), req.Header("Contact"))
		conn.Close()
	}
}
