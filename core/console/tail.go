package console

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	mostLines   = 1000
	longestLine = 4 << 10 // bytes of a message, or of a value
)

// Tail is a slog.Handler that keeps the last lines of the log. Lines become text only when somebody reads them.
type Tail struct {
	kept  *keptLines
	attrs []slog.Attr // of WithAttrs
	group string      // of WithGroup: "a."
}

type keptLines struct {
	level slog.Leveler
	mu    sync.Mutex
	last  uint64
	ring  [mostLines]keptLine // number n is at n % mostLines
}

type keptLine struct {
	number uint64 // from 1; 0: there is none yet
	record slog.Record
	attrs  []slog.Attr
	group  string
}

// Line is one line of the log.
type Line struct {
	Number  uint64     `json:"n"`
	Time    time.Time  `json:"time"`
	Level   string     `json:"level"`
	Message string     `json:"msg"`
	Call    string     `json:"call,omitempty"`
	Fields  [][]string `json:"fields,omitempty"` // name and value
}

// NewTail keeps lines of a level and above.
func NewTail(level slog.Leveler) *Tail { return &Tail{kept: &keptLines{level: level}} }

// Enabled is for slog.
func (t *Tail) Enabled(_ context.Context, l slog.Level) bool { return l >= t.kept.level.Level() }

// Handle is for slog.
func (t *Tail) Handle(_ context.Context, r slog.Record) error {
	k := t.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last++
	k.ring[k.last%mostLines] = keptLine{k.last, r.Clone(), t.attrs, t.group}
	return nil
}

// WithAttrs is for slog.
func (t *Tail) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := slices.Clip(t.attrs)
	for _, a := range attrs {
		a.Key = t.group + a.Key
		all = append(all, a)
	}
	return &Tail{t.kept, all, t.group}
}

// WithGroup is for slog.
func (t *Tail) WithGroup(name string) slog.Handler {
	if name == "" {
		return t
	}
	return &Tail{t.kept, t.attrs, t.group + name + "."}
}

// After returns the lines after a number that keep lets through, at most the last so many, and the number to go on from.
func (t *Tail) After(number uint64, most int, keep func(Line) bool) (lines []Line, last uint64) {
	k := t.kept
	k.mu.Lock()
	last = k.last
	first := max(number+1, last-min(last, mostLines-1))
	kept := make([]keptLine, 0, last+1-min(first, last+1))
	for n := first; n <= last; n++ {
		kept = append(kept, k.ring[n%mostLines])
	}
	k.mu.Unlock()
	for _, line := range slices.Backward(kept) {
		if l := line.read(); keep == nil || keep(l) {
			if lines = append(lines, l); len(lines) == most {
				break
			}
		}
	}
	slices.Reverse(lines)
	return lines, last
}

// read makes text of a line.
func (k keptLine) read() Line {
	l := Line{Number: k.number, Time: k.record.Time, Level: strings.ToLower(k.record.Level.String()), Message: shortened(k.record.Message)}
	for _, a := range k.attrs {
		l.add("", a)
	}
	k.record.Attrs(func(a slog.Attr) bool { l.add(k.group, a); return true })
	return l
}

func (l *Line) add(group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		for _, inner := range v.Group() {
			l.add(group+a.Key+".", inner)
		}
		return
	}
	name := group + a.Key
	if name == "call" {
		l.Call = v.String()
	}
	l.Fields = append(l.Fields, []string{name, shortened(v.String())})
}

func shortened(s string) string {
	if len(s) <= longestLine {
		return s
	}
	return strings.ToValidUTF8(s[:longestLine], "") + "…"
}
