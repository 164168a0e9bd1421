package scripting

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// watched is an engine that watches a real folder.
type watched struct {
	*testing.T
	dir    string
	engine *Engine
	log    *logBuffer
	loads  chan struct{} // one for each time that the watcher had the scripts loaded
}

// liveWithin is what a save may take until calls use it, on a machine that has other things to do.
const liveWithin = time.Second

func watchFolder(t *testing.T, dir string) *watched {
	t.Helper()
	return watchWith(t, dir, func(*watcher) {})
}

func watchWith(t *testing.T, dir string, change func(*watcher)) *watched {
	e, log := newEngine(t, Options{Dir: dir})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &watched{T: t, dir: dir, engine: e, log: log, loads: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	watcher := newWatcher(dir, e.log)
	change(watcher)
	done := make(chan struct{})
	go func() { // ends with ctx, waited for in Cleanup
		defer close(done)
		watcher.run(ctx, func() {
			e.look(ctx)
			select {
			case w.loads <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		watcher.close()
		goleak.VerifyNone(t, goleak.IgnoreCurrent())
	})
	<-w.loads // the first look
	return w
}

// until waits for a state of the engine, looked at after each load.
func (w *watched) until(what string, ok func() bool) {
	w.Helper()
	late := time.After(10 * time.Second)
	for began := time.Now(); ; {
		if ok() {
			if took := time.Since(began); took > liveWithin {
				w.Errorf("%s: live after %v", what, took)
			}
			return
		}
		select {
		case <-w.loads:
		case <-late:
			w.Fatalf("%s: not seen; log:\n%s", what, w.log)
		}
	}
}

// hears waits until the scripts in use contain a text.
func (w *watched) hears(what, text string) {
	w.Helper()
	w.until(what, func() bool {
		s, err := readFolder(w.dir)
		if err != nil || w.engine.Generation().Hash != s.hash() {
			return false
		}
		for _, f := range s.files {
			if strings.Contains(f.text, text) {
				return true
			}
		}
		return false
	})
}

func text(n int) string { return fmt.Sprintf("%s-- version %d;\n", rejects, n) }

func version(n int) string { return fmt.Sprintf("version %d;", n) }

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scripts")
	write(t, dir, "default.lua", text(1))
	w := watchFolder(t, dir)
	file := filepath.Join(dir, "default.lua")

	write(t, dir, "default.lua", text(2))
	w.hears("written in place", version(2))

	temporary := filepath.Join(dir, "4913~")
	write(t, dir, "4913~", text(3))
	must(t, os.Rename(temporary, file))
	w.hears("an editor's rename over it", version(3))

	must(t, os.Rename(file, file+".bak"))
	write(t, dir, "default.lua", text(4))
	w.hears("an editor's backup and new file", version(4))

	must(t, os.Remove(file))
	w.until("deleted: the old one stays", func() bool { return strings.Contains(w.log.String(), "scripts refused") })
	write(t, dir, "default.lua", text(5))
	w.hears("created again", version(5))

	write(t, dir, "lib/menu.lua", "-- version 6;")
	w.hears("a folder below", version(6))
	write(t, dir, "lib/menu.lua", "-- version 7;")
	w.hears("a file in a folder below", version(7))

	for n := 10; n < 60; n++ {
		write(t, dir, "default.lua", text(n))
	}
	w.hears("fifty saves at once", version(59))
}

func TestWatchBrokenEdit(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", text(1))
	w := watchFolder(t, dir)
	write(t, dir, "default.lua", "function on_call(call)\n  call:ring(\nend\n")
	w.until("refused", func() bool { return strings.Contains(w.log.String(), "scripts refused") })
	if w.engine.Generation().Number != 1 || !contains(w.log.String(), "default.lua:3:") || strings.Count(w.log.String(), "\n") != 1 {
		t.Errorf("want one line with file:line:column, and generation 1; got %d and\n%s", w.engine.Generation().Number, w.log)
	}
	write(t, dir, "default.lua", text(2))
	w.hears("mended", version(2))
}

func TestWatchFolderSwaps(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "scripts")
	write(t, parent, "scripts/default.lua", text(1), "next/default.lua", text(2))
	w := watchFolder(t, dir)

	must(t, os.Rename(dir, filepath.Join(parent, "old")), os.Rename(filepath.Join(parent, "next"), dir))
	w.hears("renamed folders", version(2))
	write(t, dir, "default.lua", text(3))
	w.hears("a save in the new folder", version(3))

	must(t, os.RemoveAll(dir))
	w.until("folder deleted: the old scripts stay", func() bool { return strings.Contains(w.log.String(), "scripts refused") })
	if w.engine.Generation().Number != 3 {
		t.Errorf("generation %d", w.engine.Generation().Number)
	}
	write(t, dir, "default.lua", text(4))
	w.hears("folder created again", version(4))
	write(t, dir, "default.lua", text(5))
	w.hears("a save in it", version(5))
}

func TestWatchLinks(t *testing.T) {
	parent := t.TempDir()
	write(t, parent, "v1/default.lua", text(1), "v2/default.lua", text(2))
	turn := func(link, to string) {
		must(t, os.Symlink(to, link+".new"), os.Rename(link+".new", link))
	}
	t.Run("the folder is a link", func(t *testing.T) {
		link := filepath.Join(parent, "scripts")
		turn(link, "v1")
		w := watchFolder(t, link)
		turn(link, "v2")
		w.hears("turned", version(2))
		write(t, parent, "v2/default.lua", text(3))
		w.hears("a save behind it", version(3))
		turn(link, "v1")
		w.hears("turned back", version(1))
	})
	t.Run("a link further up", func(t *testing.T) {
		write(t, parent, "r1/scripts/default.lua", text(1), "r2/scripts/default.lua", text(2))
		link := filepath.Join(parent, "current")
		turn(link, "r1")
		w := watchFolder(t, filepath.Join(link, "scripts"))
		turn(link, "r2")
		w.hears("turned", version(2))
		write(t, parent, "r2/scripts/default.lua", text(3))
		w.hears("a save behind it", version(3))
	})
}

func TestWatchWithoutNotifications(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scripts")
	write(t, dir, "default.lua", text(1))
	w := watchWith(t, dir, func(w *watcher) {
		w.close()
		w.notify, w.events, w.errors = nil, nil, nil
	})
	write(t, dir, "default.lua", text(22))
	w.hears("written in place", version(22))
	must(t, os.RemoveAll(dir))
	w.until("folder deleted", func() bool { return strings.Contains(w.log.String(), "scripts refused") })
	write(t, dir, "default.lua", text(3))
	w.hears("folder created again", version(3))
}

func TestWatchEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	write(t, dir, "default.lua", text(1))
	e, _ := newEngine(t, Options{Dir: dir})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Watch(ctx); err != nil {
		t.Error(err)
	}
	embedded, _ := newEngine(t, Options{FS: files("default.lua", rejects)})
	if err := embedded.Watch(t.Context()); err == nil {
		t.Error("nothing to watch, and no error")
	}
}

// Who runs on the embedded scripts and has no folder yet hears of no error, and has the folder when it comes.
func TestWatchForAFolderToCome(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scripts")
	e, log := newEngine(t, Options{Dir: dir, FS: files("default.lua", text(1))})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := log.String()
	e.look(t.Context())
	if log.String() != before {
		t.Errorf("logged:\n%s", strings.TrimPrefix(log.String(), before))
	}
	write(t, dir, "default.lua", text(2))
	e.look(t.Context())
	if g := e.Generation(); g.Number != 2 || g.Origin != dir {
		t.Errorf("generation %d from %s, want 2 from the folder", g.Number, g.Origin)
	}
}
