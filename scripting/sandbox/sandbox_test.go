package sandbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// mostWaits of verb count as waits.
const mostWaits = 2

// world is a Shared for tests, whose scripts also find verb(x, …): a Go function that blocks for an instant, as the verbs of
// a call do, and returns its arguments. Only the first waits begin a new slice of time, so that scripts that fuzzing makes end.
func world(t testing.TB, printed *[]string) *Shared {
	t.Helper()
	waits := 0
	verb := func(L *lua.LState) int {
		done := make(chan struct{})
		go close(done)
		<-done
		if waits++; waits <= mostWaits {
			StateOf(L).Resume()
		}
		return L.GetTop()
	}
	module := newTable(0, 1)
	module.RawSetString("double", newFunction(func(L *lua.LState) int { return pushNumber(L, 2*number(L, 1)) }))
	s, err := NewShared(Options{
		Globals: map[string]lua.LValue{
			"verb":   newFunction(verb),
			"unwind": newFunction(func(L *lua.LState) int { Unwind(L); return 0 }),
			"crash":  newFunction(func(L *lua.LState) int { panic("crash") }),
			"module": module,
		},
		Print: func(_ *lua.LState, line string) {
			if printed != nil {
				*printed = append(*printed, line)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a script and returns what it printed, joined by blanks.
func run(t testing.TB, source string, l Limits) (printed string, err error) {
	t.Helper()
	var lines []string
	shared := world(t, &lines)
	chunk, err := Compile("main.lua", source, l)
	if err != nil {
		return "", err
	}
	s := NewState(shared, l, nil)
	defer s.Close()
	err = s.Do(chunk)
	return strings.Join(lines, " "), err
}

// roomy are limits for tests of what the limits are not about.
func roomy() Limits { return Limits{Slice: time.Minute, Instructions: 1 << 40} }

// expect runs a script that must print something.
func expect(t *testing.T, source, want string) {
	t.Helper()
	got, err := run(t, source, roomy())
	if err != nil {
		t.Errorf("%s\nfails: %v", source, err)
		if internal := (*InternalError)(nil); errors.As(err, &internal) {
			t.Logf("%s", internal.Stack)
		}
		return
	}
	if got != want {
		t.Errorf("%s\nprints %q, not %q", source, got, want)
	}
}
