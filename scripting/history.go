package scripting

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// historyLength is how many generations are remembered, and how many refusals beside them.
const historyLength = 20

// What came of scripts that were loaded.
const (
	OutcomeLoaded     = "loaded"
	OutcomeRefused    = "refused"
	OutcomeRolledBack = "rolled back" // an older generation became current again, as a new one
)

// Record tells of one attempt to change the scripts.
type Record struct {
	Number  uint64 // of the generation that came of it; 0 = refused
	Current bool   // calls that begin now get it
	Time    time.Time
	Outcome string
	Of      uint64 // of a rollback: the generation whose files it has
	Hash    string
	Origin  string
	Err     error // of a refusal: Findings, or why the folder could not be read

	// The files that differ from those of the generation that was current then.
	Added, Changed, Removed []string

	snapshot snapshot // of a generation
}

// History tells of the last generations and refusals, the latest first.
func (e *Engine) History() []Record {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.Clone(e.history)
	slices.Reverse(all)
	for i := range all {
		all[i].Current = e.current != nil && all[i].Number == e.current.Number
	}
	return all
}

// File is a file of a generation, as it was read.
type File struct{ Path, Text string }

// Files are those of a generation that the history has, tests included; 0: of what was refused last.
func (e *Engine) Files(number uint64) (files []File, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.refused
	if number != 0 {
		i := slices.IndexFunc(e.history, func(r Record) bool { return r.Number == number })
		if i < 0 {
			return nil, false
		}
		s = e.history[i].snapshot
	}
	for _, f := range s.files {
		files = append(files, File{f.path, f.text})
	}
	return files, s.files != nil
}

// Changes counts the attempts to change the scripts, by what came of them.
type Changes struct{ Loaded, Refused, RolledBack uint64 }

// Changes counts those since New.
func (e *Engine) Changes() Changes {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changes
}

// Rollback makes the files of an older generation current again, as a new generation. The folder is left as it is, and
// Watch loads it again only once something in it has changed; Load does at once. The files have to pass the checks of
// this version once more, but not Options.Check.
func (e *Engine) Rollback(ctx context.Context, number uint64) (*Generation, error) {
	e.loading.Lock()
	defer e.loading.Unlock()
	to, err := e.recorded(number)
	if err != nil {
		return nil, fmt.Errorf("roll back: %w", err)
	}
	g, err := e.candidate(ctx, to.snapshot, nil)
	if err != nil {
		return nil, fmt.Errorf("roll back to generation %d: %w", number, err)
	}
	e.accept(g, Record{Outcome: OutcomeRolledBack, Of: number})
	e.log.Info("scripts rolled back", "generation", g.Number, "of", number, "hash", g.Hash, "files", len(g.Files))
	return g, nil
}

// recorded finds a generation of the history that is not the current one.
func (e *Engine) recorded(number uint64) (Record, error) {
	var known []uint64
	for _, r := range e.History() {
		switch {
		case r.Number == 0:
		case r.Number != number:
			known = append(known, r.Number)
		case r.Current:
			return r, fmt.Errorf("generation %d is the current one", number)
		default:
			return r, nil
		}
	}
	return Record{}, fmt.Errorf("no generation %d in the history, which has %v", number, known)
}

// next is the number of the next generation.
func (e *Engine) next() uint64 { return number(e.Generation()) + 1 }

func number(g *Generation) uint64 {
	if g == nil {
		return 0
	}
	return g.Number
}

// accept makes g the current generation and remembers it.
func (e *Engine) accept(g *Generation, r Record) {
	r.Number, r.Time, r.Hash, r.Origin, r.snapshot = g.Number, g.Loaded, g.Hash, g.Origin, g.snapshot
	e.remember(r)
	e.swap(g)
}

// noteRefusal remembers that scripts were refused. The same ones are told of once, with the time of the last attempt.
func (e *Engine) noteRefusal(s snapshot, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	r := Record{Time: time.Now(), Outcome: OutcomeRefused, Err: err, Origin: s.origin}
	if s.files != nil {
		r.Hash = s.hash()
	}
	e.mu.Lock()
	if last := len(e.history) - 1; last >= 0 && e.history[last].Err != nil &&
		e.history[last].Hash == r.Hash && e.history[last].Err.Error() == err.Error() {
		e.history = e.history[:last]
	}
	e.mu.Unlock()
	r.snapshot = s
	e.remember(r)
}

// remember puts a record into the history, with what differs from the current generation.
func (e *Engine) remember(r Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var before snapshot
	if e.current != nil {
		before = e.current.snapshot
	}
	if r.snapshot.files != nil {
		r.Added, r.Changed, r.Removed = before.differs(r.snapshot)
	}
	switch r.Outcome {
	case OutcomeRefused:
		e.changes.Refused++
		e.refused, r.snapshot = r.snapshot, snapshot{} // nobody goes back to it
	case OutcomeRolledBack:
		e.changes.RolledBack++
	default:
		e.changes.Loaded++
	}
	e.history = append(e.history, r)
	alike := func(o Record) bool { return (o.Err != nil) == (r.Err != nil) }
	count := 0
	for _, o := range e.history {
		if alike(o) {
			count++
		}
	}
	if count > historyLength {
		oldest := slices.IndexFunc(e.history, alike)
		e.history = slices.Delete(e.history, oldest, oldest+1)
	}
}

// differs names the files that another snapshot has more, has otherwise, and has not.
func (s snapshot) differs(o snapshot) (added, changed, removed []string) {
	old, now := texts(s), texts(o)
	for _, f := range o.files {
		if text, ok := old[f.path]; !ok {
			added = append(added, f.path)
		} else if text != f.text {
			changed = append(changed, f.path)
		}
	}
	for _, f := range s.files {
		if _, ok := now[f.path]; !ok {
			removed = append(removed, f.path)
		}
	}
	return added, changed, removed
}

// Reload is Load for people who ask for it: what came of it is logged.
func (e *Engine) Reload(ctx context.Context) (*Generation, error) {
	before := e.Generation()
	g, err := e.Load(ctx)
	e.tell(ctx, before, g, err)
	return g, err
}

// look loads the scripts when the folder holds something else than before: not what was refused then, nor what was rolled back.
func (e *Engine) look(ctx context.Context) {
	e.loading.Lock()
	defer e.loading.Unlock()
	before := e.Generation()
	s, err := e.read()
	if before != nil && before.Origin == "embedded" && errors.Is(err, fs.ErrNotExist) {
		return // nobody has made the folder yet
	}
	if err != nil {
		err = fmt.Errorf("read scripts: %w", err)
		if e.missed != err.Error() {
			e.missed = err.Error()
			e.noteRefusal(s, err)
			e.tell(ctx, before, nil, err)
		}
		return
	}
	e.missed = ""
	if e.seen.same(s) {
		return
	}
	g, err := e.load(ctx, s)
	e.tell(ctx, before, g, err)
}

// tell logs what came of a reload, on one line.
func (e *Engine) tell(ctx context.Context, before, g *Generation, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		e.log.Error("scripts refused, the loaded ones stay", "generation", number(before), "error", err)
	case g != before:
		e.log.Info("scripts loaded", "generation", g.Number, "hash", g.Hash, "files", len(g.Files))
	}
}
