package core_test

import (
	"context"
	"strings"
	"testing"

	"offhook/core"
	"offhook/core/digest"
)

func TestDialWithCredentials(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c, err := s.Dial(context.Background(), core.DialOptions{URI: "sip:b@" + p.addr().String(), From: "a", Account: digest.Account{User: "us", Password: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	first := p.expect("INVITE")
	p.respond(first, 407, "proxy", "", `Proxy-Authenticate: Digest realm="proxy", nonce="n1", algorithm=MD5, qop="auth"`, `Proxy-Authenticate: Digest realm="proxy", nonce="n2", algorithm=SHA-256, qop="auth"`)
	if ack := p.expect("ACK"); ack.Header("Via") != first.Header("Via") || ack.Header("Proxy-Authorization") != "" {
		t.Errorf("ACK of the 407:\n%s", ack)
	}
	second := p.expect("INVITE")
	credentials := second.Header("Proxy-Authorization")
	if second.Header("Call-ID") != first.Header("Call-ID") || second.Header("From") != first.Header("From") || tag(second.Header("To")) != "" ||
		second.Header("CSeq") == first.Header("CSeq") || second.Header("Via") == first.Header("Via") || second.Body != first.Body || len(second.Headers("Content-Length")) != 1 ||
		!strings.Contains(credentials, `nonce="n2"`) || strings.Contains(second.String(), "secret") {
		t.Errorf("second INVITE:\n%s", second)
	}
	p.respond(second, 180, "far", "")
	p.respond(second, 200, "far", answer)
	ack := p.expect("ACK")
	if ack.Header("Proxy-Authorization") != credentials || ack.Header("CSeq") != strings.Replace(second.Header("CSeq"), "INVITE", "ACK", 1) {
		t.Errorf("ACK:\n%s", ack)
	}
	<-c.Confirmed()
	p.respond(second, 200, "far", answer) // its ACK was lost
	if again := p.expect("ACK"); again.Header("CSeq") != ack.Header("CSeq") || again.Header("Proxy-Authorization") != credentials {
		t.Errorf("ACK again:\n%s", again)
	}
	if err := c.Hangup(core.HangupOptions{}); err != nil {
		t.Fatal(err)
	}
	bye := p.expect("BYE")
	p.respond(bye, 407, "", "", `Proxy-Authenticate: Digest realm="proxy", nonce="n3", algorithm=MD5, qop="auth"`)
	if bye = p.expect("BYE"); !strings.Contains(bye.Header("Proxy-Authorization"), `nonce="n3"`) {
		t.Errorf("BYE:\n%s", bye)
	}
	p.respond(bye, 200, "", "")
	if e := ended(t, c); e.Cause != core.ErrLocalHangup || e.Code != 200 {
		t.Errorf("ended %+v", e)
	}
}

func TestDialCredentialsRefused(t *testing.T) {
	for name, account := range map[string]digest.Account{"none": {}, "wrong": {User: "us", Password: "wrong"}} {
		t.Run(name, func(t *testing.T) {
			s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
			p := newUDPPeer(t)
			c, err := s.Dial(context.Background(), core.DialOptions{URI: "sip:b@" + p.addr().String(), Account: account})
			if err != nil {
				t.Fatal(err)
			}
			challenge := `WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5`
			invite := p.expect("INVITE")
			p.respond(invite, 401, "far", "", challenge)
			p.expect("ACK")
			if name == "wrong" {
				invite = p.expect("INVITE")
				p.respond(invite, 401, "far", "", challenge)
				p.expect("ACK")
			}
			if e := ended(t, c); e.Cause != core.ErrRefused || e.Code != 401 {
				t.Errorf("ended %+v", e)
			}
		})
	}
}

// A CANCEL that meets a challenge ends the call.
func TestDialCancelledWhileChallenged(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c, err := s.Dial(context.Background(), core.DialOptions{URI: "sip:b@" + p.addr().String(), Account: digest.Account{User: "us", Password: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	invite := p.expect("INVITE")
	if err := c.Hangup(core.HangupOptions{}); err != nil {
		t.Fatal(err)
	}
	p.respond(invite, 401, "far", "", `WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5`)
	p.expect("ACK")
	if e := ended(t, c); e.Cause != core.ErrLocalHangup {
		t.Errorf("ended %+v", e)
	}
}
