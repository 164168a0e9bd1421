package core_test

import (
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

// TestDialSessionTimer is answered by a peer that has us refresh, and then does not answer.
func TestDialSessionTimer(t *testing.T) {
	n := coretest.NewNetwork()
	defer n.Close()
	s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard(), MinSession: time.Second})
	defer s.Close()
	if _, err := s.Listen("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p := newUDPPeer(t)
	c := dial(t, s, p)
	invite := p.expect("INVITE")
	if invite.Header("Supported") != "timer, replaces" || invite.Header("Session-Expires") != "" {
		t.Errorf("INVITE:\n%s", invite)
	}
	p.respond(invite, 200, "far", answer, "Require: timer", "Session-Expires: 2;refresher=uac")
	p.expect("ACK")
	update := p.expect("UPDATE")
	p.respond(update, 200, "", "", "Session-Expires: 1;refresher=uas")
	if tag(update.Header("To")) != "far" || update.Header("Session-Expires") != "2;refresher=uac" || update.Body != "" {
		t.Errorf("UPDATE:\n%s", update)
	}
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if e := ended(t, c); e.Q850 != 102 || e.Reason != "session expired" {
		t.Errorf("ended %+v", e)
	}
}
