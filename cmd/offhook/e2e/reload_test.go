package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const reloadable = `
-- edit %d
function on_call(call)
  call:ring()
  call:answer()
  call:tone(440, {duration = 2})
  call:hangup()
end
`

// 50 calls in flight while the script is saved 20 times, half of them broken:
// no call is harmed, and every good edit comes to life.
func TestReloadUnderLoad(t *testing.T) {
	peer(t, "sipp")
	s := start(t, fmt.Sprintf(reloadable, 0), "behavior.max_concurrent_calls=200")
	done := make(chan sippRun)
	go func() { // ends with SIPp, which -m bounds
		defer close(done)
		done <- sipp(t, s, 2*time.Minute, "-sn", "uac", "-m", "250", "-r", "40", "-d", "1500")
	}()
	eventually(t, 20*time.Second, "50 calls are in flight", func() bool {
		_, h := s.status()
		return h["active_calls"].(float64) >= 50
	})
	generation := 1.0
	for edit := 1; edit <= 20; edit++ {
		script := fmt.Sprintf(reloadable, edit)
		if edit%2 == 0 {
			s.save(strings.Replace(script, "call:answer()", "call:answer(", 1))
			eventually(t, time.Second, "the broken edit is refused", func() bool { return len(s.out.lines("scripts refused, the loaded ones stay")) >= edit/2 })
			continue
		}
		s.save(script)
		generation++
		eventually(t, time.Second, fmt.Sprintf("edit %d is live within 1 s", edit), func() bool {
			_, h := s.status()
			return h["generation"] == generation
		})
	}
	(<-done).clean(t, 250)
	for _, l := range s.out.lines("scripts refused, the loaded ones stay") {
		if text := fmt.Sprint(l); !strings.Contains(text, "default.lua:") {
			t.Errorf("a refused edit does not say where: %v", l)
		}
	}
	eventually(t, 5*time.Second, "no call is left and none failed", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 0.0 && h["total_calls"] == 250.0
	})
}
