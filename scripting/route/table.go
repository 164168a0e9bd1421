package route

import (
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
	Header map[string]string // header field name → pattern of one of its values
	Script string            // what answers
}

// Facts are what a call is picked by.
type Facts struct {
	To, From string // user parts
	Source   netip.Addr
	Header   func(name string) []string // nil: no header fields
}

// Table is an ordered list of rules.
type Table struct {
	rules  []rule
	byUser bool                     // try the script named like the called user
	exists func(script string) bool // which scripts there are
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
// script named like the called user, if exists says there is one.
func New(rules []Rule, byUser bool, exists func(script string) bool) (*Table, error) {
	t := &Table{byUser: byUser, exists: exists}
	for i, r := range rules {
		compiled, err := compile(r)
		if err != nil {
			return nil, fmt.Errorf("route %d: %w", i+1, err)
		}
		t.rules = append(t.rules, compiled)
	}
	return t, nil
}

func compile(r Rule) (rule, error) {
	c := rule{Rule: r}
	if r.Script == "" {
		return c, fmt.Errorf("script: is empty: write the name of the script that answers")
	}
	var err error
	if c.to, err = ParsePattern(r.To); err != nil {
		return c, fmt.Errorf("to: %w", err)
	}
	if c.from, err = ParsePattern(r.From); err != nil {
		return c, fmt.Errorf("from: %w", err)
	}
	if r.Source != "" {
		if c.source, err = parseSource(r.Source); err != nil {
			return c, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		p, err := ParsePattern(r.Header[name])
		if err != nil {
			return c, fmt.Errorf("header %s: %w", name, err)
		}
		c.headers = append(c.headers, headerRule{name, p})
	}
	return c, nil
}

func parseSource(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("source: %q is neither an IP address nor a prefix like 10.0.0.0/8", s)
	}
	return p.Masked(), nil
}

// miss says why a rule does not match; it is empty for one that does.
func (r rule) miss(f Facts) string {
	if r.To != "" && !r.to.Match(f.To) {
		return fmt.Sprintf("to %q does not match %s", f.To, r.To)
	}
	if r.From != "" && !r.from.Match(f.From) {
		return fmt.Sprintf("from %q does not match %s", f.From, r.From)
	}
	if r.Source != "" && !r.source.Contains(f.Source.Unmap()) {
		return fmt.Sprintf("source %s is not in %s", f.Source, r.Source)
	}
	for _, h := range r.headers {
		var values []string
		if f.Header != nil {
			values = f.Header(h.name)
		}
		if !slices.ContainsFunc(values, h.pattern.Match) {
			return fmt.Sprintf("header %s %q does not match %s", h.name, values, h.pattern)
		}
	}
	return ""
}

// Pick returns the script for a call.
func (t *Table) Pick(f Facts) (script string) {
	for _, r := range t.rules {
		if r.miss(f) == "" {
			return r.Script
		}
	}
	if t.byUser && t.exists(f.To) {
		return f.To
	}
	return Fallback
}

// Scripts lists the scripts that rules name, in order, each once.
func (t *Table) Scripts() []string {
	var names []string
	for _, r := range t.rules {
		if !slices.Contains(names, r.Script) {
			names = append(names, r.Script)
		}
	}
	return names
}

// Explain returns what Pick returns and, line by line, why.
func (t *Table) Explain(f Facts) (script string, why []string) {
	for i, r := range t.rules {
		miss := r.miss(f)
		if miss == "" {
			return r.Script, append(why, fmt.Sprintf("route %d matches (%s)", i+1, r.conditions()))
		}
		why = append(why, fmt.Sprintf("route %d does not match: %s", i+1, miss))
	}
	if t.byUser {
		if t.exists(f.To) {
			return f.To, append(why, fmt.Sprintf("routing.by_user: there is a script named like the called user %q", f.To))
		}
		why = append(why, fmt.Sprintf("routing.by_user: there is no script named like the called user %q", f.To))
	}
	return Fallback, append(why, "no rule is left")
}

func (r rule) conditions() string {
	var all []string
	for _, c := range []struct{ name, value string }{{"to", r.To}, {"from", r.From}, {"source", r.Source}} {
		if c.value != "" {
			all = append(all, c.name+" "+c.value)
		}
	}
	for _, h := range r.headers {
		all = append(all, fmt.Sprintf("header %s %s", h.name, h.pattern))
	}
	if len(all) == 0 {
		return "every call"
	}
	return strings.Join(all, ", ")
}
