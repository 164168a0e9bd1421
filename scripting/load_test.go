package scripting

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

const rejects = "function on_call(call) call:reject() end\n"

// write makes files below dir.
func write(t testing.TB, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(pairs[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	cases := []struct {
		name  string
		files []string
		want  []string
	}{
		{"syntax", []string{"default.lua", "function on_call(call)\n  call:ring(\nend"}, []string{"default.lua:3:", "syntax error"}},
		{"no on_call", []string{"default.lua", "x = 1"}, []string{"default.lua: does not define on_call(call)"}},
		{"on_call is no function", []string{"default.lua", "on_call = 1"}, []string{"default.lua: does not define on_call(call)"}},
		{"a handler is no function", []string{"default.lua", rejects + "on_dtmf = 1"}, []string{"default.lua: on_dtmf is not a function"}},
		{"misspelt handler", []string{"default.lua", rejects + "function on_dmtf() end"}, []string{"no handler is called on_dmtf", `did you mean "on_dtmf"?`}},
		{"error at the top", []string{"default.lua", rejects + "local x = nil + 1"}, []string{"default.lua:2: "}},
		{"runaway at the top", []string{"default.lua", rejects + "while true do end"}, []string{"default.lua:2: ", "ran for more than"}},
		{"call at the top", []string{"default.lua", rejects + "call:ring()"}, []string{"default.lua:2:1: call is not there: call is the parameter of a handler"}},
		{"missing module", []string{"default.lua", rejects + "require('lib.x')", "lib/y.lua", ""}, []string{`default.lua:2:10: require: no module "lib.x" (lib/x.lua); did you mean "lib.y"?`}},
		{"error in a module", []string{"default.lua", rejects + "require('lib.x')", "lib/x.lua", "\nerror('oh')"}, []string{"lib/x.lua:2: oh"}},
		{"error in a module nobody requires", []string{"default.lua", rejects, "lib/x.lua", "\nerror('oh')"}, []string{"lib/x.lua:2: oh"}},
		{"modules in a circle", []string{"default.lua", rejects + "require('a')", "a.lua", rejects + "require('b')", "b.lua", rejects + "require('a')"}, []string{"requires itself"}},
		{"nothing there", []string{"readme.txt", ""}, []string{"no scripts in embedded"}},
		{"on_load fails", []string{"default.lua", rejects + "function on_load()\nerror('no database') end"}, []string{"default.lua:3: on_load: no database"}},
		{"two mistakes", []string{"a.lua", "(", "b.lua", "("}, []string{"a.lua:1:", "(and 1 more)"}},
		{"too large", []string{"default.lua", rejects + strings.Repeat("--\n", maxFileBytes)}, []string{"default.lua", "too large"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, log := newEngine(t, Options{FS: files(c.files...)})
			g, err := e.Load(t.Context())
			if err == nil || g != nil || !contains(err.Error(), c.want...) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, %v\nwant one line with %q", g, err, c.want)
			}
			if e.Generation() != nil {
				t.Error("it became the current generation")
			}
			if log.String() != "" {
				t.Errorf("Load returns its error, and logged\n%s", log)
			}
		})
	}
}

func TestLoadTellsAllFindings(t *testing.T) {
	e, _ := newEngine(t, Options{FS: files("a.lua", "(", "b.lua", "(", "c.lua", rejects)})
	_, err := e.Load(t.Context())
	if all := (Findings)(nil); !errors.As(err, &all) || len(all) != 2 {
		t.Errorf("got %v", err)
	}
}

func TestGenerations(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects, "menu.lua", rejects, "lib/a.lua", "return 1", "default_test.lua", "(", "offhook.d.lua", "(", ".#default.lua", "(", "notes.txt", "(")
	e, _ := newEngine(t, Options{Dir: dir})
	first, err := e.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.Number != 1 || first.Origin != dir || first.Hash == "" || first.Loaded.IsZero() {
		t.Errorf("got %+v", first)
	}
	if want := []string{"default.lua", "lib/a.lua", "menu.lua"}; !slices.Equal(first.Files, want) {
		t.Errorf("files %q, want %q", first.Files, want)
	}
	if want := []string{"default", "menu"}; !slices.Equal(first.Scripts(), want) {
		t.Errorf("scripts %q, want %q", first.Scripts(), want)
	}
	if same, err := e.Load(t.Context()); err != nil || same != first {
		t.Errorf("nothing changed, and there is generation %v, %v", same, err)
	}
	write(t, dir, "default.lua", "(")
	if g, err := e.Load(t.Context()); err == nil || g != nil || e.Generation() != first {
		t.Errorf("a broken edit gave %v, %v", g, err)
	}
	write(t, dir, "default.lua", rejects+"-- changed")
	if g, err := e.Load(t.Context()); err != nil || g.Number != 2 || g.Hash == first.Hash || e.Generation() != g {
		t.Errorf("a good edit gave %v, %v", g, err)
	}
}

