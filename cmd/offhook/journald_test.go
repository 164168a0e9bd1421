package main

import (
	"encoding/binary"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fakeJournald listens as systemd-journald does; the function returns the fields of the next line.
func fakeJournald(t *testing.T) (path string, next func() map[string]string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() map[string]string {
		t.Helper()
		buffer := make([]byte, 1<<20)
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		for text := string(buffer[:n]); text != ""; {
			name, rest, _ := strings.Cut(text, "\n")
			if name, value, ok := strings.Cut(name, "="); ok {
				fields[name], text = value, rest
				continue
			}
			size := binary.LittleEndian.Uint64([]byte(rest))
			fields[name], text = rest[8:8+size], rest[8+size+1:]
		}
		return fields
	}
}

// In the journal of systemd a line has fields, by which the lines of a call are found.
func TestJournald(t *testing.T) {
	path, next := fakeJournald(t)
	out, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	l := &logs{logRules: &logRules{}}
	log := slog.New(l.stderrHandler("text", out, streamOf(t, out), path))
	of := log.With("call", "3kq9", "script", "menu", "generation", 7)
	of.Warn("one", "at", "menu.lua:3", "n", 1)
	of.WithGroup("g").Info("two", "call", "other")
	of.With("from", "a\nPRIORITY=0").Error("three")
	for _, want := range []map[string]string{
		{"MESSAGE": `level=WARN msg=one call=3kq9 script=menu generation=7 at=menu.lua:3 n=1`, "PRIORITY": "4", "CALL": "3kq9", "SCRIPT": "menu", "GENERATION": "7", "SCRIPT_LINE": "menu.lua:3"},
		{"MESSAGE": `level=INFO msg=two call=3kq9 script=menu generation=7 g.call=other`, "PRIORITY": "6", "CALL": "3kq9", "SCRIPT": "menu", "GENERATION": "7"},
		{"MESSAGE": `level=ERROR msg=three call=3kq9 script=menu generation=7 from="a\nPRIORITY=0"`, "PRIORITY": "3", "CALL": "3kq9", "SCRIPT": "menu", "GENERATION": "7", "SIP_FROM": "a\nPRIORITY=0"},
	} {
		want["SYSLOG_IDENTIFIER"] = "offhook"
		if got := next(); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}

	log.Info("long", "text", strings.Repeat("x", 8<<20)) // more than a datagram takes
	text, err := os.ReadFile(out.Name())
	if err != nil || len(text) < 8<<20 || !strings.HasPrefix(string(text), "<6>level=INFO msg=long text=xxx") {
		t.Errorf("%v, %d octets in the stream: %.80s", err, len(text), text)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
	log.Info("after the end of journald")
	if text, _ = os.ReadFile(out.Name()); !strings.HasSuffix(string(text), "<6>level=INFO msg=\"after the end of journald\"\n") {
		t.Error("what journald does not take is lost")
	}
}

// Without journald's socket, or without systemd, all goes to standard error.
func TestNoJournald(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for stream, want := range map[string]string{streamOf(t, out): "<6>level=INFO msg=x\n", "": " level=INFO msg=x\n"} {
		if err := out.Truncate(0); err != nil {
			t.Fatal(err)
		}
		l := &logs{logRules: &logRules{}}
		slog.New(l.stderrHandler("text", out, stream, filepath.Join(t.TempDir(), "none"))).Info("x")
		if text, err := os.ReadFile(out.Name()); err != nil || !strings.HasSuffix(string(text), want) || len(l.opened) != 0 {
			t.Errorf("%q: %v, got %q", stream, err, text)
		}
	}
}
