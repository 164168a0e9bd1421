package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/journal"
	"offhook/core/transaction"
)

// transferring is a call that its caller, in memory, has transferred by REFER to a
// peer on a socket.
type transferring struct {
	t      *testing.T
	server *core.Server
	stage  *coretest.Stage
	store  *journal.Store
	caller *coretest.Caller
	target *udpPeer
	invite coretest.Message // to the target
	taken  int              // messages of the caller's log that were looked at
}

func transferred(t *testing.T, refer ...core.Header) *transferring {
	t.Helper()
	n, store := coretest.NewNetwork(), journal.NewStore(journal.Options{})
	tr := &transferring{t: t, stage: &coretest.Stage{}, store: store, target: newUDPPeer(t)}
	tr.server = core.New(core.Options{
		Media: n.Media(), Handler: tr.stage, Log: discard(), AcceptRefer: true, Journal: store,
		Timers: transaction.Timers{T1: 20 * time.Millisecond, T2: 80 * time.Millisecond},
	})
	if _, err := tr.server.Listen("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tr.server.Close()
		n.Close()
	})
	tr.caller = n.NewCaller(tr.server, coretest.CallOptions{})
	tr.caller.Invite()
	tr.await("100")
	eventuallyTrue(t, "the handler has the call", func() bool { return tr.stage.Call() != nil })
	if err := tr.stage.Call().Answer(core.AnswerOptions{}); err != nil {
		t.Fatal(err)
	}
	tr.await("200")
	<-tr.stage.Call().Confirmed()
	m := tr.caller.NewRequest("REFER")
	m.Fields = append(m.Fields, core.Header{Name: "Refer-To", Value: fmt.Sprintf("<sip:200@%s?Replaces=a%%40b%%3Bto-tag%%3Dx%%3Bfrom-tag%%3Dy&X-Other=1>", tr.target.addr())},
		core.Header{Name: "Referred-By", Value: "<sip:boss@example.com>"})
	m.Fields = append(m.Fields, refer...)
	tr.caller.Send(m)
	tr.await("202")
	tr.invite = tr.target.expect("INVITE")
	return tr
}

// await waits for the next message of that method or status that the server sends to the caller.
func (tr *transferring) await(what string) (m coretest.Message) {
	tr.t.Helper()
	if !tr.caller.Await(5*time.Second, func(c *coretest.Caller) bool {
		log := c.Messages()
		for ; tr.taken < len(log); tr.taken++ {
			if m = log[tr.taken]; !m.Sent && (m.Status() == 0 && m.Method() == what || fmt.Sprint(m.Status()) == what) {
				tr.taken++
				return true
			}
		}
		return false
	}) {
		tr.t.Fatalf("no %s came", what)
	}
	return m
}

// told expects the next NOTIFY.
func (tr *transferring) told(status, state string) {
	tr.t.Helper()
	m := tr.await("NOTIFY")
	if !strings.HasPrefix(m.Body, "SIP/2.0 "+status+" ") || !strings.HasPrefix(m.Header("Subscription-State"), state) || m.Header("Event") != "refer" {
		tr.t.Errorf("want %s %s:\n%s", status, state, m)
	}
}

// ends expects the end of the call.
func (tr *transferring) ends(by string) {
	tr.t.Helper()
	call := tr.stage.Call()
	eventuallyTrue(tr.t, "the call has ended", func() bool { return call.State() == core.Ended })
	if got := call.Ending().By(); got != by {
		tr.t.Errorf("ended by %s, want %s", got, by)
	}
	eventuallyTrue(tr.t, "no dialog is left", func() bool { return tr.server.Dialogs() == 0 })
}

