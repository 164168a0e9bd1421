package route

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern string
		yes, no []string
	}{
		{"100", []string{"100"}, []string{"1000", "10", ""}},
		{"", []string{""}, []string{"1"}},
		{"_9X.", []string{"901", "9199"}, []string{"90", "9", "8011", "9a1"}},
		{"_9X!", []string{"90", "901"}, []string{"9"}},
		{"_NXXZ", []string{"2001"}, []string{"1001", "2000", "20011"}},
		{"_[1-35]X", []string{"10", "29", "50"}, []string{"40", "1"}},
		{"_1-800-NXX", []string{"1800200"}, []string{"1-800-200"}},
		{"_.", []string{"1", "x y", "é"}, []string{""}},
		{"_!", []string{"", "1"}, nil},
		{"_[a-c9-]1", []string{"a1", "c1", "91", "-1"}, []string{"d1", "81"}},
		{"_+49.", []string{"+4930"}, []string{"+49", "4930"}},
		{`/^\+49(30|40)/`, []string{"+4930123"}, []string{"+4989", "0+4930"}},
		{"/a.c/", []string{"xabcx"}, []string{"ac"}},
	}
	for _, tt := range tests {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		for _, s := range tt.yes {
			if !p.Match(s) {
				t.Errorf("%q does not match %q", tt.pattern, s)
			}
		}
		for _, s := range tt.no {
			if p.Match(s) {
				t.Errorf("%q matches %q", tt.pattern, s)
			}
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"_":      "nothing follows",
		"_9.1":   `'.' must be the last`,
		"_[12":   "has no end",
		"_[]1":   "is empty",
		"_[^1]2": "digits, letters and ranges only",
		"_[9-1]": "the range 9-1 runs backwards",
		"_--":    "only dashes",
		"/(/":    "missing closing )",
	} {
		if _, err := ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%q: error %v, want %q", pattern, err, want)
		}
	}
}

// A regular expression is not tried on text of any length; what the others cost is bound by the pattern.
func TestLongText(t *testing.T) {
	long := strings.Repeat("9", maxMatched+1)
	for pattern, want := range map[string]bool{"/9/": false, "_9.": true, "_9X": false, long: true} {
		p, err := ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(long); got != want {
			t.Errorf("%.10s matches a text of %d bytes: %v, want %v", pattern, len(long), got, want)
		}
	}
}

