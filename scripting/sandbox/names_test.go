package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestNames: what Names tells is there for scripts, and what they find in practice is told.
func TestNames(t *testing.T) {
	names := world(t, nil).Names()
	for name, members := range names {
		expect(t, fmt.Sprintf(`print(%s ~= nil)`, name), "true")
		for _, member := range members {
			expect(t, fmt.Sprintf(`print(%s.%s ~= nil)`, name, member), "true")
		}
	}
	for _, want := range []string{"_G", "_VERSION", "pairs", "print", "string", "table", "math", "coroutine", "os", "debug", "verb", "module"} {
		if _, ok := names[want]; !ok {
			t.Errorf("%s is not told", want)
		}
	}
	if got := names["module"]; !slices.Equal(got, []string{"double"}) {
		t.Errorf("module has %q", got)
	}
	if !slices.Contains(names["math"], "pi") || slices.Contains(names["os"], "execute") {
		t.Errorf("math %q, os %q", names["math"], names["os"])
	}
	for name := range names {
		if strings.Contains(name, " ") {
			t.Errorf("%q is no name of Lua", name)
		}
	}
}

func TestParseLeavesTheStatementsToLookAt(t *testing.T) {
	s, err := Parse("main.lua", "local a, b = 1, 2\na, b = b, a\nprint(a .. b)", Limits{})
	if err != nil || s.Name() != "main.lua" || len(s.Stmts()) != 3 {
		t.Fatalf("got %+v, %v", s, err)
	}
	if chunk, err := s.Compile(); err != nil || chunk.Name() != "main.lua" || s.Stmts() != nil {
		t.Errorf("got %+v, %v, and %d statements are left", chunk, err, len(s.Stmts()))
	}
}
