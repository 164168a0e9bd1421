package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// reads tells in its BYE what it read, and logs it.
const reads = `
function on_call(call)
  call:answer()
  local digits, reason = call:gather{ max = 3, timeout = "10s" }
  local key, info = call:read_digit("10s")
  log.info("read", { digits = digits, key = key, via = info.via })
  call:hangup{ headers = { ["X-Digits"] = digits .. " " .. reason .. " " .. key, ["X-Via"] = info.via .. " " .. info.duration_ms } }
end`

// SIPp sends keys by RFC 4733 and by INFO, and looks at what comes back.
func TestGather(t *testing.T) {
	for _, via := range []string{"rfc4733", "info"} {
		t.Run(via, func(t *testing.T) {
			s := start(t, reads)
			sipp(t, s, time.Minute, "-sf", scenario(t, "gather_"+via+".xml"), "-m", "1").clean(t, 1)
		})
	}
}

// baresip's keys, as a person presses them.
func TestGatherBaresip(t *testing.T) {
	s := start(t, reads)
	b := startBaresip(t, s)
	b.await("CALL_ESTABLISHED")
	for _, key := range []string{"4", "7", "1", "*"} {
		b.command("sndcode", key)
	}
	b.await("CALL_CLOSED")
	read := s.out.lines("read")
	if len(read) != 1 || read[0]["digits"] != "471" || read[0]["key"] != "*" || read[0]["via"] != "rfc4733" {
		t.Errorf("the script read %v, want 471 and * by RFC 4733", read)
	}
}

func TestReject(t *testing.T) {
	s := start(t, `function on_call(call)
  call:ring()
  call:set_header("X-Until", "Monday")
  call:reject(603, "Not Today", { ["X-Why"] = "holiday" })
end`)
	sipp(t, s, time.Minute, "-sf", scenario(t, "reject.xml"), "-m", "10", "-r", "10").clean(t, 10)
	if want := `offhook_calls_ended_total{generation="1",outcome="refused",script="default"} 10`; !strings.Contains(s.metrics(), want+"\n") {
		t.Errorf("GET /metrics lacks %s", want)
	}
}

func TestRedirect(t *testing.T) {
	s := start(t, `function on_call(call) call:redirect({ "sip:200@192.0.2.7", "sip:300@192.0.2.8:5070;transport=tcp" }) end`)
	sipp(t, s, time.Minute, "-sf", scenario(t, "redirect.xml"), "-m", "10", "-r", "10").clean(t, 10)
}

// baresip hears a tone in a call that is never answered.
func TestEarlyMedia(t *testing.T) {
	path := peer(t, "baresip")
	s := start(t, `function on_call(call) call:progress() call:tone(425, { duration = "4s" }) call:reject(404) end`)
	dir := baresipConfig(t, "pcmu", "")
	baresipHears(t, path, dir, s.port, "6", 425, 8000)
	if _, h := s.status(); h["answered_calls"] != 0.0 || h["total_calls"] != 1.0 {
		t.Errorf("the call was answered: %v", h)
	}
}

// metrics reads /metrics.
func (s *server) metrics() string {
	s.t.Helper()
	res, err := http.Get(strings.TrimSuffix(s.health, "health") + "metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}
