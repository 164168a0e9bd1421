package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"offhook/config"
	"offhook/core/console"
)

// running starts a server in this process on free ports.
func running(t *testing.T, log io.Writer, set ...string) (a *app, socket string) {
	t.Helper()
	return runningFile(t, log, "", set...)
}

// runningFile is running with a file of configuration; empty: none.
func runningFile(t *testing.T, log io.Writer, file string, set ...string) (a *app, socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	o := config.Options{File: file}
	for _, pair := range append([]string{
		"sip.bind_address=127.0.0.1", "sip.port=0", "health.health_check_port=0", "scripting.dir=" + t.TempDir() + "/none", "control.socket=" + socket,
		"scripting.kv_path=",
	}, set...) {
		key, value, _ := strings.Cut(pair, "=")
		o.Flags = append(o.Flags, config.Flag{Name: "--set", Key: key, Value: value})
	}
	c, err := config.Load(o)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := newLogs(c.Logging, log)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = newApp(t.Context(), c, logs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
		if err := logs.close(); err != nil {
			t.Error(err)
		}
	})
	return a, socket
}

// operator runs commands against a socket and says what was not as expected.
func operator(t *testing.T, socket string) func(wantCode int, wantOut, wantErr string, args ...string) string {
	return func(wantCode int, wantOut, wantErr string, args ...string) string {
		t.Helper()
		code, out, stderr := commandLine(append(args, "--socket", socket)...)
		if code != wantCode || !regexp.MustCompile(wantOut).MatchString(out) || !strings.Contains(stderr, wantErr) {
			t.Errorf("offhook %s: exit code %d, want %d, %s and %q:\n%s%s", strings.Join(args, " "), code, wantCode, wantOut, wantErr, out, stderr)
		}
		return out
	}
}

func TestDrainAndUndrain(t *testing.T) {
	a, socket := running(t, io.Discard)
	expect := operator(t, socket)
	expect(0, "^no new calls are taken; 0 go on", "", "drain", "--wait", "5s")
	if !a.calls().Draining {
		t.Error("the server takes calls")
	}
	expect(0, "^calls are taken; 0 now\n$", "", "undrain")
	if a.calls().Draining {
		t.Error("the server takes no calls")
	}
	expect(2, "^$", "flag --wait: write a duration", "drain", "--wait", "-1s")
	expect(2, "^$", `invalid argument "soon"`, "drain", "--wait", "soon")

	uri := "sip:test@" + a.sip[0].addr.String()
	called := make(chan int, 1)
	go func() { // ends with the call, which drain --wait sees end
		code, _, _ := commandLine("call", "--max", "1s", uri)
		called <- code
	}()
	for tick := time.NewTicker(10 * time.Millisecond); a.calls().Answered == 0; {
		select {
		case code := <-called:
			t.Fatalf("the call ended before it was answered: exit code %d", code)
		case <-tick.C:
		}
	}
	expect(1, "^$", "still 1 calls after 1ms; the server goes on draining", "drain", "--wait", "1ms")
	expect(0, "; 0 go on", "", "drain", "--wait", "30s")
	if code := <-called; code != 0 {
		t.Errorf("the call in progress: exit code %d", code)
	}
	if code, out, _ := commandLine("call", uri); code != 1 || !strings.Contains(out, "503") {
		t.Errorf("a new call: exit code %d, want 1 and 503:\n%s", code, out)
	}
	var s console.Status
	if err := json.Unmarshal([]byte(expect(0, "", "", "undrain", "--json")), &s); err != nil || s.TotalCalls != 2 || s.PID != os.Getpid() || s.Ports.Free == 0 {
		t.Errorf("%v: %+v", err, s)
	}
}

