package hours

import (
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		spec    string
		yes, no []string
	}{
		{"mon-fri 09:00-17:30", []string{"2026-11-23 09:00", "2026-11-27 17:29"}, []string{"2026-11-23 08:59", "2026-11-23 17:30", "2026-11-22 12:00"}},
		{"09:00-17:30 mon-fri", []string{"2026-11-23 09:00"}, []string{"2026-11-22 12:00"}},
		{"sat,sun", []string{"2026-11-22 00:00", "2026-11-21 23:59"}, []string{"2026-11-23 12:00"}},
		{"fri-mon", []string{"2026-11-20 12:00", "2026-11-23 12:00"}, []string{"2026-11-24 12:00"}},
		{"22:00-06:00", []string{"2026-11-23 22:00", "2026-11-23 05:59"}, []string{"2026-11-23 06:00", "2026-11-23 21:59"}},
		{"fri 22:00-06:00", []string{"2026-11-27 23:00", "2026-11-28 05:00"}, []string{"2026-11-27 05:00", "2026-11-28 23:00"}},
		{"18:00-24:00", []string{"2026-11-23 23:59"}, []string{"2026-11-23 00:00"}},
		{"dec 24", []string{"2026-12-24 12:00"}, []string{"2026-12-25 00:00"}},
		{"dec 24-26", []string{"2026-12-26 23:59"}, []string{"2026-12-27 00:00", "2026-11-25 00:00"}},
		{"dec 24-jan 2 10:00-12:00", []string{"2026-12-31 10:00", "2027-01-02 11:00"}, []string{"2027-01-03 10:00", "2026-12-31 09:00"}},
		{"January 1", []string{"2027-01-01 00:00"}, []string{"2027-01-02 00:00"}},
		{"mon 9:00-10:00; tue 11:00-12:00", []string{"2026-11-23 09:30", "2026-11-24 11:30"}, []string{"2026-11-23 11:30"}},
	}
	for _, tt := range tests {
		s, err := Parse(tt.spec)
		if err != nil {
			t.Errorf("%q: %v", tt.spec, err)
			continue
		}
		for want, moments := range map[bool][]string{true: tt.yes, false: tt.no} {
			for _, m := range moments {
				at, err := time.Parse("2006-01-02 15:04", m)
				if err != nil {
					t.Fatal(err)
				}
				if s.Match(at) != want {
					t.Errorf("%q at %s %s: %v, want %v", tt.spec, at.Weekday(), m, !want, want)
				}
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"":                     "nothing is written",
		"mon;":                 "nothing is written",
		"mon-fry":              `"mon-fry" are not days`,
		"mon tue":              `"tue" is neither`,
		"9-17":                 `"9-17" are not days`,
		"09:00":                `"09:00" is not a range of times`,
		"09:00-25:00":          "is not a range of times",
		"09:00-09:00":          "begins when it ends",
		"9:0-10:00":            "is not a range of times",
		"feb 30":               `"feb 30" is not a date`,
		"feb":                  `"feb" is not a date`,
		"dec 24-foo 2":         "is not a date",
		"8:00-9:00 9:00-10:00": "are not days",
	} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", spec, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("mon-fri 09:00-17:30; dec 24-jan 2")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := Parse(text); err == nil {
			s.Match(time.Unix(0, 0))
		}
	})
}
