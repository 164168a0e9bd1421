package core

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Announce logs that the call came in. The attributes, in pairs as slog takes
// them, are on this line and on all later ones of the call: which script serves
// it, say.
func (c *Call) Announce(attrs ...any) {
	c.labels.add(attrs)
	c.log.Info("call", "from", c.From().User, "to", c.RequestURI().User, "remote", c.flow.Remote().String(), "transport", c.flow.Network())
}

// logTo sets where the call's log lines go.
func (c *Call) logTo(log *slog.Logger) {
	c.labels = &labels{}
	c.labels.set(log.Handler())
	c.log = slog.New(c.labels)
}

// labels is a log handler that can be given attributes while it is in use, as
// it is from several goroutines.
type labels struct{ handler atomic.Pointer[slog.Handler] }

func (l *labels) set(h slog.Handler) { l.handler.Store(&h) }

func (l *labels) current() slog.Handler { return *l.handler.Load() }

func (l *labels) add(attrs []any) { l.set(slog.New(l.current()).With(attrs...).Handler()) }

func (l *labels) Enabled(ctx context.Context, level slog.Level) bool {
	return l.current().Enabled(ctx, level)
}

func (l *labels) Handle(ctx context.Context, r slog.Record) error { return l.current().Handle(ctx, r) }

func (l *labels) WithAttrs(attrs []slog.Attr) slog.Handler { return l.current().WithAttrs(attrs) }

func (l *labels) WithGroup(name string) slog.Handler { return l.current().WithGroup(name) }
