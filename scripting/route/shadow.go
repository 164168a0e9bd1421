package route

import (
	"slices"
	"strings"
)

// Shadowed returns the rules that can never be picked, by their numbers, each
// with the earlier one that matches all their calls. It sees what is easy to see.
func (t *Table) Shadowed() map[int]int {
	shadowed := map[int]int{}
	for i := range t.rules {
		for j := range t.rules[:i] {
			if t.rules[j].covers(&t.rules[i]) {
				shadowed[i+1] = j + 1
				break
			}
		}
	}
	return shadowed
}

// covers reports whether r matches every call that o matches.
func (r *rule) covers(o *rule) bool {
	sources := r.Source == "" || o.Source != "" && r.source.Bits() <= o.source.Bits() && r.source.Contains(o.source.Addr())
	headers := !slices.ContainsFunc(r.headers, func(h headerRule) bool {
		return !slices.ContainsFunc(o.headers, func(oh headerRule) bool {
			return strings.EqualFold(h.name, oh.name) && h.pattern.covers(oh.pattern)
		})
	})
	return sources && headers && (r.Trunk == "" || r.Trunk == o.Trunk) &&
		(r.To == "" || o.To != "" && r.to.covers(o.to)) && (r.From == "" || o.From != "" && r.from.covers(o.from))
}
