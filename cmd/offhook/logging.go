package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"sync"
	"syscall"

	"gopkg.in/natefinch/lumberjack.v2"

	"offhook/config"
)

// logs is the log of the server: its logger, the rules that can be changed while it runs, and what it writes to.
type logs struct {
	*logRules
	log    *slog.Logger
	file   *lumberjack.Logger // nil: none
	opened closers
}

// newLogs begins the log: standard error always, and the rotated file and the local syslog where they are enabled.
func newLogs(c config.Logging, stderr io.Writer) (*logs, error) {
	l := &logs{logRules: &logRules{}}
	if err := l.setLevel(c.Level); err != nil {
		return nil, fmt.Errorf("logging.level: %w", err)
	}
	handlers := []slog.Handler{l.stderrHandler(c.Format, stderr, os.Getenv("JOURNAL_STREAM"), journaldSocket)}
	if c.EnableFileLogging {
		// keeping 0 old files means none; lumberjack would keep all
		l.file = &lumberjack.Logger{Filename: c.LogFilePath, MaxSize: c.MaxLogSizeMB, MaxBackups: max(c.MaxLogFiles, 1)}
		if _, err := l.file.Write(nil); err != nil { // opens it: a bad path is known now, not at the first line
			return nil, fmt.Errorf("logging.log_file_path: %w", err)
		}
		l.opened = append(l.opened, l.file)
		handlers = append(handlers, newHandler(c.Format, l.file, nil))
	}
	if c.EnableSyslog {
		w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "offhook")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("logging.enable_syslog: %w", err), l.opened.Close())
		}
		l.opened = append(l.opened, w)
		handlers = append(handlers, newLineHandler(c.Format, nil, func(level slog.Level, line []byte) error {
			return toSyslog(w, level, string(line))
		}))
	}
	l.log = slog.New(&ruledHandler{rules: l.logRules, next: slog.NewMultiHandler(handlers...)})
	return l, nil
}

// reopen has the next line open the log file anew, after others have renamed it.
func (l *logs) reopen() {
	if l.file == nil {
		return
	}
	if err := l.file.Close(); err != nil {
		l.log.Error("the log file is not closed", "error", err)
	}
	l.log.Info("log file opened anew", "path", l.file.Filename)
}

func (l *logs) close() error { return l.opened.Close() }

// newHandler writes all that comes to it: which lines do is for ruledHandler to say.
func newHandler(format string, w io.Writer, replace func([]string, slog.Attr) slog.Attr) slog.Handler {
	o := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: replace}
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

// lineHandler hands each line, with its level, to a function.
type lineHandler struct {
	slog.Handler
	line *line // shared with those that WithAttrs and WithGroup make
}

type line struct {
	mu    sync.Mutex
	level slog.Level
	write func(slog.Level, []byte) error
}

func newLineHandler(format string, replace func([]string, slog.Attr) slog.Attr, write func(slog.Level, []byte) error) *lineHandler {
	l := &line{write: write}
	return &lineHandler{newHandler(format, l, replace), l}
}

// Write is called once for each record, while Handle holds the lock.
func (l *line) Write(p []byte) (int, error) { return len(p), l.write(l.level, p) }

func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.level = r.Level
	return h.Handler.Handle(ctx, r)
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{h.Handler.WithAttrs(attrs), h.line}
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{h.Handler.WithGroup(name), h.line}
}

// priority is a level as syslog(3) counts.
func priority(level slog.Level) syslog.Priority {
	switch {
	case level >= slog.LevelError:
		return syslog.LOG_ERR
	case level >= slog.LevelWarn:
		return syslog.LOG_WARNING
	case level >= slog.LevelInfo:
		return syslog.LOG_INFO
	}
	return syslog.LOG_DEBUG
}

func toSyslog(w *syslog.Writer, level slog.Level, line string) error {
	switch priority(level) {
	case syslog.LOG_ERR:
		return w.Err(line)
	case syslog.LOG_WARNING:
		return w.Warning(line)
	case syslog.LOG_INFO:
		return w.Info(line)
	}
	return w.Debug(line)
}

// toJournal tells whether w is the stream that systemd names in JOURNAL_STREAM, "device:inode".
func toJournal(w io.Writer, stream string) bool {
	f, ok := w.(*os.File)
	if !ok || stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

// withoutTime leaves out what the journal notes by itself.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
