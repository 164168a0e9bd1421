// Package hours tells whether a moment is within times as people write them:
//
//	mon-fri 09:00-17:30
//	sat,sun
//	22:00-06:00
//	dec 24-dec 26
//	mon-fri 09:00-12:30; mon-thu 13:30-17:00; sat 10:00-14:00
//
// A span holds days of the week, a date or a range of dates, and a range of
// times, in any order and each at most once; all that it names must match.
// Spans are separated by ";", one is enough. An end time is not included; an
// end before the start goes past midnight and belongs to the day it began.
package hours

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Spec is a parsed text. The zero Spec matches nothing.
type Spec struct{ spans []span }

type span struct {
	days        [7]bool // by time.Weekday
	anyDay      bool
	first, last date // of the year, both included; zero: any
	from, until int  // minutes of the day; from == until: the whole day
}

type date struct {
	month time.Month
	day   int
}

// Parse reads a text; the error says which word it does not understand.
func Parse(text string) (Spec, error) {
	var s Spec
	for part := range strings.SplitSeq(text, ";") {
		sp, err := parseSpan(strings.ToLower(strings.TrimSpace(part)))
		if err != nil {
			return Spec{}, fmt.Errorf("times %q: %w", text, err)
		}
		s.spans = append(s.spans, sp)
	}
	return s, nil
}

// Match reports whether t, in its own location, is within the spec.
func (s Spec) Match(t time.Time) bool {
	for _, sp := range s.spans {
		if sp.match(t) {
			return true
		}
	}
	return false
}

func (s span) match(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	switch {
	case s.from == s.until:
		return s.matchDay(t)
	case s.from < s.until:
		return minute >= s.from && minute < s.until && s.matchDay(t)
	case minute >= s.from:
		return s.matchDay(t)
	}
	return minute < s.until && s.matchDay(t.AddDate(0, 0, -1)) // past midnight: the day it began
}

func (s span) matchDay(t time.Time) bool {
	if !s.anyDay && !s.days[t.Weekday()] {
		return false
	}
	if s.first == (date{}) {
		return true
	}
	d := date{t.Month(), t.Day()}
	if s.last.before(s.first) { // over the turn of the year
		return !d.before(s.first) || !s.last.before(d)
	}
	return !d.before(s.first) && !s.last.before(d)
}

func (d date) before(o date) bool {
	return d.month < o.month || d.month == o.month && d.day < o.day
}

func parseSpan(text string) (span, error) {
	s := span{anyDay: true}
	words := strings.Fields(text)
	if len(words) == 0 {
		return s, fmt.Errorf("nothing is written: write for example mon-fri 09:00-17:30")
	}
	var times, dates bool
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case strings.Contains(word, ":") && !times:
			times = true
			if err := s.parseTimes(word); err != nil {
				return s, err
			}
		case monthOf(word) != 0 && !dates:
			dates = true
			n, err := s.parseDates(words[i:])
			if err != nil {
				return s, err
			}
			i += n - 1
		case s.anyDay:
			if err := s.parseDays(word); err != nil {
				return s, err
			}
		default:
			return s, fmt.Errorf("%q is neither days, a date nor times, or comes twice", word)
		}
	}
	return s, nil
}

func (s *span) parseTimes(word string) error {
	a, b, ok := strings.Cut(word, "-")
	from, okFrom := minutes(a)
	until, okUntil := minutes(b)
	if !ok || !okFrom || !okUntil || from == 24*60 {
		return fmt.Errorf("%q is not a range of times like 09:00-17:30", word)
	}
	if from == until {
		return fmt.Errorf("%q begins when it ends: leave it out for the whole day", word)
	}
	s.from, s.until = from, until
	return nil
}

// minutes reads "9:00" to "24:00".
func minutes(text string) (int, bool) {
	h, m, ok := strings.Cut(text, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	good := ok && err1 == nil && err2 == nil && len(m) == 2 && hour >= 0 && minute >= 0 && minute < 60 && hour*60+minute <= 24*60
	return hour*60 + minute, good
}

func (s *span) parseDays(word string) error {
	for part := range strings.SplitSeq(word, ",") {
		a, b, isRange := strings.Cut(part, "-")
		if !isRange {
			b = a
		}
		from, ok1 := weekdayOf(a)
		to, ok2 := weekdayOf(b)
		if !ok1 || !ok2 {
			return fmt.Errorf("%q are not days like mon-fri or sat,sun", word)
		}
		for d := from; ; d = (d + 1) % 7 {
			s.days[d] = true
			if d == to {
				break
			}
		}
	}
	s.anyDay = false
	return nil
}

// parseDates reads "dec 24", "dec 24-26" or "dec 24-jan 2" and returns how
// many words that took.
func (s *span) parseDates(words []string) (int, error) {
	bad := fmt.Errorf("%q is not a date like dec 24, or dec 24-jan 2", strings.Join(words[:min(3, len(words))], " "))
	if len(words) < 2 {
		return 0, bad
	}
	month := monthOf(words[0])
	day, rest, isRange := strings.Cut(words[1], "-")
	var ok bool
	if s.first, ok = dateOf(month, day); !ok {
		return 0, bad
	}
	s.last = s.first
	if !isRange {
		return 2, nil
	}
	if last, ok := dateOf(month, rest); ok {
		s.last = last
		return 2, nil
	}
	if len(words) < 3 {
		return 0, bad
	}
	if s.last, ok = dateOf(monthOf(rest), words[2]); !ok {
		return 0, bad
	}
	return 3, nil
}

func dateOf(month time.Month, day string) (date, bool) {
	n, err := strconv.Atoi(day)
	if err != nil || month == 0 || n < 1 || time.Date(2024, month, n, 0, 0, 0, 0, time.UTC).Month() != month { // 2024 has a 29 February
		return date{}, false
	}
	return date{month, n}, true
}

// monthOf reads "jan" or "january"; 0 is none.
func monthOf(word string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); word == name || word == name[:3] {
			return m
		}
	}
	return 0
}

// weekdayOf reads "mon" or "monday".
func weekdayOf(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); word == name || word == name[:3] {
			return d, true
		}
	}
	return 0, false
}
