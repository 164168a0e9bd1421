package scripting

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// suggest returns the question that helps with a misspelt name, or "" when no name is near.
func suggest(name string, names []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, n := range names {
		if d := levenshtein.ComputeDistance(name, n); d < distance {
			best, distance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
