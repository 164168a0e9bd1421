package scripting

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// told is the history, a line for each record, the latest first.
func told(e *Engine) string {
	var lines []string
	for _, r := range e.History() {
		line := fmt.Sprintf("%d %s", r.Number, r.Outcome)
		if r.Of != 0 {
			line += fmt.Sprintf(" of %d", r.Of)
		}
		if r.Current {
			line += " current"
		}
		line += fmt.Sprintf(" +%d ~%d -%d", len(r.Added), len(r.Changed), len(r.Removed))
		if r.Err != nil {
			line += " " + r.Err.Error()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func expectTold(t *testing.T, e *Engine, want ...string) {
	t.Helper()
	if got := told(e); got != strings.Join(want, "\n") {
		t.Errorf("history:\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	e, _ := newEngine(t, Options{Dir: dir})
	load := func(pairs ...string) {
		write(t, dir, pairs...)
		_, _ = e.Load(t.Context()) // the history tells
	}
	load("default.lua", rejects, "lib/a.lua", "return 1")
	load("default.lua", "(")
	load() // the same again
	load("default.lua", rejects+"-- 2", "menu.lua", rejects)
	load() // nothing new
	must(t, removeAll(dir, "menu.lua", "lib/a.lua"))
	load("default.lua", rejects+"call:rign()")
	load("default.lua", rejects)
	expectTold(t, e,
		"3 loaded current +0 ~1 -2",
		"0 refused +0 ~1 -2 default.lua:2:1: call is not there: call is the parameter of a handler, as on_call(call)",
		"2 loaded +1 ~1 -0",
		"0 refused +0 ~1 -0 default.lua:1: syntax error at the end of the file",
		"1 loaded +2 ~0 -0",
	)
	first := e.History()[4]
	if !slices.Equal(first.Added, []string{"default.lua", "lib/a.lua"}) || first.Hash == "" || first.Origin != dir || first.Time.IsZero() {
		t.Errorf("got %+v", first)
	}
}

// TestHistoryIsBounded: neither many generations nor many refusals push the other kind out.
// TestFiles: the files of all generations in the history can be read, and those of what was refused last.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	e, _ := newEngine(t, Options{Dir: dir})
	expect := func(number uint64, want ...File) {
		t.Helper()
		if files, ok := e.Files(number); !slices.Equal(files, want) || ok != (want != nil) {
			t.Errorf("files of %d: %v, %v; want %v", number, files, ok, want)
		}
	}
	expect(0)
	write(t, dir, "default.lua", rejects)
	_, _ = e.Load(t.Context())
	write(t, dir, "default.lua", "(")
	_, _ = e.Load(t.Context())
	write(t, dir, "default.lua", rejects+"-- 2", "default_test.lua", "-- none")
	_, _ = e.Load(t.Context())
	expect(1, File{"default.lua", rejects})
	expect(2, File{"default.lua", rejects + "-- 2"}, File{"default_test.lua", "-- none"})
	expect(3)
	expect(0, File{"default.lua", "("})
	if got, want := e.Changes(), (Changes{Loaded: 2, Refused: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	e, _ := newEngine(t, Options{Dir: dir})
	for n := range 30 {
		write(t, dir, "default.lua", fmt.Sprintf("%s-- %d", rejects, n))
		if _, err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 30 {
		write(t, dir, "default.lua", fmt.Sprintf("( -- %d", n))
		if _, err := e.Load(t.Context()); err == nil {
			t.Fatal("loaded")
		}
	}
	all := e.History()
	if len(all) != 2*historyLength || all[0].Err == nil || all[historyLength].Number != 30 || all[2*historyLength-1].Number != 11 {
		t.Errorf("%d records:\n%s", len(all), told(e))
	}
	if g, err := e.Rollback(t.Context(), 11); err != nil || g.Number != 31 {
		t.Errorf("the oldest: %v, %v", g, err)
	}
	if _, err := e.Rollback(t.Context(), 11); err == nil || !strings.Contains(err.Error(), "no generation 11 in the history") {
		t.Errorf("one that is forgotten: %v", err)
	}
}

func TestRollback(t *testing.T) {
	dir := t.TempDir()
	script := func(n string) string {
		return `function on_load() log.info("load ` + n + `") end function on_unload() log.info("unload ` + n + `") end ` + rejects
	}
	e, log := newEngine(t, Options{Dir: dir})
	for _, n := range []string{"one", "two"} {
		write(t, dir, "default.lua", script(n))
		if _, err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Rollback(t.Context(), 2); err == nil || err.Error() != "roll back: generation 2 is the current one" {
		t.Errorf("to where we are: %v", err)
	}
	if _, err := e.Rollback(t.Context(), 7); err == nil || err.Error() != "roll back: no generation 7 in the history, which has [2 1]" {
		t.Errorf("to nowhere: %v", err)
	}
	held := e.acquire() // as a call does
	g, err := e.Rollback(t.Context(), 1)
	if err != nil || g.Number != 3 || g.Hash != e.History()[2].Hash || e.Generation() != g {
		t.Fatalf("got %+v, %v", g, err)
	}
	expectTold(t, e, "3 rolled back of 1 current +0 ~1 -0", "2 loaded +0 ~1 -0", "1 loaded +1 ~0 -0")
	if strings.Contains(log.String(), "unload two") || strings.Count(log.String(), `"load one"`) != 2 {
		t.Errorf("with a call in progress:\n%s", log)
	}
	e.release(held)
	if !contains(log.String(), "unload one", "unload two", "scripts rolled back", "generation=3", "of=1") {
		t.Errorf("after the last call:\n%s", log)
	}
}

// TestRollbackStays: the watcher leaves a rollback alone until a file changes; a reload that is asked for does not.
func TestRollbackStays(t *testing.T) {
	dir := t.TempDir()
	e, _ := newEngine(t, Options{Dir: dir})
	for n := 1; n <= 2; n++ {
		write(t, dir, "default.lua", fmt.Sprintf("%s-- %d", rejects, n))
		if _, err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Rollback(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	e.look(t.Context())
	if n := e.Generation().Number; n != 3 {
		t.Errorf("generation %d: the watcher undid the rollback", n)
	}
	write(t, dir, "default.lua", rejects+"-- 3")
	e.look(t.Context())
	if n := e.Generation().Number; n != 4 {
		t.Errorf("generation %d: the change after the rollback was not seen", n)
	}
	if _, err := e.Rollback(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if g, err := e.Reload(t.Context()); err != nil || g.Number != 6 || g.Hash != e.History()[2].Hash {
		t.Errorf("a reload gave %+v, %v", g, err)
	}
}

// TestRollbackSurvivesAMissingFolder: a folder that is gone and comes back as it was is no change.
func TestRollbackSurvivesAMissingFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scripts")
	write(t, dir, "default.lua", rejects)
	e, log := newEngine(t, Options{Dir: dir})
	e.look(t.Context())
	write(t, dir, "default.lua", rejects+"-- 2")
	e.look(t.Context())
	if _, err := e.Rollback(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	must(t, removeAll(dir, "."))
	e.look(t.Context())
	e.look(t.Context())
	if n := strings.Count(log.String(), "scripts refused"); n != 1 {
		t.Errorf("that the folder is gone is told %d times:\n%s", n, log)
	}
	write(t, dir, "default.lua", rejects+"-- 2")
	e.look(t.Context())
	if n := e.Generation().Number; n != 3 {
		t.Errorf("generation %d, want 3", n)
	}
}

// TestOnLoadFails: what had begun ends, so that nothing of a refused generation is left.
func TestOnLoadFails(t *testing.T) {
	e, log := newEngine(t, Options{FS: files(
		"a.lua", "function on_load() log.info('load a') end function on_unload() log.info('unload a') end "+rejects,
		"b.lua", "function on_load() error('no database') end function on_unload() log.info('unload b') end "+rejects)})
	if _, err := e.Load(t.Context()); err == nil || err.Error() != "b.lua:1: on_load: no database" {
		t.Errorf("got %v", err)
	}
	if !contains(log.String(), `"load a"`, `"unload a"`) || strings.Contains(log.String(), "unload b") {
		t.Errorf("log:\n%s", log)
	}
}

func TestCheckBeforeSwap(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects, "default_test.lua", "bad", "lib/a.lua", "")
	var began bool
	o := Options{Dir: dir, Check: func(_ context.Context, scripts fs.FS) error {
		if err := fstest.TestFS(scripts, "default.lua", "default_test.lua", "lib/a.lua"); err != nil {
			t.Error(err)
		}
		text, err := fs.ReadFile(scripts, "default_test.lua")
		if err != nil {
			t.Error(err)
		}
		if string(text) == "bad" {
			return Findings{{File: "default_test.lua", Line: 1, Message: "expected 180, got 486"}}
		}
		began = true
		return nil
	}}
	e, _ := newEngine(t, o)
	_, err := e.Load(t.Context())
	if all := (Findings)(nil); !errors.As(err, &all) || err.Error() != "default_test.lua:1: expected 180, got 486" || e.Generation() != nil {
		t.Errorf("got %v", err)
	}
	write(t, dir, "default_test.lua", "good")
	e.look(t.Context()) // a new test is a change
	if g := e.Generation(); g == nil || !began || slices.Contains(g.Files, "default_test.lua") {
		t.Errorf("got %+v", g)
	}
}

func TestCheckLoadsNothing(t *testing.T) {
	e, log := newEngine(t, Options{FS: files("default.lua", rejects+"function on_load() log.info('load') end", "default_test.lua", "(", "b.lua", "x = y + 1")})
	err := e.Check(t.Context())
	if all := (Findings)(nil); !errors.As(err, &all) || len(all) != 2 || all[0].File != "b.lua" || all[1].File != "default_test.lua" {
		t.Errorf("got %v", err)
	}
	if e.Generation() != nil || len(e.History()) != 0 || log.String() != "" {
		t.Errorf("it left traces: %v, %s\n%s", e.Generation(), told(e), log)
	}
	good, _ := newEngine(t, Options{FS: files("default.lua", rejects)})
	if err := good.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
