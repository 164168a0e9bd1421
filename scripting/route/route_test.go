package route

import (
	"net/netip"
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
		"_[9-1]": "invalid character class range",
		"/(/":    "missing closing )",
	} {
		if _, err := ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%q: error %v, want %q", pattern, err, want)
		}
	}
}

func TestTable(t *testing.T) {
	table, err := New([]Rule{
		{To: "100", Script: "hundred"},
		{To: "_9X.", From: "/^\\+49/", Script: "german"},
		{Source: "10.0.0.0/8", Header: map[string]string{"X-Env": "test"}, Script: "lab"},
		{Source: "::1", Script: "loopback6"},
	}, true, func(script string) bool { return script == "menu" })
	if err != nil {
		t.Fatal(err)
	}
	headers := func(name string) []string {
		if name == "X-Env" {
			return []string{"prod", "test"}
		}
		return nil
	}
	tests := []struct {
		name  string
		facts Facts
		want  string
		why   string
	}{
		{"exact", Facts{To: "100"}, "hundred", "route 1 matches (to 100)"},
		{"two conditions", Facts{To: "911", From: "+4930"}, "german", "route 2 matches (to _9X., from /^\\+49/)"},
		{"one of two", Facts{To: "911", From: "+1"}, "default", `route 2 does not match: from "+1" does not match /^\+49/`},
		{"source and header", Facts{To: "x", Source: netip.MustParseAddr("10.1.2.3"), Header: headers}, "lab", "route 3 matches (source 10.0.0.0/8, header X-Env test)"},
		{"mapped source", Facts{Source: netip.MustParseAddr("::ffff:10.1.2.3"), Header: headers}, "lab", ""},
		{"source without header", Facts{Source: netip.MustParseAddr("10.1.2.3")}, "default", "header X-Env [] does not match test"},
		{"IPv6", Facts{Source: netip.MustParseAddr("::1")}, "loopback6", ""},
		{"by user", Facts{To: "menu"}, "menu", `there is a script named like the called user "menu"`},
		{"nothing", Facts{To: "nobody"}, "default", "no rule is left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := table.Pick(tt.facts); got != tt.want {
				t.Errorf("Pick = %q, want %q", got, tt.want)
			}
			got, why := table.Explain(tt.facts)
			if got != tt.want || !strings.Contains(strings.Join(why, "\n"), tt.why) {
				t.Errorf("Explain = %q because\n%s\nwant %q because %s", got, strings.Join(why, "\n"), tt.want, tt.why)
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
	} {
		if _, err := New([]Rule{r}, false, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
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
