// Package e2e calls the real binary with real peers: SIPp, baresip and a second
// Offhook. A peer that is missing skips its tests, but with OFFHOOK_E2E=1 (as
// scripts/test.sh and CI set it) it fails them.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// e2ePassword is that of trunks in tests.
const e2ePassword = "correct-horse"

var binary string // the offhook under test, built once by TestMain

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "offhook-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "offhook")
		if out, err := exec.Command("go", "build", "-o", binary, "offhook/cmd/offhook").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build offhook: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// peer returns the path of another program, or ends the test: skipped on a
// developer's machine, failed where the tests must be whole.
func peer(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("end-to-end test in -short mode")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("OFFHOOK_E2E") != "" || os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: run ./scripts/test.sh, which installs it", name)
		}
		t.Skipf("%s is missing: ./scripts/test.sh installs it", name)
	}
	return path
}

// server is one running offhook.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	dir     string // where it runs; "" = here
	scripts string // its scripts folder
	port    string // SIP, UDP and TCP
	health  string // URL of /health
	socket  string // its control socket
	out     *output
	exited  chan error
}

func newServer(t *testing.T) *server {
	return &server{t: t, socket: filepath.Join(t.TempDir(), "s"), out: newOutput(), exited: make(chan error, 1)}
}

// start runs offhook on free ports with a scripts folder of its own, holding
// the given default.lua (empty: the shipped one), and waits until it serves.
func start(t *testing.T, script string, set ...string) *server {
	t.Helper()
	if script == "" {
		shipped, err := os.ReadFile("../../../scripts/default.lua")
		if err != nil {
			t.Fatal(err)
		}
		script = string(shipped)
	}
	return startFiles(t, map[string]string{"default.lua": script}, set...)
}

// startFiles is start with any files in the scripts folder. One that is called
// offhook.toml is the configuration.
func startFiles(t *testing.T, files map[string]string, set ...string) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("end-to-end test in -short mode")
	}
	s := newServer(t)
	s.scripts = t.TempDir()
	args := []string{"serve", "--scripts", s.scripts, "--log-format", "json"}
	for name, text := range files {
		s.saveAs(name, text)
		if name == "offhook.toml" {
			args = append(args, "--config", filepath.Join(s.scripts, name))
		}
	}
	s.serve(args, set...)
	return s
}

// serve runs offhook with these arguments on free ports and waits until it serves.
func (s *server) serve(args []string, set ...string) {
	s.t.Helper()
	for _, kv := range append([]string{"sip.port=0", "sip.bind_address=127.0.0.1", "sip.transport=udp,tcp", "health.health_check_port=0", "control.socket=" + s.socket}, set...) {
		args = append(args, "--set", kv)
	}
	s.cmd = exec.Command(binary, args...)
	s.cmd.Env = append(os.Environ(), "OFFHOOK_E2E_PASSWORD="+e2ePassword, "OFFHOOK_E2E_REGISTRAR=secret")
	s.cmd.Dir = s.dir
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { s.exited <- s.cmd.Wait(); s.out.close() }() // ends with the process, which Cleanup ends
	s.t.Cleanup(s.stop)
	s.port = s.find(`SIP +udp 127\.0\.0\.1:(\d+)`)
	s.health = s.find(`(http://\S+/health)`)
}

// save replaces default.lua.
func (s *server) save(script string) {
	s.t.Helper()
	s.saveAs("default.lua", script)
}

// saveAs writes a file as an editor does: write beside it, then rename.
func (s *server) saveAs(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.scripts, name)
	if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		s.t.Fatal(err)
	}
}

// find waits for a line of the server's output that matches and returns its
// first group.
func (s *server) find(pattern string) string {
	s.t.Helper()
	m := s.out.wait(regexp.MustCompile(pattern), 20*time.Second)
	if m == nil {
		s.t.Fatalf("the server never printed %s:\n%s", pattern, s.out)
	}
	return m[len(m)-1]
}

func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		s.t.Errorf("the server did not end on two SIGTERM:\n%s", s.out)
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	if s.t.Failed() {
		s.t.Logf("the server's output:\n%s", s.out)
	}
}

// status reads /health.
func (s *server) status() (code int, body map[string]any) {
	s.t.Helper()
	res, err := http.Get(s.health)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, body
}

// eventually polls until the condition holds.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for tick := time.NewTicker(20 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// output collects what a process prints and lets tests wait for lines of it.
type output struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	grown  *sync.Cond
	closed bool
}

func newOutput() *output {
	o := &output{}
	o.grown = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.grown.Broadcast()
	return o.buf.Write(p)
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.grown.Broadcast()
}

// wait returns the submatches of the first match, or nil when none comes.
func (o *output) wait(re *regexp.Regexp, within time.Duration) []string {
	expired := false
	timer := time.AfterFunc(within, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		expired = true
		o.grown.Broadcast()
	})
	defer timer.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		if m := re.FindStringSubmatch(o.buf.String()); m != nil {
			return m
		}
		if o.closed || expired {
			return nil
		}
		o.grown.Wait()
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// lines returns the log records whose msg is that, decoded.
func (o *output) lines(msg string) []map[string]any {
	var found []map[string]any
	for scan := bufio.NewScanner(strings.NewReader(o.String())); scan.Scan(); {
		record := map[string]any{}
		if json.Unmarshal(scan.Bytes(), &record) == nil && record["msg"] == msg {
			found = append(found, record)
		}
	}
	return found
}

// command runs a program to its end and returns its output and exit code.
func command(t *testing.T, within time.Duration, name string, args ...string) (out string, code int) {
	t.Helper()
	return commandIn(t, t.TempDir(), within, name, args...)
}

func commandIn(t *testing.T, dir string, within time.Duration, name string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, io.Writer(&buf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(within, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	if cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("%s did not end within %v: %v\n%s", filepath.Base(name), within, err, &buf)
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}
