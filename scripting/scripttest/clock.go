package scripttest

import (
	"fmt"
	"time"
)

// clock is the wall clock of a test's scripts; the zero clock is the bubble's, which begins at 2000-01-01 00:00 UTC.
type clock struct {
	set  time.Time // what it was set to
	when time.Time // on the bubble's clock
}

// layouts are how a test may write a time.
func layouts() []string {
	return []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02"}
}

// parseTime reads a time of t:set_time in a zone; "" = UTC.
func parseTime(text, zone string) (time.Time, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("time zone %q is not known: write one as \"Europe/Berlin\"", zone)
	}
	for _, layout := range layouts() {
		if at, err := time.ParseInLocation(layout, text, location); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write it as \"2026-01-05 08:00\"", text)
}

// now is the wall clock of the scripts.
func (t *trial) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.clock.set.IsZero() {
		return time.Now()
	}
	return t.clock.set.Add(time.Since(t.clock.when))
}