func TestLogCommand(t *testing.T) {
	var log syncBuffer
	a, socket := running(t, &log, "logging.level=warn", "behavior.auto_answer_delay_ms=0", "behavior.tone_duration_seconds=0.1")
	expect := operator(t, socket)
	uri := "sip:100@" + a.sip[0].addr.String()
	expect(0, "^level warn\n$", "", "log")
	expect(1, "^$", `offhook: there is no call "nobody" now`, "log", "call", "nobody")
	expect(2, "^$", "log level: write one of debug, info, warn, error", "log", "level", "loud")
	expect(1, "^$", "offhook: pattern /(/: ", "log", "to", "/(/")
	expect(2, "^$", "log to: write one pattern", "log", "to")

	commandLine("call", uri)
	if text := log.String(); text != "" {
		t.Errorf("logged at level warn:\n%s", text)
	}
	expect(0, "^level warn\nall lines of new calls to _1XX\n$", "", "log", "to", "_1XX")
	expect(0, "^level warn\nall lines of new calls to _1XX\n$", "", "log", "to", "_1XX")
	commandLine("call", uri)
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^.*call=(\w+).*$`).FindAllStringSubmatch(log.String(), -1) {
		ids[m[1]] = true
	}
	for _, want := range []string{`level=DEBUG msg=routed call=\w+ route=0`, `level=INFO msg=call call=\w+`, `msg=answered`, `msg="call ended" call=`} {
		if !regexp.MustCompile(want).MatchString(log.String()) {
			t.Errorf("no %s in\n%s", want, log.String())
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d calls in the log, want that one", len(ids))
	}
	expect(0, `^level warn\n$`, "", "log", "off")
	before := log.String()
	commandLine("call", uri)
	if log.String() != before {
		t.Errorf("still logged:\n%s", strings.TrimPrefix(log.String(), before))
	}
	expect(0, `^\{"level":"debug","calls":\[\],"to":\[\]\}\n$`, "", "log", "level", "debug", "--json")
	commandLine("call", uri)
	if !strings.Contains(log.String(), `level=WARN msg="log level changed" level=debug`) || !strings.Contains(strings.TrimPrefix(log.String(), before), "msg=routed") {
		t.Errorf("no debug lines:\n%s", log.String())
	}
}

// A call's rule ends a little after the call, so that its last lines are logged, too.
func TestLogRulesOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := &logRules{}
		all := slog.New(&ruledHandler{rules: r, next: newHandler("text", &log, nil)})
		mine, other := all.With("script", "x").With("call", "a"), all.With("call", "b")
		r.debugCall("a")
		mine.Debug("one")
		other.Debug("two")
		all.Debug("three")
		all.WithGroup("g").With("call", "a").Debug("four")
		mine.WithGroup("g").Debug("five")
		r.end("b")
		r.end("a")
		mine.Debug("six")
		if text := log.String(); strings.Count(text, "\n") != 3 || !strings.Contains(text, "one") || !strings.Contains(text, "five") || !strings.Contains(text, "six") {
			t.Errorf("logged:\n%s", text)
		}
		time.Sleep(lastLines + time.Second)
		synctest.Wait()
		mine.Debug("seven")
		if strings.Contains(log.String(), "seven") || r.watch.Load() != nil {
			t.Errorf("the rule is left: %+v", r.state())
		}
	})
}

// Under systemd, when its socket is not there, each line has its priority in front, and no time.
func TestJournal(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if toJournal(out, "1:2") || toJournal(out, "") || toJournal(io.Discard, "1:2") || !toJournal(out, streamOf(t, out)) {
		t.Error("the stream is not recognised")
	}
	l := &logs{logRules: &logRules{}}
	log := slog.New(l.stderrHandler("text", out, streamOf(t, out), filepath.Join(t.TempDir(), "none"))).With("call", "x")
	log.Error("one")
	log.Warn("two")
	log.WithGroup("g").Info("three", "time", 1)
	log.Debug("four")
	text, err := os.ReadFile(out.Name())
	const want = "<3>level=ERROR msg=one call=x\n<4>level=WARN msg=two call=x\n<6>level=INFO msg=three call=x g.time=1\n<7>level=DEBUG msg=four call=x\n"
	if err != nil || string(text) != want {
		t.Errorf("%v, got\n%s", err, text)
	}
}

// streamOf names a file as systemd does in JOURNAL_STREAM.
func streamOf(t *testing.T, f *os.File) string {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

// SIGUSR1 has the file opened anew that logrotate has renamed.
func TestReopenLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offhook.log")
	logs, err := newLogs(config.Logging{Level: "info", Format: "text", EnableFileLogging: true, LogFilePath: path, MaxLogSizeMB: 1, MaxLogFiles: 1}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer logs.close()
	logs.log.Info("before")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	logs.log.Info("still in the old one")
	logs.reopen()
	logs.log.Info("after")
	old, _ := os.ReadFile(path + ".1")
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "old") || !strings.Contains(string(text), "after") || !strings.Contains(string(old), "still") {
		t.Errorf("%v, old:\n%s\nnew:\n%s", err, old, text)
	}
}

// Another user's server says so.
func TestSocketOfAnotherUser(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may use every socket")
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	operator(t, path)(1, "^$", "is another user's: ask as that user or as root", "drain")
}

// syncBuffer is a buffer that several goroutines may use.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