// A caller does not choose how many values are looked at either.
func TestManyHeaderFields(t *testing.T) {
	table, err := New([]Rule{{Header: map[string]string{"X": "b"}, Script: "x"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	values := append(slices.Repeat([]string{"a"}, maxValues-1), "b")
	f := Facts{Header: func(string) []string { return values }}
	none := func(string) bool { return false }
	if _, number := table.Pick(f, none); number != 1 {
		t.Errorf("value %d of %d is not seen", len(values), maxValues)
	}
	values = append([]string{"a"}, values...)
	if _, number := table.Pick(f, none); number != 0 {
		t.Errorf("value %d is looked at", len(values))
	}
}

func TestTable(t *testing.T) {
	table, err := New([]Rule{
		{To: "100", Script: "hundred"},
		{To: "_9X.", From: "/^\\+49/", Script: "german"},
		{Source: "10.0.0.0/8", Header: map[string]string{"X-Env": "test"}, Script: "lab"},
		{Source: "fe80::/10", Script: "link"},
		{Source: "::ffff:192.0.2.0/120", Script: "mapped"},
		{Trunk: "carrier", Script: "carrier"},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	env := func(values ...string) func(string) []string {
		return func(name string) []string {
			if name == "X-Env" {
				return values
			}
			return nil
		}
	}
	all := func(script string) bool { return script == "menu" || script == "default" }
	only := func(script string) bool { return script == "menu" }
	addr := netip.MustParseAddr
	tests := []struct {
		name   string
		facts  Facts
		exists func(string) bool
		want   string
		number int
		why    string // the reasons, one a line
	}{
		{"exact", Facts{To: "100"}, all, "hundred", 1, "to 100"},
		{"two conditions", Facts{To: "911", From: "+4930"}, all, "german", 2, "to \"911\" does not match 100\nto _9X., from /^\\+49/"},
		{"one of two", Facts{To: "911", From: "+1"}, all, "default", 0, `from "+1" does not match /^\+49/`},
		{"source and header", Facts{To: "x", Source: addr("10.1.2.3"), Header: env("prod", "test")}, all, "lab", 3, "source 10.0.0.0/8, header X-Env test"},
		{"trunk", Facts{Trunk: "carrier"}, all, "carrier", 6, "trunk carrier"},
		{"another trunk", Facts{Trunk: "other"}, all, "default", 0, "trunk other is not carrier"},
		{"no trunk", Facts{}, all, "default", 0, "no trunk, not carrier"},
		{"mapped source", Facts{Source: addr("::ffff:10.1.2.3"), Header: env("test")}, all, "lab", 3, ""},
		{"mapped rule", Facts{Source: addr("192.0.2.9")}, all, "mapped", 5, ""},
		{"no header", Facts{Source: addr("10.1.2.3")}, all, "default", 0, "there is no header X-Env"},
		{"another header", Facts{Source: addr("10.1.2.3"), Header: env("prod")}, all, "default", 0, `header X-Env "prod" does not match test`},
		{"other headers", Facts{Source: addr("10.1.2.3"), Header: env("a", "b")}, all, "default", 0, `none of header X-Env ["a" "b"] matches test`},
		{"IPv6 with a zone", Facts{Source: addr("fe80::1%eth0")}, all, "link", 4, ""},
		{"no source", Facts{}, all, "default", 0, "source unknown, not in 10.0.0.0/8"},
		{"by user", Facts{To: "menu"}, all, "menu", 0, `there is a script named like the called user "menu"`},
		{"nothing", Facts{To: "nobody"}, all, "default", 0, `no route matches and there is no script named like the called user "nobody"`},
		{"not even default", Facts{To: "nobody"}, only, "", 0, `, and there is no script "default"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, number := table.Pick(tt.facts, tt.exists); got != tt.want || number != tt.number {
				t.Errorf("Pick = %q, %d, want %q, %d", got, number, tt.want, tt.number)
			}
			d := table.Explain(tt.facts, tt.exists)
			why := strings.Join(append(d.Missed, d.Why), "\n")
			if d.Script != tt.want || d.Number != tt.number || !strings.Contains(why, tt.why) {
				t.Errorf("Explain = %q, %d because\n%s\nwant %q, %d because\n%s", d.Script, d.Number, why, tt.want, tt.number, tt.why)
			}
			if d.Number == 0 && len(d.Missed) != 6 || d.Number > 0 && len(d.Missed) != d.Number-1 {
				t.Errorf("rule %d matches, and %d are said not to", d.Number, len(d.Missed))
			}
		})
	}
}

// Routing is on the way of every call.
func TestPickAllocatesNothing(t *testing.T) {
	table, err := New([]Rule{
		{To: "_9X.", From: "/^1/", Script: "a"}, {Source: "10.0.0.0/8", Header: map[string]string{"X": "_1."}, Script: "b"},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	values := []string{"2", "3"}
	f := Facts{To: "911", From: "2", Source: netip.MustParseAddr("10.0.0.1"), Header: func(string) []string { return values }}
	none := func(string) bool { return false }
	if n := testing.AllocsPerRun(100, func() { table.Pick(f, none) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestNotByUser(t *testing.T) {
	table, err := New(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := table.Pick(Facts{To: "menu"}, func(string) bool { return true }); got != Fallback {
		t.Errorf("Pick = %q", got)
	}
}

func TestShadowed(t *testing.T) {
	env := func(v string) map[string]string { return map[string]string{"x-env": v} }
	tests := []struct {
		name         string
		first, later Rule
		want         bool
	}{
		{"after a rule for every call", Rule{}, Rule{To: "1"}, true},
		{"same number", Rule{To: "1"}, Rule{To: "1", From: "2"}, true},
		{"a number of the pattern", Rule{To: "_9X."}, Rule{To: "911"}, true},
		{"another number", Rule{To: "_9X."}, Rule{To: "811"}, false},
		{"wider pattern", Rule{To: "_9XX"}, Rule{To: "_9X."}, false},
		{"every call after one", Rule{To: "1"}, Rule{}, false},
		{"inner network", Rule{Source: "10.0.0.0/8"}, Rule{Source: "10.1.0.0/16"}, true},
		{"outer network", Rule{Source: "10.1.0.0/16"}, Rule{Source: "10.0.0.0/8"}, false},
		{"one more condition first", Rule{To: "1", From: "2"}, Rule{To: "1"}, false},
		{"same trunk", Rule{Trunk: "a"}, Rule{Trunk: "a", To: "1"}, true},
		{"another trunk", Rule{Trunk: "a"}, Rule{Trunk: "b"}, false},
		{"every trunk", Rule{Trunk: "a"}, Rule{}, false},
		{"same header", Rule{Header: env("/t/")}, Rule{Header: map[string]string{"X-Env": "test"}}, true},
		{"another header", Rule{Header: env("a")}, Rule{Header: env("b")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.first.Script, tt.later.Script = "a", "b"
			table, err := New([]Rule{tt.first, tt.later}, false)
			if err != nil {
				t.Fatal(err)
			}
			want := map[int]int{}
			if tt.want {
				want[2] = 1
			}
			if got := table.Shadowed(); !maps.Equal(got, want) {
				t.Errorf("Shadowed = %v, want %v", got, want)
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	for want, r := range map[string]Rule{
		"route 1: script: is empty":                              {To: "1"},
		"route 1: to: pattern _: ":                               {To: "_", Script: "x"},
		`source: "10.0.0" is neither an IP address nor a prefix`: {Source: "10.0.0", Script: "x"},
		"header X: pattern /(/: ":                                {Header: map[string]string{"X": "/(/"}, Script: "x"},
		"header X-Env: : is no name of a header field":           {Header: map[string]string{"X-Env: ": ""}, Script: "x"},
		"header : is no name":                                    {Header: map[string]string{"": ""}, Script: "x"},
	} {
		if _, err := New([]Rule{r}, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestTableTellsAllErrors(t *testing.T) {
	_, err := New([]Rule{{To: "_"}, {Source: "x", Script: "y"}}, false)
	var wrong Errors
	if !errors.As(err, &wrong) || len(wrong) != 3 || wrong[0].Key != "script" || wrong[1].Key != "to" || wrong[2].Number != 2 {
		t.Errorf("error %v", err)
	}
}

// The costs of a call that no rule of a large table matches.
func BenchmarkPick(b *testing.B) {
	for _, kind := range []struct {
		name string
		rule func(i int) Rule
	}{
		{"exact", func(i int) Rule { return Rule{To: strconv.Itoa(1000 + i)} }},
		{"asterisk", func(i int) Rule { return Rule{To: "_+49" + strconv.Itoa(1000+i) + "X."} }},
		{"RE2", func(i int) Rule { return Rule{To: `/^\+49` + strconv.Itoa(1000+i) + `[0-9]+$/`} }},
		{"source", func(i int) Rule { return Rule{Source: fmt.Sprintf("10.%d.0.0/16", i)} }},
	} {
		var rules []Rule
		for i := range 100 {
			r := kind.rule(i)
			r.Script = "x"
			rules = append(rules, r)
		}
		table, err := New(rules, true)
		if err != nil {
			b.Fatal(err)
		}
		f := Facts{To: "+4930123456", From: "+4989", Source: netip.MustParseAddr("192.0.2.1")}
		b.Run(kind.name+" 100 rules", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if script, _ := table.Pick(f, func(s string) bool { return s == Fallback }); script != Fallback {
					b.Fatal(script)
				}
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("_9X.", "911")
	f.Add("/^a+$/", "aaa")
	f.Add("_[a-", "")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		p, err := ParsePattern(pattern)
		if err == nil && p.String() != pattern {
			t.Errorf("%q became %q", pattern, p)
		}
		if err == nil && pattern == s && pattern != "" && pattern[0] != '_' && pattern[0] != '/' && !p.Match(s) {
			t.Errorf("%q does not match itself", s)
		}
	})
}

func TestUnescape(t *testing.T) {
	for user, want := range map[string]string{"100": "100", "%31%300": "100", "*21%23": "*21#", "a+b": "a+b", "50%": "50%", "%zz": "%zz"} {
		if got := Unescape(user); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", user, got, want)
		}
	}
}
