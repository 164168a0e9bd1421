package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
)

// journald is the socket of the journal of systemd. Unlike its stream, it takes fields with names of our own, so that
// 'journalctl CALL=ID' finds the lines of a call.
type journald struct {
	conn *net.UnixConn
}

// journaldSocket is where systemd-journald listens.
const journaldSocket = "/run/systemd/journal/socket"

func dialJournald(path string) (*journald, error) {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	return &journald{conn}, nil
}

func (j *journald) Close() error { return j.conn.Close() }

// journalFields are the attributes that become fields.
var journalFields = map[string]string{
	"call": "CALL", "sip_call_id": "SIP_CALL_ID", "script": "SCRIPT", "generation": "GENERATION", "trunk": "TRUNK", "at": "SCRIPT_LINE", "from": "SIP_FROM", "to": "SIP_TO", "remote": "REMOTE",
}

// journalHandler sends a line with its fields to journald, and what journald does not take to another handler.
type journalHandler struct {
	slog.Handler // makes the line, and hands it to send with the fields; see newJournalHandler
	otherwise    slog.Handler
	to           *journald
	fields       []slog.Attr // of WithAttrs, outside of groups
	grouped      bool
	line         *line
}

// newJournalHandler is a handler for journald; otherwise gets what it does not take, as what is longer than a datagram.
func newJournalHandler(format string, to *journald, otherwise slog.Handler) *journalHandler {
	l := &line{}
	return &journalHandler{Handler: newHandler(format, l, withoutTime), otherwise: otherwise, to: to, line: l}
}

// Handle is for slog.
func (h *journalHandler) Handle(ctx context.Context, r slog.Record) error {
	if err := h.send(ctx, r); err != nil {
		return h.otherwise.Handle(ctx, r)
	}
	return nil
}

func (h *journalHandler) send(ctx context.Context, r slog.Record) error {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	var text []byte
	h.line.write = func(_ slog.Level, b []byte) error {
		text = bytes.TrimSuffix(b, []byte("\n"))
		return nil
	}
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	b := appendField(nil, "MESSAGE", text)
	b = appendField(b, "PRIORITY", strconv.AppendInt(nil, int64(priority(r.Level)), 10))
	b = appendField(b, "SYSLOG_IDENTIFIER", []byte("offhook"))
	add := func(a slog.Attr) bool {
		if name := journalFields[a.Key]; name != "" {
			b = appendField(b, name, []byte(a.Value.Resolve().String()))
		}
		return true
	}
	for _, a := range h.fields {
		add(a)
	}
	if !h.grouped {
		r.Attrs(add)
	}
	_, err := h.to.conn.Write(b)
	return err
}

// appendField appends a field as the native protocol of journald has it: NAME=value, or with the length where value has
// several lines.
func appendField(b []byte, name string, value []byte) []byte {
	b = append(b, name...)
	if !bytes.Contains(value, []byte("\n")) {
		b = append(append(b, '='), value...)
		return append(b, '\n')
	}
	b = binary.LittleEndian.AppendUint64(append(b, '\n'), uint64(len(value)))
	return append(append(b, value...), '\n')
}

// WithAttrs is for slog.
func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.Handler, next.otherwise = h.Handler.WithAttrs(attrs), h.otherwise.WithAttrs(attrs)
	if !h.grouped {
		next.fields = append(h.fields[:len(h.fields):len(h.fields)], attrs...)
	}
	return &next
}

// WithGroup is for slog.
func (h *journalHandler) WithGroup(name string) slog.Handler {
	next := *h
	next.Handler, next.otherwise, next.grouped = h.Handler.WithGroup(name), h.otherwise.WithGroup(name), h.grouped || strings.TrimSpace(name) != ""
	return &next
}

// stderrHandler writes to standard error. Where that goes to the journal of systemd, as stream says (JOURNAL_STREAM), lines go
// to its socket with their fields; if it has none, they have their priority in front, as sd-daemon(3) says.
func (l *logs) stderrHandler(format string, stderr io.Writer, stream, socket string) slog.Handler {
	if !toJournal(stderr, stream) {
		return newHandler(format, stderr, nil)
	}
	marked := newLineHandler(format, withoutTime, func(level slog.Level, line []byte) error {
		_, err := fmt.Fprintf(stderr, "<%d>%s", priority(level), line)
		return err
	})
	to, err := dialJournald(socket)
	if err != nil {
		return marked
	}
	l.opened = append(l.opened, to)
	return newJournalHandler(format, to, marked)
}
