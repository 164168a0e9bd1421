package scripting

import (
	"slices"
	"strings"
	"testing"
)

// TestFork: a fork has the scripts without compiling them again, runs on_load of its own, and what it reaches outside is its own.
func TestFork(t *testing.T) {
	var asked []string
	options := func(who string) Options {
		return Options{FS: files("default.lua", rejects+`function on_load() config.get("key") end`), Config: func(string, string) (any, bool) {
			asked = append(asked, who)
			return nil, false
		}}
	}
	e, _ := newEngine(t, options("engine"))
	g, err := e.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fork, err := e.Fork(t.Context(), options("fork"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(asked, []string{"engine", "fork"}) {
		t.Errorf("on_load asked the settings of %q", asked)
	}
	f := fork.Generation()
	if f == g || f.Hash != g.Hash || f.chunks["default.lua"] != g.chunks["default.lua"] {
		t.Errorf("got %+v, want one with the chunks of %+v", f, g)
	}
	ctx, c := newFakeCall()
	if o := fork.Serve(ctx, "default", c); o.Err != nil || !strings.Contains(c.told(), "reject 486") {
		t.Errorf("got %+v\n%s", o, c.told())
	}
	bad := options("bad")
	bad.ErrorCode = 1
	if _, err := e.Fork(t.Context(), bad); err == nil {
		t.Error("bad options made a fork")
	}
}
