package e2e

import (
	"testing"
	"time"
)

// SIPp is held, resumed and transferred by a script, and tells of the new call.
func TestSIPpHoldAndTransfer(t *testing.T) {
	s := start(t, `
function on_call(call)
  call:answer()
  local held, code = call:hold()
  call:tone(425, { duration = "200ms" })
  local resumed = call:hold(false)
  local ok, status = call:transfer("sip:200@192.0.2.9", { timeout = "5s" })
  log.info("transferred", { held = held, code = code, resumed = resumed, ok = ok, status = status })
  call:wait("hangup")
end`)
	sipp(t, s, time.Minute, "-sf", scenario(t, "transfer.xml"), "-m", "10", "-r", "10").clean(t, 10)
	eventually(t, 5*time.Second, "all calls are over and were transferred", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0 && len(s.out.lines("transferred")) == 10
	})
	for _, l := range s.out.lines("transferred") {
		if l["held"] != true || l["code"] != 200.0 || l["resumed"] != true || l["ok"] != true || l["status"] != 200.0 {
			t.Errorf("the script got %v", l)
		}
	}
}

// SIPp sends MESSAGE, and the script a key by INFO in return.
func TestSIPpMessage(t *testing.T) {
	s := start(t, `
function on_call(call)
  call:answer()
  call:wait("hangup")
end
function on_message(call, text)
  log.info("message", { text = text, ok = call:send_dtmf("5", { via = "auto" }) })
end`)
	sipp(t, s, time.Minute, "-sf", scenario(t, "message.xml"), "-m", "5", "-r", "5").clean(t, 5)
	eventually(t, 5*time.Second, "all calls are over", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0
	})
	messages := s.out.lines("message")
	if len(messages) != 5 {
		t.Fatalf("%d messages came, want 5", len(messages))
	}
	for _, l := range messages {
		if l["text"] != "five please\r\n" && l["text"] != "five please" || l["ok"] != true {
			t.Errorf("the script got %v", l)
		}
	}
}
