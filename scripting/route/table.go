package route

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Rule is one rule as people write it: all that it names must match. A rule
// that names nothing matches every call.
type Rule struct {
	To     string            // pattern of the user part of the Request-URI
	From   string            // pattern of the user part of From
	Source string            // address or CIDR prefix the call comes from
	Trunk  string            // name of the trunk the call comes in on
	Header map[string]string // header field name → pattern of one of its values, the first 20 of which are looked at
	Script string            // what answers
}

// Facts are what a call is picked by.
type Facts struct {
	To, From string // user parts, without escapes
	Source   netip.Addr
	Trunk    string                     // "" = none
	Header   func(name string) []string // nil: no header fields
}

// Table is an ordered list of rules. It does not change.
type Table struct {
	rules  []rule
	byUser bool // try the script named like the called user
}

type rule struct {
	Rule
	to, from Pattern
	source   netip.Prefix
	headers  []headerRule
}

type headerRule struct {
	name    string
	pattern Pattern
}

// Fallback is the script that answers when no rule matches.
const Fallback = "default"

// New compiles rules. With byUser, a call that no rule matches goes to the
// script named like the called user, if there is one. The error is Errors.
func New(rules []Rule, byUser bool) (*Table, error) {
	t := &Table{byUser: byUser}
	var wrong Errors
	for i, r := range rules {
		compiled := rule{Rule: r}
		compiled.compile(func(key string, err error) { wrong = append(wrong, &Error{i + 1, key, err}) })
		t.rules = append(t.rules, compiled)
	}
	if wrong != nil {
		return nil, wrong
	}
	return t, nil
}

// compile reads what the rule says and reports all that is wrong with it.
func (r *rule) compile(fail func(key string, err error)) {
	if r.Script == "" {
		fail("script", errors.New("is empty: write the name of the script that answers"))
	}
	pattern := func(key, text string) Pattern {
		p, err := ParsePattern(text)
		if err != nil {
			fail(key, err)
		}
		return p
	}
	r.to, r.from = pattern("to", r.To), pattern("from", r.From)
	if r.Source != "" {
		var err error
		if r.source, err = parseSource(r.Source); err != nil {
			fail("source", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if !isToken(name) {
			fail("header "+name, errors.New("is no name of a header field"))
		}
		r.headers = append(r.headers, headerRule{name, pattern("header "+name, r.Header[name])})
	}
}

// isToken tells whether s can be a header field's name (RFC 3261 §25.1).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("-.!%*_+`'~", c)
	})
}

// parseSource reads an address or a prefix; IPv4 in IPv6 is IPv4.
func parseSource(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return p, fmt.Errorf("%q is neither an IP address nor a prefix like 10.0.0.0/8", s)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// Pick returns the script for a call and the number of the rule that says so,
// counted from 1. The number is 0 when no rule matches; then script is the one
// named like the called user, or the fallback, or empty, as far as they exist.
// The script that a rule names is returned whether it exists or not.
func (t *Table) Pick(f Facts, exists func(script string) bool) (script string, number int) {
	for i := range t.rules {
		if key, _ := t.rules[i].miss(&f); key == "" {
			return t.rules[i].Script, i + 1
		}
	}
	switch {
	case t.byUser && exists(f.To):
		return f.To, 0
	case exists(Fallback):
		return Fallback, 0
	}
	return "", 0
}

// miss returns the first condition that a call does not meet, "" when it meets
// them all, and for a condition on a header field which.
func (r *rule) miss(f *Facts) (key string, h *headerRule) {
	switch {
	case r.To != "" && !r.to.Match(f.To):
		return "to", nil
	case r.From != "" && !r.from.Match(f.From):
		return "from", nil
	case r.Source != "" && !r.source.Contains(f.Source.Unmap().WithZone("")):
		return "source", nil
	case r.Trunk != "" && r.Trunk != f.Trunk:
		return "trunk", nil
	}
	for i := range r.headers {
		h := &r.headers[i]
		if !slices.ContainsFunc(f.values(h.name), h.pattern.Match) {
			return "header", h
		}
	}
	return "", nil
}

// maxValues is how many header fields of one name are looked at, for the reason that maxMatched has.
const maxValues = 20

func (f *Facts) values(header string) []string {
	if f.Header == nil {
		return nil
	}
	values := f.Header(header)
	return values[:min(len(values), maxValues)]
}

// Errors are all the things wrong with a list of rules.
type Errors []*Error

// Error gives them line by line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Error is one thing wrong with a rule.
type Error struct {
	Number int    // of the rule, counted from 1
	Key    string // "to", "header X-Env"
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("route %d: %s: %v", e.Number, e.Key, e.Err) }
func (e *Error) Unwrap() error { return e.Err }
