package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"offhook/core"
)

// dial calls the peer over UDP.
func dial(t *testing.T, s *core.Server, p *udpPeer) *core.Call {
	t.Helper()
	c, err := s.Dial(context.Background(), core.DialOptions{URI: "sip:b@" + p.addr().String(), From: "a", Headers: core.Headers{{Name: "Subject", Value: "hello"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ended(t *testing.T, c *core.Call) core.Ending {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(5 * time.Second):
		t.Fatalf("the call goes on: %s", c.State())
	}
	return c.Ending()
}

func TestDialAnswered(t *testing.T) {
	s, bound := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	if invite.URI() != "sip:b@"+p.addr().String() || invite.Header("Subject") != "hello" || invite.Header("Contact") != "<sip:a@"+bound.String()+">" ||
		!strings.Contains(invite.Body, " RTP/AVP 0 8 101\r\n") || tag(invite.Header("To")) != "" {
		t.Errorf("INVITE:\n%s", invite)
	}
	p.respond(invite, 180, "far", "")
	p.respond(invite, 200, "far", answer, "Record-Route: <sip:p1.example.com;lr>, <sip:"+p.addr().String()+";lr>")
	ack := p.expect("ACK")
	if ack.URI() != "sip:b@"+p.addr().String() || tag(ack.Header("To")) != "far" || ack.Header("CSeq") != strings.Replace(invite.Header("CSeq"), "INVITE", "ACK", 1) ||
		ack.Header("Via") == invite.Header("Via") {
		t.Errorf("ACK:\n%s", ack)
	}
	if routes := ack.Headers("Route"); len(routes) != 2 || !strings.Contains(routes[1], "p1.example.com") {
		t.Errorf("routes %q, want those of Record-Route in reverse", routes)
	}
	<-c.Confirmed()
	if c.Codec() != "PCMA" {
		t.Errorf("codec %s, want PCMA", c.Codec())
	}
	p.respond(invite, 200, "far", answer) // its ACK was lost
	if again := p.expect("ACK"); again.Header("CSeq") != ack.Header("CSeq") {
		t.Errorf("ACK again:\n%s", again)
	}
	if err := c.Hangup(core.HangupOptions{}); err != nil {
		t.Fatal(err)
	}
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if tag(bye.Header("To")) != "far" {
		t.Errorf("BYE:\n%s", bye)
	}
	if e := ended(t, c); e.Cause != core.ErrLocalHangup || e.Code != 200 {
		t.Errorf("ended %+v", e)
	}
}

func TestDialPeerHangsUp(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	p.respond(invite, 200, "far", answer)
	p.expect("ACK")
	p.send(fmt.Sprintf("BYE sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-bye\r\nFrom: %s;tag=far\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 BYE\r\nReason: Q.850;cause=31\r\n\r\n",
		p.addr(), invite.Header("To"), invite.Header("From"), invite.Header("Call-ID")), p.from)
	p.expect("200")
	if e := ended(t, c); e.Cause != core.ErrRemoteHangup || e.Q850 != 31 {
		t.Errorf("ended %+v", e)
	}
}

func TestDialRefused(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	p.respond(invite, 486, "far", "")
	ack := p.expect("ACK")
	if ack.Header("Via") != invite.Header("Via") || tag(ack.Header("To")) != "far" {
		t.Errorf("ACK:\n%s", ack)
	}
	if e := ended(t, c); e.Cause != core.ErrRefused || e.Code != 486 || e.Reason != "Whatever" {
		t.Errorf("ended %+v", e)
	}
}

func TestDialNoAnswer(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	if e := ended(t, c); e.Cause != core.ErrRefused || e.Code != 408 {
		t.Errorf("ended %+v", e)
	}
}

func TestDialCancelled(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	_ = c.Hangup(core.HangupOptions{}) // the CANCEL waits for the first response (RFC 3261 §9.1)
	p.respond(invite, 180, "far", "")
	cancel := p.expect("CANCEL")
	if cancel.Header("Via") != invite.Header("Via") || cancel.URI() != invite.URI() {
		t.Errorf("CANCEL:\n%s", cancel)
	}
	p.respond(cancel, 200, "far", "")
	p.respond(invite, 487, "far", "")
	p.expect("ACK")
	if e := ended(t, c); e.Cause != core.ErrLocalHangup || e.Code != 487 {
		t.Errorf("ended %+v", e)
	}
}

// TestDialCancelTooLate answers faster than the CANCEL comes: the call that nobody wants gets ACK and BYE.
func TestDialCancelTooLate(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	_ = c.Hangup(core.HangupOptions{})
	p.respond(invite, 180, "far", "")
	p.expect("CANCEL")
	p.respond(invite, 200, "far", answer)
	p.expect("ACK")
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if tag(bye.Header("To")) != "far" {
		t.Errorf("BYE:\n%s", bye)
	}
	if e := ended(t, c); e.Cause != core.ErrLocalHangup {
		t.Errorf("ended %+v", e)
	}
}

// TestDialForked answers on two branches: the second dialog gets ACK and BYE, the first goes on.
func TestDialForked(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	p.respond(invite, 180, "third", "", "Record-Route: <sip:elsewhere.example.com;lr>") // early dialogs, each with its own route set
	p.respond(invite, 183, "second", answer)
	p.respond(invite, 200, "first", answer)
	if ack := p.expect("ACK"); tag(ack.Header("To")) != "first" || ack.Header("Route") != "" {
		t.Errorf("ACK:\n%s", ack)
	}
	<-c.Confirmed()
	p.respond(invite, 200, "second", answer)
	if ack := p.expect("ACK"); tag(ack.Header("To")) != "second" {
		t.Errorf("ACK:\n%s", ack)
	}
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if tag(bye.Header("To")) != "second" || c.State() != core.Confirmed {
		t.Errorf("call %s, BYE:\n%s", c.State(), bye)
	}
	_ = c.Hangup(core.HangupOptions{})
	bye = p.expect("BYE")
	p.respond(bye, 200, "", "")
	if tag(bye.Header("To")) != "first" {
		t.Errorf("BYE:\n%s", bye)
	}
	ended(t, c)
}

// TestDialUnusableAnswer is answered with a codec that was not offered: ACK, then BYE.
func TestDialUnusableAnswer(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	p.respond(invite, 200, "far", strings.Replace(answer, "AVP 8 101", "AVP 18", 1))
	p.expect("ACK")
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if e := ended(t, c); e.Cause != core.ErrRefused {
		t.Errorf("ended %+v", e)
	}
}

func TestDialErrors(t *testing.T) {
	s, _ := listening(t, answering{}, "udp", "127.0.0.1:0")
	for _, c := range []struct{ uri, want string }{
		{"http://127.0.0.1", "not a SIP URI"},
		{"sip:a@127.0.0.1;transport=sctp", `transport "sctp" is not available: use udp, tcp, tls, ws or wss`},
		{"sips:a@127.0.0.1;transport=udp", "a sips URI is not for udp"},
		{"sip:a@127.0.0.1:1;transport=tls", "refused"},
		{"sip:a@127.0.0.1:1;transport=tcp", "refused"},
	} {
		if _, err := s.Dial(context.Background(), core.DialOptions{URI: c.uri}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.uri, err, c.want)
		}
	}
	if s.Dialogs() != 0 {
		t.Errorf("%d dialogs left", s.Dialogs())
	}
}
