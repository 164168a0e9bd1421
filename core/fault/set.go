package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Set are the rules that are armed in a call. Its user keeps them from being used by two at once.
type Set struct {
	rules   []*Armed
	value   func(name string) (string, bool)
	pending int
}

// NewSet makes one without rules. value gives what ${NAME} stands for when the message has no such header field; nil: nothing.
func NewSet(value func(name string) (string, bool)) *Set { return &Set{value: value} }

// Armed is a rule in force.
type Armed struct {
	set     *Set
	rule    Rule
	target  target
	seen    int
	spoiled int
}

// Arm puts a rule into force, after those before it: a message passes all of them in that order.
func (s *Set) Arm(r Rule) (*Armed, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	t, err := parseTarget(r.On + r.Ignore) // one of them is empty
	switch {
	case err != nil:
		return nil, err
	case r.Edit.Status != "" && t.status == 0:
		return nil, fmt.Errorf("status: %s is a request and has none", t.method)
	case len(s.rules) >= MaxRules:
		return nil, fmt.Errorf("more than %d faults at once: cancel some", MaxRules)
	}
	a := &Armed{set: s, rule: r, target: t}
	s.rules = append(s.rules, a)
	return a, nil
}

// Cancel takes the rule out of force.
func (a *Armed) Cancel() {
	a.set.rules = slices.DeleteFunc(a.set.rules, func(b *Armed) bool { return a == b })
}

// Count is how many messages the rule has spoilt.
func (a *Armed) Count() int { return a.spoiled }

// meant tells whether the rule is for this message, which it counts.
func (a *Armed) meant(method string, status int) bool {
	if !a.target.matches(method, status) {
		return false
	}
	a.seen++
	if a.seen <= a.rule.Skip || a.rule.Times > 0 && a.spoiled >= a.rule.Times {
		return false
	}
	a.spoiled++
	return true
}

// Ignores tells whether a message that came is to be taken as if it had not: a request, with status 0, or a response to
// the method.
func (s *Set) Ignores(method string, status int) bool {
	ignored := false
	for _, a := range s.rules {
		if a.rule.Ignore != "" && !ignored && a.meant(method, status) {
			ignored = true
		}
	}
	return ignored
}

// Sending is a message that leaves, or would have.
type Sending struct {
	Bytes   []byte // nil: those of the message
	After   time.Duration
	Dropped bool
	Copy    bool   // the same leaves before it
	Fault   string // what is wrong with it, for people; empty: nothing
}

// Send tells what leaves in place of a message, in order; nil: nothing else than that.
func (s *Set) Send(message []byte) []Sending {
	method, status := identify(message)
	var out []Sending
	for _, a := range s.rules {
		if a.rule.On == "" || !a.meant(method, status) {
			continue
		}
		if out == nil {
			out = []Sending{{}}
		}
		if a.rule.Drop {
			out[0] = Sending{Bytes: out[0].Bytes, Dropped: true, Fault: "dropped"}
			break
		}
		out = a.apply(out, message, s.value)
	}
	return out
}

// apply does to the message, which is the first of what leaves so far, what the rule says.
func (a *Armed) apply(out []Sending, message []byte, value func(string) (string, bool)) []Sending {
	r, one := &a.rule, out[0]
	if r.Edit.changes() {
		if one.Bytes != nil {
			message = one.Bytes
		}
		one.Bytes = r.Edit.Apply(message, value)
	}
	one.After += r.Delay
	if what := r.what(); what != "" {
		one.Fault = strings.TrimPrefix(one.Fault+", "+what, ", ")
	}
	if r.Also {
		one.Fault = strings.TrimSuffix("one more, "+one.Fault, ", ")
		out = append(out, one)
	} else {
		out[0] = one
	}
	for range r.Copies {
		twin := one
		twin.Copy, twin.Fault = true, strings.TrimPrefix(one.Fault+", doubled", ", ")
		out = append(out, twin)
	}
	return out
}

// maxPending bounds how many messages of a call wait for the end of their delay: a peer that asks again and again must not
// fill the memory.
const maxPending = 256

// Hold counts a message that has to wait; it is false when too many do, so that this one is lost.
func (s *Set) Hold() bool {
	if s.pending >= maxPending {
		return false
	}
	s.pending++
	return true
}

// Release counts one out that has waited.
func (s *Set) Release() { s.pending-- }