func TestEmbeddedScriptsAreTheFallback(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scripts")
	e, _ := newEngine(t, Options{Dir: dir, FS: files("default.lua", rejects)})
	if g, err := e.Load(t.Context()); err != nil || g.Origin != "embedded" {
		t.Fatalf("got %v, %v", g, err)
	}
	if g, err := e.Load(t.Context()); err == nil {
		t.Errorf("the folder is still not there: got %v", g)
	}
	write(t, dir, "default.lua", rejects)
	if g, err := e.Load(t.Context()); err != nil || g.Origin != dir || g.Number != 2 {
		t.Errorf("got %v, %v", g, err)
	}
}

func TestLinks(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.lua", rejects)
	link := func(t *testing.T, dir, to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		name string
		make func(t *testing.T, dir string)
		ok   bool
	}{
		{"out of the folder", func(t *testing.T, dir string) { link(t, dir, filepath.Join(outside, "secret.lua"), "x.lua") }, false},
		{"to nothing", func(t *testing.T, dir string) { link(t, dir, "nothing.lua", "x.lua") }, false},
		{"an editor's lock to nothing", func(t *testing.T, dir string) { link(t, dir, "user@host.1234", ".#default.lua") }, true},
		{"within the folder", func(t *testing.T, dir string) { link(t, dir, "default.lua", "x.lua") }, true},
		{"a folder out of the folder", func(t *testing.T, dir string) { link(t, dir, outside, "lib") }, true},
		{"a Kubernetes volume", func(t *testing.T, dir string) {
			write(t, dir, "..v1/menu.lua", rejects)
			link(t, dir, "..v1", "..data")
			link(t, dir, "..data/menu.lua", "menu.lua")
		}, true},
		{"a folder within itself", func(t *testing.T, dir string) { link(t, dir, ".", "again") }, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "default.lua", rejects)
			c.make(t, dir)
			e, _ := newEngine(t, Options{Dir: dir})
			g, err := e.Load(t.Context())
			if (err == nil) != c.ok {
				t.Errorf("got %v, %v", g, err)
			}
			if err == nil && slices.ContainsFunc(g.Files, func(f string) bool { return strings.Contains(f, "secret") }) {
				t.Errorf("left the folder: %q", g.Files)
			}
		})
	}
}

// changing is a file system whose file changes while it is being read for the first time.
type changing struct {
	fstest.MapFS
	reads int
}

func (c *changing) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(c.MapFS, name)
	if c.reads++; c.reads == 1 {
		c.MapFS[name] = &fstest.MapFile{Data: []byte("new"), ModTime: time.Now()}
		return text[:1], err
	}
	return text, err
}

