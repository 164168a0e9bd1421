package scripting

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quietTime    = 100 * time.Millisecond // no change for so long: the save is complete
	longestQuiet = 400 * time.Millisecond // changes that never stop are taken in as they are
	pollInterval = 500 * time.Millisecond // what no notification tells of is found by this
)

// Watch loads the scripts whenever their folder changes, until ctx ends; it returns nil then. Without a folder it
// returns an error at once. What the folder held before, and was refused or rolled back, is no change.
//
// The folder and its parent are watched, so that renames, deletions, re-creations and links that are turned are seen; a
// comparison of the files' times, twice a second, finds what no notification tells (a link further up that is turned,
// network drives, a system out of watches).
func (e *Engine) Watch(ctx context.Context) error {
	if e.options.Dir == "" {
		return errors.New("watch scripts: no folder to watch")
	}
	return WatchFolder(ctx, e.options.Dir, e.log, func() { e.look(ctx) })
}

// WatchFolder calls changed at once, and after each change of a script or a test below dir that has settled, until ctx ends;
// it returns nil then.
func WatchFolder(ctx context.Context, dir string, log *slog.Logger, changed func()) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	w := newWatcher(dir, log)
	defer w.close()
	w.run(ctx, changed)
	return nil
}

// watcher tells when something below a folder may have changed.
type watcher struct {
	dir    string // absolute
	log    *slog.Logger
	notify *fsnotify.Watcher // nil: polling alone
	events <-chan fsnotify.Event
	errors <-chan error
	seen   []entry // as last listed
}

func newWatcher(dir string, log *slog.Logger) *watcher {
	w := &watcher{dir: dir, log: log}
	notify, err := fsnotify.NewWatcher() // its goroutine ends in close
	if err != nil {
		log.Warn("no file notifications, polling alone", "error", err)
	} else {
		w.notify, w.events, w.errors = notify, notify.Events, notify.Errors
	}
	return w
}

func (w *watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close()
	}
}

// run calls changed after each change that has settled, until ctx ends.
func (w *watcher) run(ctx context.Context, changed func()) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	settle := time.NewTimer(0) // the folder may have changed since it was loaded
	defer settle.Stop()
	var since time.Time // of the first change that has not been taken in
	for {
		touched := false
		select {
		case <-ctx.Done():
			return
		case ev := <-w.events:
			touched = w.concerns(ev)
		case err := <-w.errors: // notifications were lost
			w.log.Debug("file notifications", "error", err)
			touched = true
		case <-poll.C:
			touched = since.IsZero() && !slices.EqualFunc(w.seen, w.entries(), entry.same)
		case <-settle.C:
			since = time.Time{}
			w.look()
			changed()
		}
		if touched {
			if since.IsZero() {
				since = time.Now()
			}
			settle.Reset(min(quietTime, time.Until(since.Add(longestQuiet))))
		}
	}
}

// concerns tells changes of the folder from those of its neighbours.
func (w *watcher) concerns(ev fsnotify.Event) bool {
	if ev.Op == fsnotify.Chmod {
		return false
	}
	return ev.Name == w.dir || filepath.Dir(ev.Name) != filepath.Dir(w.dir)
}

// look lists the folder and watches what it finds: first the watches, then the list, so that nothing falls between.
func (w *watcher) look() {
	if w.notify != nil {
		w.rewatch()
	}
	w.seen = w.entries()
}

// rewatch renews all watches: one that was set on a folder stays with it when another takes its place.
func (w *watcher) rewatch() {
	for _, old := range w.notify.WatchList() {
		_ = w.notify.Remove(old) // fails when the folder is gone, which is what we want
	}
	paths := []string{filepath.Dir(w.dir), w.dir}
	for _, e := range w.entries() {
		if e.info.IsDir() && e.path != "." {
			paths = append(paths, filepath.Join(w.dir, filepath.FromSlash(e.path)))
		}
	}
	for _, p := range paths {
		if err := w.notify.Add(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			w.log.Debug("watch", "path", p, "error", err) // the poll sees it
		}
	}
}

// entries lists the folder; nil when it cannot be read.
func (w *watcher) entries() []entry {
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	entries, err := list(root.FS())
	if err != nil {
		return nil
	}
	return entries
}
