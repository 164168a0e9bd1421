package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"log/syslog"
	"strings"

	"gopkg.in/natefinch/lumberjack.v2"

	"offhook/config"
)

// newLogger builds the logger of the server: standard error always, and the
// rotated file and the local syslog where they are enabled. The closer
// releases the latter two.
func newLogger(c config.Logging, stderr io.Writer) (*slog.Logger, io.Closer, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, fmt.Errorf("logging.level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	handlers := []slog.Handler{newHandler(c.Format, stderr, options)}
	var opened closers
	if c.EnableFileLogging {
		// keeping 0 old files means none; lumberjack would keep all
		file := &lumberjack.Logger{Filename: c.LogFilePath, MaxSize: c.MaxLogSizeMB, MaxBackups: max(c.MaxLogFiles, 1)}
		if _, err := file.Write(nil); err != nil { // opens it: a bad path is known now, not at the first line
			return nil, nil, fmt.Errorf("logging.log_file_path: %w", err)
		}
		opened = append(opened, file)
		handlers = append(handlers, newHandler(c.Format, file, options))
	}
	if c.EnableSyslog {
		w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "offhook")
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("logging.enable_syslog: %w", err), opened.Close())
		}
		opened = append(opened, w)
		handlers = append(handlers, &syslogHandler{level, c.Format, w, nil})
	}
	return slog.New(slog.NewMultiHandler(handlers...)), opened, nil
}

func newHandler(format string, w io.Writer, o *slog.HandlerOptions) slog.Handler {
	if format == "json" {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

type closers []io.Closer

func (cs closers) Close() error {
	var errs []error
	for _, c := range cs {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// syslogHandler sends each record with the severity of its level.
type syslogHandler struct {
	level  slog.Level
	format string
	w      *syslog.Writer
	with   []func(slog.Handler) slog.Handler // WithAttrs and WithGroup, in order
}

func (h *syslogHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *syslogHandler) Handle(ctx context.Context, r slog.Record) error {
	var line strings.Builder
	out := newHandler(h.format, &line, &slog.HandlerOptions{Level: h.level})
	for _, with := range h.with {
		out = with(out)
	}
	if err := out.Handle(ctx, r); err != nil {
		return err
	}
	switch {
	case r.Level >= slog.LevelError:
		return h.w.Err(line.String())
	case r.Level >= slog.LevelWarn:
		return h.w.Warning(line.String())
	case r.Level >= slog.LevelInfo:
		return h.w.Info(line.String())
	}
	return h.w.Debug(line.String())
}

func (h *syslogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.then(func(out slog.Handler) slog.Handler { return out.WithAttrs(attrs) })
}

func (h *syslogHandler) WithGroup(name string) slog.Handler {
	return h.then(func(out slog.Handler) slog.Handler { return out.WithGroup(name) })
}

func (h *syslogHandler) then(with func(slog.Handler) slog.Handler) slog.Handler {
	next := *h
	next.with = append(next.with[:len(next.with):len(next.with)], with)
	return &next
}
