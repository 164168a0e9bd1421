package scripting

import (
	"strings"
	"testing"
)

// TestImpair: what the call is asked for, and what a script is told when it may not ask.
func TestImpair(t *testing.T) {
	for _, c := range []struct {
		name, script string
		allow        bool
		saw, log     string
	}{
		{"everything", `call:impair{ loss = 5, burst = 3, dup = 1, reorder = 2, delay = "50ms", jitter = 0.01, seed = 7 }`, true,
			"0s impair {Loss:0.05 Burst:3 Duplicate:0.01 Reorder:0.02 Delay:50ms Jitter:10ms Seed:7}", ""},
		{"nothing", `call:impair()`, true, "0s impair {Loss:0 Burst:1 Duplicate:0 Reorder:0 Delay:0s Jitter:0s Seed:0}", ""},
		{"not allowed", `call:impair{ loss = 5 }`, false, "", "default.lua:1: call:impair: not allowed here: write allow_impair = true into [scripting]"},
		{"out of range", `call:impair{ loss = 101 }`, true, "", "option loss: 101 is not within 0 to 100 %"},
		{"impossible bursts", `call:impair{ loss = 99, burst = 2 }`, true, "", "default.lua:1: call:impair: loss: 99 % cannot come in bursts of 2 packets: at most 66.7 % can"},
		{"too late", `call:impair{ delay = 20 }`, true, "", "is not within 0 to 5s"},
		{"unknown", `call:impair{ los = 5 }`, true, "", `no option "los"; did you mean "loss"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{AllowImpair: c.allow, FS: files("default.lua", "function on_call(call) "+c.script+" end")}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				if c.saw != "" && !strings.Contains(s.call.told(), c.saw) || c.saw == "" && strings.Contains(s.call.told(), "impair") {
					t.Errorf("the call saw\n%s\nwant %q", s.call.told(), c.saw)
				}
				if !strings.Contains(strings.ReplaceAll(s.log.String(), `\"`, `"`), c.log) {
					t.Errorf("log\n%s\nwant %q", s.log, c.log)
				}
			})
		})
	}
}
