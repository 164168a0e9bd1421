package e2e

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// playsOn goes on playing whoever hears it, and tells of hold and of the end.
const playsOn = `
function on_call(call)
  call:answer()
  call:tone(440, { duration = "60s" })
end
function on_hold(call) log.info("held") end
function on_resume(call) log.info("resumed") end
function on_hangup(call, info) log.info("over", { by = info.by }) end`

// hearsFor answers and hangs up after a second.
const hearsFor = `
function on_call(call)
  call:answer()
  call:sleep("1s")
  call:hangup()
end`

// SIPp leaves the offer to the server, changes the session by UPDATE, and overlaps re-INVITEs.
func TestSIPpDelayedOffer(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0")
	sipp(t, s, time.Minute, "-sf", scenario(t, "delayed_offer.xml"), "-m", "10", "-r", "10").clean(t, 10)
	eventually(t, 5*time.Second, "all calls are over", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0
	})
}

// SIPp transfers our calls to another Offhook, which hears what the script plays.
func TestSIPpRefers(t *testing.T) {
	s, other := start(t, playsOn, "sip.accept_refer=true"), start(t, hearsFor)
	sipp(t, s, time.Minute, "-sf", scenario(t, "refer.xml"), "-key", "target", "127.0.0.1:"+other.port, "-m", "5", "-r", "5").clean(t, 5)
	heard(t, s, other, 5)
}

// heard checks that calls of s have gone on with the other one, and ended when that hung up.
func heard(t *testing.T, s, other *server, calls int) {
	t.Helper()
	eventually(t, 10*time.Second, "all calls are over", func() bool {
		_, h := s.status()
		_, o := other.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0 && o["active_calls"] == 0.0 && len(s.out.lines("over")) == calls
	})
	if n := len(s.out.lines("transferred")); n != calls {
		t.Errorf("%d calls were transferred, want %d", n, calls)
	}
	for _, l := range s.out.lines("over") {
		if l["by"] != "caller" {
			t.Errorf("the script got %v", l)
		}
	}
	lines := other.out.lines("call ended")
	if len(lines) != calls {
		t.Errorf("%d calls came to the other one, want %d", len(lines), calls)
	}
	for _, l := range lines {
		if received, _ := l["received"].(float64); received < 30 || l["by"] != "script" {
			t.Errorf("the other one heard %v packets, want 50: %v", received, l)
		}
	}
}

// SIPp answers our call as a proxy that forks: the second answer gets ACK and BYE, and the call goes on with the first.
func TestSIPpForks(t *testing.T) {
	path := peer(t, "sipp")
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	forks := exec.Command(path, "-sf", scenario(t, "forks.xml"), "-i", "127.0.0.1", "-p", port, "-m", "1", "-nostdin", "-timeout", "20s", "-timeout_error")
	log := newOutput()
	forks.Dir, forks.Stdout, forks.Stderr = t.TempDir(), log, log
	if err := forks.Start(); err != nil {
		t.Fatal(err)
	}
	out, code := command(t, time.Minute, binary, "call", "--max", "1s", "sip:test@127.0.0.1:"+port) // repeats its INVITE until SIPp listens
	if code != 0 {
		t.Errorf("offhook call: exit code %d\n%s", code, out)
	}
	if err := forks.Wait(); err != nil { // -timeout ends it
		t.Errorf("SIPp: %v\n%s", err, log)
	}
}

// baresip holds and resumes our call and transfers it to another Offhook.
func TestBaresipTransfersUs(t *testing.T) {
	s, other := start(t, playsOn, "sip.accept_refer=true"), start(t, hearsFor)
	b := startBaresip(t, s)
	b.await("CALL_ESTABLISHED")
	b.command("hold", "")
	s.find(`"msg":"held"`)
	b.command("resume", "")
	s.find(`"msg":"resumed"`)
	b.command("transfer", "sip:test@127.0.0.1:"+other.port)
	b.await("CALL_CLOSED")
	heard(t, s, other, 1)
}

// The script transfers baresip to another Offhook.
func TestBaresipIsTransferred(t *testing.T) {
	other := start(t, hearsFor)
	s := start(t, `
function on_call(call)
  call:answer()
  call:sleep("300ms")
  local ok, status = call:transfer("sip:test@127.0.0.1:`+other.port+`", { timeout = "10s" })
  log.info("outcome", { ok = ok, status = status })
end`)
	b := startBaresip(t, s)
	b.await("CALL_ESTABLISHED")
	s.find(`"msg":"outcome","ok":true,"status":200|"msg":"outcome".*"ok":true`)
	eventually(t, 10*time.Second, "the other one was called", func() bool { return len(other.out.lines("call ended")) == 1 })
}

// A call over two Kamailios, which stay in the dialog: what either side sends in it follows the route set.
func TestKamailioTwoHops(t *testing.T) {
	s := start(t, `
function on_call(call)
  call:answer()
  local held = call:hold()
  local resumed = call:hold(false)
  log.info("in dialog", { held = held, resumed = resumed })
  if call.to.user == "we" then call:hangup() end
  call:wait("hangup")
end`)
	second, secondLog := startKamailio(t, "kamailio_hop.cfg", "NEXT", s.port)
	first, firstLog := startKamailio(t, "kamailio_hop.cfg", "NEXT", second)
	for _, who := range []string{"we", "they"} {
		out, code := command(t, time.Minute, binary, "call", "--max", "2s", "sip:"+who+"@127.0.0.1:"+first)
		if code != 0 || strings.Contains(out, "BYE from far end") != (who == "we") {
			t.Errorf("%s hang up: exit code %d\n%s", who, code, out)
		}
	}
	eventually(t, 5*time.Second, "all calls are over", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0
	})
	lines := s.out.lines("in dialog")
	if len(lines) != 2 {
		t.Errorf("%d calls came, want 2", len(lines))
	}
	for _, l := range lines {
		if l["held"] != true || l["resumed"] != true {
			t.Errorf("the script got %v", l)
		}
	}
	for name, log := range map[string]*output{"first": firstLog, "second": secondLog} {
		for what, want := range map[string]int{"loose BYE": 2, "loose INVITE": 4, "loose ACK": 6, "lost": 0} {
			if n := strings.Count(log.String(), what); n != want {
				t.Errorf("the %s Kamailio: %d times %q, want %d", name, n, what, want)
			}
		}
	}
}
