package scripting

import (
	"strings"
	"testing"
)

// TestFault: what the call is asked for, and what a script is told when it may not ask.
func TestFault(t *testing.T) {
	for _, c := range []struct {
		name, script string
		allow        bool
		saw, log     string
	}{
		{"everything", `call:fault{ on = 200, skip = 1, times = 2, delay = "50ms", dup = 3, also = true, status = 486, remove = "Allow", ` +
			`set = { CSeq = "7 INVITE", Contact = "x" }, add = { ["X-A"] = 1 }, body = "v=0\n" }`, true,
			`0s fault {On:200 Ignore: Skip:1 Times:2 Drop:false Delay:50ms Copies:3 Also:true Status:486 Remove:[Allow] Set:[{Name:CSeq Value:7 INVITE} {Name:Contact Value:x}] Add:[{Name:X-A Value:1}] Body:<nil>} body "v=0\n"`, ""},
		{"always", `call:fault{ ignore = "BYE", times = true }`, true,
			`0s fault {On: Ignore:BYE Skip:0 Times:0 Drop:false Delay:0s Copies:0 Also:false Status: Remove:[] Set:[] Add:[] Body:<nil>} body "none"`, ""},
		{"an empty body", `call:fault{ on = "200", body = "" }`, true, `body ""`, ""},
		{"its handle", `local f = call:fault{ on = "180", drop = true } log.info("spoilt " .. f:count()) f:cancel()`, true, "0s fault cancelled", "spoilt 3"},
		{"not allowed", `call:fault{ on = "180", drop = true }`, false, "", "default.lua:1: call:fault: not allowed here: write allow_faults = true into [scripting]"},
		{"raw", `call:send_raw("FOO ${uri} SIP/2.0\n")`, true, `0s raw "FOO ${uri} SIP/2.0\n"`, ""},
		{"raw, not allowed", `call:send_raw("FOO")`, false, "", "default.lua:1: call:send_raw: not allowed here: write allow_faults = true"},
		{"impossible", `call:fault{ on = "999", drop = true }`, true, "", "default.lua:1: call:fault: 999 is no status"},
		{"too often", `call:fault{ on = "200", dup = 11 }`, true, "", "option dup: 11 is not within 0 to 10"},
		{"unknown", `call:fault{ on = "200", delai = 1 }`, true, "", `no option "delai"; did you mean "delay"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{AllowFaults: c.allow, FS: files("default.lua", "function on_call(call) "+c.script+" end")}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				if c.saw != "" && !strings.Contains(s.call.told(), c.saw) || c.saw == "" && (strings.Contains(s.call.told(), "fault") || strings.Contains(s.call.told(), "raw")) {
					t.Errorf("the call saw\n%s\nwant %q", s.call.told(), c.saw)
				}
				if !strings.Contains(strings.ReplaceAll(s.log.String(), `\"`, `"`), c.log) {
					t.Errorf("log\n%s\nwant %q", s.log, c.log)
				}
			})
		})
	}
}
