package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"offhook/core/console"
	"offhook/scripting/route"
)

// logRules say which lines are logged. They can be changed while calls run: the level of all lines, and single calls of which all
// lines are logged, whatever the level.
type logRules struct {
	level slog.LevelVar

	mu    sync.Mutex
	calls map[string]struct{} // by ID
	to    []route.Pattern     // calls to these become such when they begin
	watch atomic.Pointer[watched]
}

// watched is a copy of the rules that the calls read without a lock; nil: there are none.
type watched struct {
	calls map[string]struct{}
	to    []route.Pattern
}

// lastLines is how long after its end a call may still log.
const lastLines = 35 * time.Second // 64·T1 and a little

func (r *logRules) setLevel(name string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil || !slices.Contains(logLevels, strings.ToLower(name)) {
		return fmt.Errorf("%q is not a level: write %s", name, strings.Join(logLevels, ", "))
	}
	r.level.Set(level)
	return nil
}

var logLevels = []string{"debug", "info", "warn", "error"}

// debugCall has all lines of a call logged.
func (r *logRules) debugCall(id string) { r.change(func() { r.calls[id] = struct{}{} }) }

// debugTo has all lines of calls logged that begin from now on and whose called user matches.
func (r *logRules) debugTo(pattern string) error {
	p, err := route.ParsePattern(pattern)
	if err != nil {
		return err
	}
	r.change(func() {
		if !slices.ContainsFunc(r.to, func(q route.Pattern) bool { return q.String() == pattern }) {
			r.to = append(r.to, p)
		}
	})
	return nil
}

// debugNone leaves the level alone to decide.
func (r *logRules) debugNone() { r.change(func() { r.calls, r.to = nil, nil }) }

func (r *logRules) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = map[string]struct{}{}
	}
	do()
	if len(r.calls)+len(r.to) == 0 {
		r.watch.Store(nil)
		return
	}
	r.watch.Store(&watched{maps.Clone(r.calls), slices.Clone(r.to)})
}

// begin looks whether a call that begins is one of those; nil rules have none.
func (r *logRules) begin(id, to string) {
	if r == nil {
		return
	}
	w := r.watch.Load()
	if w != nil && slices.ContainsFunc(w.to, func(p route.Pattern) bool { return p.Match(to) }) {
		r.debugCall(id)
	}
}

// end forgets a call, when its last lines are logged.
func (r *logRules) end(id string) {
	if r == nil || !r.watches(id) {
		return
	}
	time.AfterFunc(lastLines, func() { r.change(func() { delete(r.calls, id) }) })
}

// debugs tells whether the debug lines of a call are logged.
func (r *logRules) debugs(id string) bool {
	return r != nil && (r.level.Level() <= slog.LevelDebug || r.watches(id))
}

func (r *logRules) watches(id string) bool {
	w := r.watch.Load()
	if w == nil {
		return false
	}
	_, ok := w.calls[id]
	return ok
}

// state is what 'offhook log' shows.
func (r *logRules) state() console.LogState {
	s := console.LogState{Level: strings.ToLower(r.level.Level().String()), Calls: []string{}, To: []string{}}
	if w := r.watch.Load(); w != nil {
		s.Calls = append(s.Calls, slices.Sorted(maps.Keys(w.calls))...)
		for _, p := range w.to {
			s.To = append(s.To, p.String())
		}
	}
	return s
}

// ruledHandler passes on the lines that the rules let through.
type ruledHandler struct {
	rules *logRules
	next  slog.Handler
	call  string // whose lines they are; empty: of none
	group bool   // attributes are within one: they name no call
}

func (h *ruledHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.EnabledFor(h.call, level)
}

// EnabledFor is for the lines of a call, or of none.
func (h *ruledHandler) EnabledFor(call string, level slog.Level) bool {
	return level >= h.rules.level.Level() || call != "" && h.rules.watches(call)
}

func (h *ruledHandler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

func (h *ruledHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == "call" && !h.group {
			with.call = a.Value.String()
		}
	}
	return &with
}

func (h *ruledHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.next, with.group = h.next.WithGroup(name), h.group || name != ""
	return &with
}
