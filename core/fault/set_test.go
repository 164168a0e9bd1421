package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func message(start, cseq string) []byte {
	return []byte(start + "\r\nVia: x\r\ncseq:  " + cseq + "\r\nContent-Length: 0\r\n\r\n")
}

// shown is what leaves, in a line.
func shown(out []Sending) string {
	if out == nil {
		return "as it is"
	}
	var all []string
	for _, s := range out {
		text := fmt.Sprintf("%v %q", s.After, s.Fault)
		if s.Dropped {
			text += " dropped"
		}
		if s.Copy {
			text += " copy"
		}
		if s.Bytes != nil {
			text += fmt.Sprintf(" %d fields", len(split(s.Bytes).fields))
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func TestSend(t *testing.T) {
	ok, bye := message("SIP/2.0 200 OK", "1 INVITE"), message("BYE sip:a SIP/2.0", "2 BYE")
	add := Edit{Add: []Header{{"X", "1"}}}
	for _, c := range []struct {
		name  string
		rules []Rule
		sent  []byte
		want  []string // for each time
	}{
		{"none", nil, ok, []string{"as it is"}},
		{"dropped", []Rule{{On: "200", Drop: true}}, ok, []string{`0s "dropped" dropped`}},
		{"another method", []Rule{{On: "200 BYE", Drop: true}}, ok, []string{"as it is"}},
		{"this method", []Rule{{On: "200 invite", Drop: true}}, ok, []string{`0s "dropped" dropped`}},
		{"a request", []Rule{{On: "BYE", Delay: time.Second}}, bye, []string{`1s "delayed 1s"`}},
		{"no response to it", []Rule{{On: "INVITE", Drop: true}}, ok, []string{"as it is"}},
		{"the second and third", []Rule{{On: "200", Skip: 1, Times: 2, Drop: true}}, ok,
			[]string{"as it is", `0s "dropped" dropped`, `0s "dropped" dropped`, "as it is"}},
		{"doubled", []Rule{{On: "200", Copies: 2, Edit: add}}, ok,
			[]string{`0s "edited" 4 fields; 0s "edited, doubled" copy 4 fields; 0s "edited, doubled" copy 4 fields`}},
		{"one more", []Rule{{On: "200", Also: true, Delay: time.Second}}, ok, []string{`0s ""; 1s "one more, delayed 1s"`}},
		{"two after another", []Rule{{On: "200", Delay: time.Second, Edit: add}, {On: "200", Delay: time.Second, Edit: add}}, ok,
			[]string{`2s "edited, delayed 1s, edited, delayed 1s" 5 fields`}},
		{"no more after a drop", []Rule{{On: "200", Drop: true, Times: 1}, {On: "200", Edit: add}}, ok,
			[]string{`0s "dropped" dropped`, `0s "edited" 4 fields`}},
		{"ignored", []Rule{{Ignore: "BYE"}}, bye, []string{"as it is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewSet(nil)
			for _, r := range c.rules {
				if _, err := s.Arm(r); err != nil {
					t.Fatal(err)
				}
			}
			for i, want := range c.want {
				if got := shown(s.Send(c.sent)); got != want {
					t.Errorf("time %d: %s\nwant %s", i+1, got, want)
				}
			}
		})
	}
}

func TestIgnores(t *testing.T) {
	s := NewSet(nil)
	armed, err := s.Arm(Rule{Ignore: "ACK", Skip: 1, Times: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for range 3 {
		got = append(got, s.Ignores("BYE", 0) || s.Ignores("INVITE", 200), s.Ignores("ACK", 0))
	}
	if want := []bool{false, false, false, true, false, false}; !slices.Equal(got, want) || armed.Count() != 1 {
		t.Errorf("ignored %v, %d; want %v", got, armed.Count(), want)
	}
	armed.Cancel()
	armed.Cancel()
	if len(s.rules) != 0 {
		t.Error("the rule is still in force")
	}
}

func TestBounds(t *testing.T) {
	s := NewSet(nil)
	for range MaxRules {
		if _, err := s.Arm(Rule{On: "200", Drop: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Arm(Rule{On: "200", Drop: true}); err == nil || !strings.Contains(err.Error(), "more than 32 faults") {
		t.Errorf("one more: %v", err)
	}
	for range maxPending {
		if !s.Hold() {
			t.Fatal("no room")
		}
	}
	if s.Hold() {
		t.Error("room without end")
	}
	if s.Release(); !s.Hold() {
		t.Error("no room where one has left")
	}
	long := strings.Repeat("x", MaxBody+1)
	for _, r := range []Rule{
		{On: "200", Edit: Edit{Body: &long}}, {On: "200", Edit: Edit{Status: "1\r\n"}}, {On: "200", Edit: Edit{Add: []Header{{"A", "b\nc"}}}},
		{On: "200", Edit: Edit{Remove: []string{"a b"}}}, {On: "200", Drop: true, Skip: -1}, {Ignore: "BYE", Drop: true}, {On: "700", Drop: true},
		{On: "x BYE", Drop: true}, {On: "1 2 3", Drop: true}, {},
	} {
		if _, err := NewSet(nil).Arm(r); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