func eventuallyTrue(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for tick := time.NewTicker(time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

// bye hangs up for the target.
func (tr *transferring) bye() {
	tr.t.Helper()
	p, invite := tr.target, tr.invite
	p.send(fmt.Sprintf("BYE sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-bye\r\nFrom: %s;tag=far\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 BYE\r\n\r\n",
		p.addr(), invite.Header("To"), invite.Header("From"), invite.Header("Call-ID")), p.from)
	p.expect("200")
}

// The call goes on with the one that it was transferred to: the caller is told how
// that goes, hangs up, and the BYE of the new far end ends the call.
func TestFollow(t *testing.T) {
	tr := transferred(t)
	p := tr.target
	if i := tr.invite; i.URI() != "sip:200@"+p.addr().String() || i.Header("Replaces") != "a@b;to-tag=x;from-tag=y" ||
		i.Header("Referred-By") != "<sip:boss@example.com>" || i.Header("X-Other") != "" || !strings.HasPrefix(i.Header("From"), "<sip:test@") {
		t.Errorf("INVITE:\n%s", i)
	}
	tr.told("100", "active;expires=")
	p.respond(tr.invite, 180, "far", "")
	tr.told("180", "active")
	p.respond(tr.invite, 180, "other", "") // another branch of a fork rings: nothing new
	p.respond(tr.invite, 200, "far", answer)
	ack := p.expect("ACK")
	if tag(ack.Header("To")) != "far" {
		t.Errorf("ACK:\n%s", ack)
	}
	tr.told("200", "terminated;reason=noresource")
	p.respond(tr.invite, 200, "far", answer) // its ACK was lost
	p.expect("ACK")
	tr.caller.Hold() // too late: the caller has transferred the call
	tr.await("481")
	tr.caller.Bye()
	tr.await("200")
	call := tr.stage.Call()
	if call.State() != core.Confirmed || call.Codec() != "PCMA" || tr.server.Call(call.ID()) != call {
		t.Fatalf("%s, codec %s", call.State(), call.Codec())
	}
	if _, err := call.SendInfo("text/plain", "hello", nil); err != nil {
		t.Fatal(err)
	}
	info := p.expect("INFO")
	if info.Header("Call-ID") != tr.invite.Header("Call-ID") || tag(info.Header("To")) != "far" {
		t.Errorf("INFO:\n%s", info)
	}
	p.respond(info, 200, "", "")
	p.respond(tr.invite, 200, "late", answer) // another branch of a fork answers, too
	p.expect("ACK")
	bye := p.expect("BYE")
	p.respond(bye, 200, "", "")
	if tag(bye.Header("To")) != "late" || call.State() != core.Confirmed {
		t.Errorf("%s, BYE:\n%s", call.State(), bye)
	}
	tr.bye()
	tr.ends("caller")
	tr.noted("INVITE", 3)
	tr.noted("REFER", 1)
}

// noted counts the requests of a method in the journal of the call.
func (tr *transferring) noted(method string, want int) {
	tr.t.Helper()
	r, _ := tr.store.Get(tr.stage.Call().ID())
	n := 0
	for _, e := range r.Entries {
		if e.Kind == journal.KindMessage && strings.HasPrefix(string(e.Raw), method+" ") {
			n++
		}
	}
	if n != want {
		tr.t.Errorf("%d requests %s in the journal, want %d", n, method, want)
	}
	if all := tr.store.List(journal.Filter{}); len(all) != 1 {
		tr.t.Errorf("%d calls are recorded, want 1", len(all))
	}
}

// The caller does not hang up, so we do.
func TestFollowEndsTheOldDialog(t *testing.T) {
	tr := transferred(t)
	tr.told("100", "active")
	tr.target.respond(tr.invite, 200, "far", answer)
	tr.target.expect("ACK")
	tr.told("200", "terminated")
	began := time.Now()
	if !tr.caller.Await(10*time.Second, func(c *coretest.Caller) bool { return c.State().ByServer }) || time.Since(began) < 4*time.Second {
		t.Errorf("a BYE after %v, want 5 s", time.Since(began))
	}
	if tr.stage.Call().State() != core.Confirmed {
		t.Fatal("the call has ended")
	}
	_ = tr.stage.Call().Hangup(core.HangupOptions{})
	bye := tr.target.expect("BYE")
	tr.target.respond(bye, 200, "", "")
	tr.ends("script")
}

// The one that it was transferred to refuses: the call goes on with its caller.
func TestFollowRefused(t *testing.T) {
	tr := transferred(t)
	tr.told("100", "active")
	tr.caller.Send(withHeader(tr.caller.NewRequest("REFER"), "Refer-To", "<sip:300@192.0.2.9>"))
	tr.await("491")
	tr.target.respond(tr.invite, 486, "far", "")
	tr.target.expect("ACK")
	tr.told("486", "terminated;reason=noresource")
	if tr.stage.Call().State() != core.Confirmed {
		t.Fatal("the call has ended")
	}
	tr.caller.Hold()
	tr.await("200")
	tr.caller.Bye()
	tr.ends("caller")
}

func withHeader(m coretest.Message, name, value string) coretest.Message {
	m.Fields = append(m.Fields, core.Header{Name: name, Value: value})
	return m
}

// The answer is of no use: ACK and BYE for the one, 488 for the other.
func TestFollowUnusableAnswer(t *testing.T) {
	tr := transferred(t)
	tr.told("100", "active")
	tr.target.respond(tr.invite, 200, "far", strings.Replace(answer, "RTP/AVP 8", "RTP/AVP 9", 1))
	tr.target.expect("ACK")
	tr.target.respond(tr.target.expect("BYE"), 200, "", "")
	tr.told("488", "terminated")
	tr.caller.Bye()
	tr.ends("caller")
}

// Phones hang up as soon as their REFER is accepted. The call waits for the answer,
// and ends without one.
func TestFollowAfterBye(t *testing.T) {
	for name, status := range map[string]int{"answered": 200, "refused": 603} {
		t.Run(name, func(t *testing.T) {
			tr := transferred(t)
			tr.told("100", "active")
			tr.caller.Bye()
			tr.await("200")
			call := tr.stage.Call()
			if _, err := call.Hold(true, nil); err == nil || call.State() != core.Confirmed {
				t.Errorf("%s, hold: %v", call.State(), err)
			}
			if status != 200 {
				tr.target.respond(tr.invite, status, "far", "")
				tr.target.expect("ACK")
				tr.ends("caller")
				return
			}
			tr.target.respond(tr.invite, 200, "far", answer)
			tr.target.expect("ACK")
			eventuallyTrue(t, "one dialog is left", func() bool { return tr.server.Dialogs() == 1 })
			tr.bye()
			tr.ends("caller")
			if m := tr.caller.Messages(); strings.Contains(fmt.Sprint(m[tr.taken:]), "NOTIFY") {
				t.Errorf("the caller was told more after its BYE: %v", m[tr.taken:])
			}
		})
	}
}

// The script hangs up while the other one rings, and the server closes meanwhile.
func TestFollowGivenUp(t *testing.T) {
	for name, end := range map[string]func(*transferring){
		"hangup": func(tr *transferring) { _ = tr.stage.Call().Hangup(core.HangupOptions{}) },
		"parted": func(tr *transferring) {
			tr.caller.Bye()
			tr.await("200")
			_ = tr.stage.Call().Hangup(core.HangupOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := transferred(t, core.Header{Name: "Refer-Sub", Value: "false"})
			tr.target.respond(tr.invite, 180, "far", "")
			end(tr)
			cancel := tr.target.expect("CANCEL")
			tr.target.respond(cancel, 200, "far", "")
			tr.target.respond(tr.invite, 487, "far", "")
			tr.target.expect("ACK")
			tr.ends("script")
			for _, m := range tr.caller.Messages() {
				if m.Method() == "NOTIFY" {
					t.Errorf("it wanted no NOTIFY:\n%s", m)
				}
			}
		})
	}
}
