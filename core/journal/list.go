package journal

import (
	"cmp"
	"slices"
	"strings"
)

// Filter says which calls List returns; the zero value: all.
type Filter struct {
	State  string // "live": in progress; "ended": over; else one of Call.State
	Script string
	Text   string // is part of ID, SIPCallID, From, To, DID, CLI or Source, in any case
	Limit  int    // the newest ones; 0: all
}

func (f *Filter) match(c *Call) bool {
	switch {
	case f.State == "live" && c.State == "ended", f.State != "" && f.State != "live" && f.State != c.State:
		return false
	case f.Script != "" && f.Script != c.Script:
		return false
	case f.Text == "":
		return true
	}
	text := strings.ToLower(f.Text)
	return slices.ContainsFunc([]string{c.ID, c.SIPCallID, c.From, c.To, c.DID, c.CLI, c.Source}, func(s string) bool {
		return strings.Contains(strings.ToLower(s), text)
	})
}

// List returns the calls that f means, the newest first.
func (s *Store) List(f Filter) []Call {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	all := make([]*Journal, 0, len(s.byID))
	for _, j := range s.byID {
		all = append(all, j)
	}
	s.mu.RUnlock()
	var calls []Call
	for _, j := range all {
		j.mu.Lock()
		c := j.summary()
		j.mu.Unlock()
		if f.match(&c) {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.ID, b.ID)) })
	if f.Limit > 0 && len(calls) > f.Limit {
		calls = calls[:f.Limit]
	}
	return calls
}