func TestReadWaitsForTheWholeFile(t *testing.T) {
	s, err := read(&changing{MapFS: fstest.MapFS{"default.lua": {Data: []byte("old")}}}, "")
	if err != nil || len(s.files) != 1 || s.files[0].text != "new" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestRequire(t *testing.T) {
	performWith(t, Options{FS: files(
		"default.lua", `
local menu = require("lib.menu")
function on_call(call)
  log.info("got", { text = menu.text, same = require("lib.menu") == menu, runs = runs, value = require("lib.nothing") })
  log.info("again", { ok = pcall(require, "lib.broken"), second = select(2, pcall(require, "lib.broken")) })
end`,
		"lib/menu.lua", `runs = (runs or 0) + 1 return { text = "hello" }`,
		"lib/nothing.lua", ``,
		"lib/broken.lua", `if broken == nil then broken = false return end error("oh")`)}, nil, func(s *stage) {
		s.finish()
		s.expectLog("text=hello same=true runs=1 value=true")
	})
}

func TestLoadAndUnload(t *testing.T) {
	dir := t.TempDir()
	script := func(n string) string {
		return `function on_load() log.info("load ` + n + `") end function on_unload() log.info("unload ` + n + `") end ` + rejects
	}
	write(t, dir, "default.lua", script("one"))
	e, log := newEngine(t, Options{Dir: dir})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	held := e.acquire() // as a call does
	write(t, dir, "default.lua", script("two"))
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !contains(log.String(), "load one", "load two") || strings.Contains(log.String(), "unload") {
		t.Errorf("with a call in progress:\n%s", log)
	}
	e.release(held)
	if !contains(log.String(), `"unload one"`) || strings.Contains(log.String(), "unload two") {
		t.Errorf("after the last call:\n%s", log)
	}
	if err := e.Close(); err != nil || !contains(log.String(), `"unload two"`) {
		t.Errorf("after Close: %v\n%s", err, log)
	}
	if n := strings.Count(log.String(), "load "); n != 4 {
		t.Errorf("%d lines, want 4:\n%s", n, log)
	}
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	script := func(n string) string {
		return `function on_call(call) call:answer() call:sleep(10) log.info("` + n + `", { generation_seen = call.generation }) call:hangup() end`
	}
	write(t, dir, "default.lua", script("one"))
	performWith(t, Options{Dir: dir}, nil, func(s *stage) {
		write(t, dir, "default.lua", script("two"))
		s.engine.look(s.t.Context())
		write(t, dir, "default.lua", "function on_call(")
		s.engine.look(s.t.Context())
		s.engine.look(s.t.Context())
		ctx, second := newFakeCall()
		outcome := s.engine.Serve(ctx, "default", second)
		if outcome.Generation != 2 || outcome.Err != nil || second.served != "default 2" {
			t.Errorf("the second call: %+v, told %q", outcome, second.served)
		}
		s.finish()
		if s.outcome.Generation != 1 {
			t.Errorf("the first call: %+v", s.outcome)
		}
		s.expectLog("msg=one", "generation_seen=1", "msg=two", "generation_seen=2", `msg="scripts loaded" generation=2`)
		if n := strings.Count(s.log.String(), "scripts refused"); n != 1 {
			t.Errorf("a refusal was told %d times:\n%s", n, s.log)
		}
		s.expectLog("level=ERROR", "default.lua:1:", "generation=2")
	})
}

func TestUnknownScript(t *testing.T) {
	e, _ := newEngine(t, Options{FS: files("default.lua", rejects)})
	ctx, c := newFakeCall()
	if o := e.Serve(ctx, "default", c); o.Err == nil || c.State() != StateEnded {
		t.Errorf("before Load: %+v", o)
	}
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, c = newFakeCall()
	if o := e.Serve(ctx, "menu", c); o.Err == nil || c.State() != StateEnded {
		t.Errorf("a script that is not there: %+v", o)
	}
}

// A call gets the script that pick takes from the generation that runs it.
func TestServePickedScript(t *testing.T) {
	answers := "function on_call(call) call:reject(480) end"
	e, log := newEngine(t, Options{FS: files("default.lua", rejects, "menu.lua", answers, "lib/x.lua", ""), ErrorCode: 503})
	names, origin, err := e.Names()
	if err != nil || origin != "embedded" || !slices.Equal(names, []string{"default", "menu"}) {
		t.Errorf("Names = %q, %q, %v", names, origin, err)
	}
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		pick string
		code int
		log  string
	}{
		{"default", 486, ""},
		{"menu", 480, ""},
		{"gone", 503, `level=ERROR msg="call refused" call=c1 script=gone generation=1 to=200 status=503 error="generation 1 has no script \"gone\""`},
		{"", 404, `level=WARN msg="call refused" call=c1 script="" generation=1 to=200 status=404 error="no script answers this call"`},
	} {
		ctx, c := newFakeCall()
		o := e.Route(ctx, func(g *Generation) string {
			if !g.Has("menu") || g.Has("lib/x") || g.Has("x") {
				t.Errorf("generation %d does not say what it has", g.Number)
			}
			return tt.pick
		}, c)
		if o.Ending.Code != tt.code || (o.Err == nil) != (tt.log == "") || !strings.Contains(log.String(), tt.log) {
			t.Errorf("script %q: %+v, want %d and the log line %s\n%s", tt.pick, o, tt.code, tt.log, log)
		}
	}
}

// TestReloadUnderCalls: fifty calls at a time while the script is saved, every second time broken.
func TestReloadUnderCalls(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", "n = 0 "+rejects)
	e, log := newEngine(t, Options{Dir: dir})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() { // ends with stop
			for !isClosed(stop) {
				ctx, c := newFakeCall()
				if o := e.Serve(ctx, "default", c); o.Err != nil || o.Ending.Code != 486 {
					t.Errorf("harmed: %+v", o)
				}
			}
		})
	}
	for n := range 20 {
		text := fmt.Sprintf("n = %d function on_unload() log.info('unload') end %s", n, rejects)
		if n%2 == 1 {
			text = "function on_call("
		}
		write(t, dir, "default.lua", text)
		e.look(t.Context())
	}
	close(stop)
	callers.Wait()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if g := strings.Count(log.String(), "scripts loaded"); g != 10 {
		t.Errorf("%d generations, want 10:\n%s", g, log)
	}
	if u := strings.Count(log.String(), "msg=unload"); u != 10 {
		t.Errorf("%d generations unloaded, want 10", u)
	}
}

// removeAll removes files below dir.
func removeAll(dir string, names ...string) error {
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}
