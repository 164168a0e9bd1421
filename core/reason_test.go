package core

import (
	"testing"

	"github.com/emiago/sipgo/sip"
)

func TestReason(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		text   string
		q850   int
	}{
		{"none", nil, "", 0},
		{"text and cause", []string{`Q.850;cause=16;text="Normal, call clearing"`}, "Normal, call clearing", 16},
		{"white space and case", []string{`q.850 ; Cause = 31 ; Text = "x"`}, "x", 31},
		{"escapes", []string{`SIP;text="say \"a;b\" \\"`}, `say "a;b" \`, 0},
		{"SIP alone", []string{`SIP;cause=200;text="elsewhere"`}, "elsewhere", 0},
		{"two in one", []string{`SIP;cause=600, Q.850;cause=17;text=busy`}, "busy", 17},
		{"two fields", []string{`SIP;text="a"`, `Q.850;cause=18;text="b"`}, "a", 18},
		{"out of range", []string{`Q.850;cause=128`}, "", 0},
		{"no parameters", []string{`because`}, "because", 0},
		{"open quote", []string{`Q.850;cause=16;text="abc`}, `"abc`, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := sip.NewRequest(sip.BYE, sip.Uri{})
			for _, v := range c.values {
				req.AppendHeader(sip.NewHeader("Reason", v))
			}
			if text, q850 := reasonOf(req); text != c.text || q850 != c.q850 {
				t.Errorf("%q, %d, want %q, %d", text, q850, c.text, c.q850)
			}
		})
	}
}
