package scripting

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func TestGather(t *testing.T) {
	cases := []struct {
		name, options string
		keys          string // "1s:12 5s:#": what is pressed when, after the answer
		want          string
		ended         time.Duration // when gather returned
	}{
		{"finish", `{}`, "1s:12 2s:3#", "digits=123 reason=ok", 2 * time.Second},
		{"max", `{ max = 2 }`, "1s:123", "digits=12 reason=ok", time.Second},
		{"no digits", `{}`, "", `digits="" reason=timeout`, 5 * time.Second},
		{"pause between digits", `{ interdigit = 1 }`, "1s:12 3s:3", "digits=12 reason=ok", 2 * time.Second},
		{"too few at the end of time", `{ min = 4 }`, "1s:12", "digits=12 reason=timeout", 4 * time.Second},
		{"too few at finish", `{ min = 4 }`, "1s:12#", "digits=12 reason=invalid", time.Second},
		{"none at finish", `{}`, "1s:#", `digits="" reason=invalid`, time.Second},
		{"none is enough", `{ min = 0 }`, "1s:#", `digits="" reason=ok`, time.Second},
		{"matches", `{ max = 2, match = "[1-4]+" }`, "1s:14", "digits=14 reason=ok", time.Second},
		{"does not match", `{ max = 2, match = "[1-4]" }`, "1s:14", "digits=14 reason=invalid", time.Second},
		{"second try", `{ max = 1, match = "1", tries = 2 }`, "1s:2 2s:1", "digits=1 reason=ok", 2 * time.Second},
		{"all tries", `{ max = 1, match = "1", tries = 2 }`, "1s:2 2s:3 3s:1", "digits=3 reason=invalid", 2 * time.Second},
		{"no finish", `{ finish = false, max = 3 }`, "1s:1#2", "digits=1#2 reason=ok", time.Second},
		{"star finishes", `{ finish = "*", max = 9 }`, "1s:1#*", "digits=1# reason=ok", time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			script := `
function on_call(call)
  call:answer{ wait_ack = false }
  local digits, reason = call:gather` + c.options + `
  log.info("got", { digits = digits, reason = reason, took = call:elapsed() })
end`
			perform(t, script, func(s *stage) {
				for _, press := range strings.Fields(c.keys) {
					when, digits, _ := strings.Cut(press, ":")
					d, err := time.ParseDuration(when)
					if err != nil {
						t.Fatal(err)
					}
					s.wait(time.Until(s.call.begin.Add(d)))
					s.call.press(digits)
				}
				s.finish()
				s.expectLog(fmt.Sprintf("%s took=%g", c.want, c.ended.Seconds()))
			})
		})
	}
}

func TestTypeAhead(t *testing.T) {
	perform(t, `
function on_call(call)
  call:answer()
  call:sleep(5)
  local digit, info = call:read_digit()
  log.info("first", { digit = digit, ms = info.duration_ms, via = info.via })
  log.info("rest", { digits = call:gather{ max = 2 } })
  log.info("flushed", { count = call:flush_digits() })
  log.info("none", { digit = tostring(call:read_digit("1s")) })
end`, func(s *stage) {
		s.wait(time.Second)
		s.call.press("123456")
		s.finish()
		s.expectLog("msg=first", "digit=1 ms=100 via=rfc4733", "digits=23", "count=3", "digit=nil")
	})
}

func TestSensitiveDigitsStayOutOfTheLog(t *testing.T) {
	perform(t, `
function on_call(call)
  call:answer()
  call:gather{ max = 4, sensitive = true }
end`, func(s *stage) {
		s.wait(time.Second)
		s.call.press("4711")
		s.finish()
		s.expectNoLog("4711")
	})
}
