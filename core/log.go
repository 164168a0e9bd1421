package core

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
)

// Announce logs that the call came in. The attributes, in pairs as slog takes
// them, are on this line and on all later ones of the call: which script serves
// it, say.
func (c *Call) Announce(attrs ...any) {
	c.labels.add(attrs)
	if !c.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	c.log.Info("call", "from", c.CallingUser(), "to", c.CalledUser(), "remote", c.flow.Remote().String(), "transport", c.flow.Network())
}

// logTo sets where the call's log lines go, and what they all begin with.
func (c *Call) logTo(log *slog.Logger) {
	c.labels = &labels{handler: log.Handler(), call: c.id}
	c.labels.add([]any{"call", c.id})
	c.log = slog.New(c.labels)
}

// labels is a log handler that can be given attributes while it is in use, as
// it is from several goroutines. They are added line by line: most lines of a
// call are below the level, and a handler made for each call costs more than
// all that it may write.
type labels struct {
	handler slog.Handler
	call    string
	attrs   atomic.Pointer[[]slog.Attr]
}

// A CallHandler is a log handler that lets the lines of some calls through
// whatever their level.
type CallHandler interface {
	slog.Handler
	EnabledFor(call string, level slog.Level) bool
}

func (l *labels) current() []slog.Attr {
	if p := l.attrs.Load(); p != nil {
		return *p
	}
	return nil
}

// add takes attributes as slog does. Only one goroutine at a time may call it.
func (l *labels) add(args []any) {
	var r slog.Record
	r.Add(args...)
	attrs := slices.Grow(slices.Clone(l.current()), r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	l.attrs.Store(&attrs)
}

func (l *labels) Enabled(ctx context.Context, level slog.Level) bool {
	if h, ok := l.handler.(CallHandler); ok {
		return h.EnabledFor(l.call, level)
	}
	return l.handler.Enabled(ctx, level)
}

func (l *labels) Handle(ctx context.Context, r slog.Record) error {
	labelled := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	labelled.AddAttrs(l.current()...)
	r.Attrs(func(a slog.Attr) bool {
		labelled.AddAttrs(a)
		return true
	})
	return l.handler.Handle(ctx, labelled)
}

func (l *labels) WithAttrs(attrs []slog.Attr) slog.Handler { return l.labelled().WithAttrs(attrs) }

func (l *labels) WithGroup(name string) slog.Handler { return l.labelled().WithGroup(name) }

func (l *labels) labelled() slog.Handler { return l.handler.WithAttrs(l.current()) }
