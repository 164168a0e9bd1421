package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"offhook/config"
	"offhook/core/journal"
)

// journalingServer is a server that does nothing but tell of the calls of a store, by its control socket.
func journalingServer(t *testing.T, store *journal.Store) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	a := &app{config: &config.Config{Control: config.Control{Socket: socket}}, log: slog.New(slog.DiscardHandler), outside: outside{journal: store}}
	var err error
	if a.control, err = a.listenControl(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.control.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return socket
}

func TestCalls(t *testing.T) {
	store := journal.NewStore(journal.Options{})
	socket := journalingServer(t, store)
	expect := func(wantCode int, wantOut, wantErr string, args ...string) {
		t.Helper()
		code, out, stderr := commandLine(append(args, "--socket", socket)...)
		if code != wantCode || !regexp.MustCompile(wantOut).MatchString(out) || !strings.Contains(stderr, wantErr) {
			t.Errorf("offhook %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out, stderr)
		}
	}
	expect(0, `^\[\]\n$`, "", "calls", "list", "--json")
	store.Begin(journal.Call{ID: "old", SIPCallID: "1@x", CLI: "100", DID: "menu\x1b[2J", Script: "menu"}).End(func(c *journal.Call) { c.By, c.Code = "cancel", 487 })
	j := store.Begin(journal.Call{ID: "now", SIPCallID: "2@x", From: "sip:a@x", To: "sip:b@x", CLI: "200", DID: "b", Source: "192.0.2.7:5060", Script: "default", Generation: 3})
	peer := journal.Peer{Network: "UDP", Local: netip.MustParseAddrPort("192.0.2.1:5060"), Remote: netip.MustParseAddrPort("192.0.2.7:5060")}
	j.Message(false, false, peer, []byte("INVITE sip:b@x SIP/2.0\r\n\r\n"), false)
	j.Message(true, true, peer, []byte("SIP/2.0 100 Trying\r\n\r\n"), false)
	j.State("early")
	j.Note(journal.KindVerb, "default.lua:4", `call:play("x.wav")`)
	j.Return("default.lua:4", `call:play → {status = "done"}`, 2*time.Second)
	j.Note(journal.KindError, "", "default.lua:7: oh\nstack traceback:\n\tmain")
	j.Note(journal.KindLog, "default.lua:8", "\x1b[31mred")

	complete := func(want string, args ...string) {
		t.Helper()
		if _, out, _ := commandLine(append(append([]string{"__complete"}, args...), "")...); !strings.HasPrefix(out, want) {
			t.Errorf("completion of %q:\n%s", args, out)
		}
	}
	complete("now\t200 to b, default, early\nold\t100 to menu·[2J, menu, ended\n:", "calls", "show", "--socket", socket)
	complete("now\t200 to b, default, early\nold\t", "calls", "pcap", "--socket", socket)
	complete("now\t200 to b, default, early\n:", "calls", "hangup", "--socket", socket)
	complete(":", "calls", "hangup", "--socket", socket, "now")
	complete(":", "calls", "show", "--socket", socket+"none")
	complete("default\nmenu\n:", "calls", "list", "--socket", socket, "--script")

	expect(0, `(?s)^ID +START.*\nnow .* 200 +b +default +early +0\.0 .*\nold .* 100 +menu·\[2J +menu +ended .*cancel 487\n$`, "", "calls", "list")
	expect(0, `^ID[^\n]*\nnow[^\n]*\n$`, "", "calls", "list", "--live")
	expect(0, `^ID[^\n]*\nold[^\n]*\n$`, "", "calls", "list", "--script", "menu")
	expect(0, `^ID[^\n]*\n$`, "", "calls", "list", "--text", "nobody")
	expect(0, `^ID[^\n]*\nnow[^\n]*\n$`, "", "calls", "list", "--limit", "1")
	expect(0, `(?s)^call now · sip:a@x → sip:b@x · default \(generation 3\) · early\n`+
		` +seconds  192\.0\.2\.7:5060 +us\n`+
		` +0\.0\d\d  ── INVITE ─+▶\n`+
		` +0\.0\d\d  ◀── 100 Trying \(again\) ─+\n`+
		` +0\.0\d\d +● early\n`+
		` +0\.0\d\d +call:play\("x\.wav"\) +default\.lua:4\n`+
		` +0\.0\d\d +call:play → \{status = "done"\} after 2s +default\.lua:4\n`+
		` +0\.0\d\d +✗ default\.lua:7: oh\n +stack traceback:\n +\tmain\n`+
		` +0\.0\d\d +·\[31mred +default\.lua:8\n$`, "", "calls", "show", "now")
	expect(0, `^\{"call":\{"id":"now",.*"raw":"INVITE sip:b@x SIP/2.0\\r\\n\\r\\n"`, "", "calls", "show", "now", "--json")
	expect(1, `^$`, `offhook: no call "none" is known: 'offhook calls list' names those that are`, "calls", "show", "none")
	expect(2, `^$`, "calls show: write the ID of one call", "calls", "show")
	for _, args := range [][]string{{"calls", "lst"}, {"calls"}, {"records"}} {
		if code, _, stderr := commandLine(args...); code != 2 || !strings.Contains(stderr, ": write ") {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
	}

	socket = journalingServer(t, nil)
	expect(1, `^$`, "offhook: this server keeps nothing of its calls: set journal.recent_calls", "calls", "list")
}

// watching is what offhook calls watch prints until the server ends.
type watching struct {
	bytes.Buffer
	lines chan string
}

func (w *watching) Write(b []byte) (int, error) {
	w.lines <- string(b)
	return len(b), nil
}

func TestCallsWatch(t *testing.T) {
	store := journal.NewStore(journal.Options{})
	socket := filepath.Join(t.TempDir(), "s")
	a := &app{config: &config.Config{Control: config.Control{Socket: socket}}, log: slog.New(slog.DiscardHandler), outside: outside{journal: store}}
	var err error
	if a.control, err = a.listenControl(); err != nil {
		t.Fatal(err)
	}
	w := &watching{lines: make(chan string, 100)}
	over := make(chan int, 1)
	go func() { over <- run([]string{"calls", "watch", "--socket", socket}, w, w) }() // ends with the server
	j := store.Begin(journal.Call{ID: "a", Script: "menu"})
	for first := true; first; {
		j.Note(journal.KindLog, "", "until somebody watches")
		select {
		case line := <-w.lines:
			if !strings.Contains(line, "call a ·  →  · menu (generation 0) · incoming\n") {
				t.Errorf("first line %q", line)
			}
			first = false
		case <-time.After(10 * time.Millisecond): // the client is on its way
		}
	}
	j.State("answered")
	if line := <-w.lines; !strings.Contains(line, "· answered") {
		t.Errorf("second line %q", line)
	}
	j.State("ended")
	j.End(func(c *journal.Call) { c.By = "caller" })
	if line := <-w.lines; !strings.Contains(line, "ended by caller") {
		t.Errorf("third line %q", line)
	}
	j.Note(journal.KindLog, "", "late")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := a.control.Close(ctx); err != nil {
		t.Errorf("a client that watches keeps the server: %v", err)
	}
	if code := <-over; code != 0 || len(w.lines) != 0 {
		t.Errorf("exit code %d, %d more lines", code, len(w.lines))
	}
}

func TestRecordsExport(t *testing.T) {
	name := filepath.Join(t.TempDir(), "calls.jsonl")
	if err := os.WriteFile(name, []byte("{\"id\":\"a\",\"by\":\"caller\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, stderr := commandLine("records", "export", "--format", "csv", name, name); code != 0 || strings.Count(out, "\na,") != 2 || strings.Count(out, "sip_call_id") != 1 {
		t.Errorf("exit code %d\n%s%s", code, out, stderr)
	}
	for _, tt := range []struct {
		code int
		want string
		args []string
	}{
		{2, `"xml" is not a format: write csv`, []string{"--format", "xml", name}},
		{2, "write the files of records", nil},
		{1, "no such file", []string{name + "x"}},
	} {
		if code, _, stderr := commandLine(append([]string{"records", "export"}, tt.args...)...); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit code %d, %s", tt.args, code, stderr)
		}
	}
}
