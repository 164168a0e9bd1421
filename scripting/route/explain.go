package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Decision is what Pick decides, with the reasons.
type Decision struct {
	Script string   // "" = none
	Number int      // of the rule that matches, 0 = none does
	Why    string   // why this script
	Missed []string // why each rule before that one, or each rule at all, does not match
}

// Explain returns what Pick returns and why.
func (t *Table) Explain(f Facts, exists func(script string) bool) Decision {
	d := Decision{}
	d.Script, d.Number = t.Pick(f, exists)
	for i := range t.rules {
		if i+1 == d.Number {
			d.Why = t.rules[i].Conditions()
			return d
		}
		d.Missed = append(d.Missed, t.rules[i].why(&f))
	}
	switch {
	case t.byUser && exists(f.To):
		d.Why = fmt.Sprintf("routing.by_user is on and there is a script named like the called user %q", f.To)
	case t.byUser:
		d.Why = fmt.Sprintf("no route matches and there is no script named like the called user %q", f.To)
	default:
		d.Why = "no route matches"
	}
	if d.Script == "" {
		d.Why += fmt.Sprintf(", and there is no script %q", Fallback)
	}
	return d
}

// why says which condition the call does not meet.
func (r *rule) why(f *Facts) string {
	switch key, h := r.miss(f); key {
	case "to":
		return mismatch(key, f.To, r.to)
	case "from":
		return mismatch(key, f.From, r.from)
	case "source":
		if !f.Source.IsValid() {
			return fmt.Sprintf("source unknown, not in %s", r.Source)
		}
		return fmt.Sprintf("source %s is not in %s", f.Source, r.Source)
	case "trunk":
		if f.Trunk == "" {
			return fmt.Sprintf("no trunk, not %s", r.Trunk)
		}
		return fmt.Sprintf("trunk %s is not %s", f.Trunk, r.Trunk)
	default:
		values := f.values(h.name)
		switch len(values) {
		case 0:
			return fmt.Sprintf("there is no header %s", h.name)
		case 1:
			return mismatch("header "+h.name, values[0], h.pattern)
		}
		return fmt.Sprintf("none of header %s %q matches %s", h.name, values, h.pattern)
	}
}

func mismatch(what, text string, p Pattern) string {
	if p.re != nil && len(text) > maxMatched {
		return fmt.Sprintf("%s has %d bytes, too many for the regular expression %s", what, len(text), p)
	}
	return fmt.Sprintf("%s %q does not match %s", what, text, p)
}

// EveryCall is what the conditions of a rule without any are called.
const EveryCall = "every call"

// Conditions says what a rule asks for, in words.
func (r Rule) Conditions() string {
	var all []string
	for _, c := range []struct{ name, value string }{{"to", r.To}, {"from", r.From}, {"source", r.Source}, {"trunk", r.Trunk}} {
		if c.value != "" {
			all = append(all, c.name+" "+c.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		all = append(all, fmt.Sprintf("header %s %s", name, r.Header[name]))
	}
	if len(all) == 0 {
		return EveryCall
	}
	return strings.Join(all, ", ")
}
