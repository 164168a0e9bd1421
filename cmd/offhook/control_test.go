package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"offhook/config"
	"offhook/core/console"
	"offhook/scripting"
)

// controlledServer is a server that does nothing but load scripts, with its control socket.
func controlledServer(t *testing.T, dir string) (socket string) {
	t.Helper()
	engine, err := scripting.New(scripting.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(t.TempDir(), "s")
	a := &app{config: &config.Config{Control: config.Control{Socket: socket}}, log: slog.New(slog.DiscardHandler), scripts: engine}
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

func TestOperate(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects)
	socket := controlledServer(t, dir)
	expect := func(wantCode int, wantOut, wantErr string, args ...string) string {
		t.Helper()
		code, out, stderr := commandLine(append(args, "--socket", socket)...)
		if code != wantCode || !regexp.MustCompile(wantOut).MatchString(out) || !strings.Contains(stderr, wantErr) {
			t.Errorf("offhook %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out, stderr)
		}
		return out
	}
	expect(0, `^generation 1 \([0-9a-f]{12}\): nothing has changed\n$`, "", "reload")
	write(t, dir, "menu.lua", rejects)
	expect(0, `^generation 2 \([0-9a-f]{12}\): default.lua, menu.lua\n$`, "", "reload")
	write(t, dir, "default.lua", "function on_call(call)\n  call:rign()\nend\n")
	expect(1, `^default.lua:2:8: call has no "rign"; did you mean "ring"\?\n$`, "offhook: the scripts are refused; generation 2 stays\n", "reload")
	expect(1, `^\{"generation":2,"changed":false,"error":".*","findings":\[\{"file":"default.lua","line":2,"column":8,`, "", "reload", "--json")
	expect(0, `^generation 3 \([0-9a-f]{12}\): default.lua\n$`, "", "rollback", "1")
	expect(1, `^$`, "offhook: roll back: generation 3 is the current one; generation 3 stays\n", "rollback", "3")
	expect(2, `^$`, "rollback: write the number of one generation", "rollback", "one")
	expect(2, `^$`, "rollback: write the number of one generation", "rollback")

	table := expect(0, `(?m)^\* +3 .* rolled back to 1 +-menu.lua$`, "", "generations")
	for _, want := range []string{
		`(?m)^ +GENERATION +TIME +HASH +OUTCOME +FILES$`,
		`(?m)^ +- .* refused: default.lua:2:8: call has no "rign"; did you mean "ring"\? +default.lua$`,
		`(?m)^ +2 .* loaded +\+menu.lua$`,
		`(?m)^ +1 .* loaded +\+default.lua$`,
	} {
		if !regexp.MustCompile(want).MatchString(table) {
			t.Errorf("no %s in\n%s", want, table)
		}
	}
	var all []map[string]any
	if err := json.Unmarshal([]byte(expect(0, "", "", "generations", "--json")), &all); err != nil || len(all) != 4 || all[0]["rollback_of"] != 1.0 {
		t.Errorf("%v: %v", err, all)
	}
}

func TestNoServerAnswers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	for _, args := range [][]string{{"reload"}, {"generations"}, {"rollback", "1"}} {
		code, _, stderr := commandLine(append(args, "--socket", socket)...)
		if code != 1 || !strings.Contains(stderr, "no server answers on "+socket) || !strings.Contains(stderr, "--socket PATH") {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
	}
	if code, _, stderr := commandLine("reload", "--socket", ""); code != 2 || !strings.Contains(stderr, "control.socket is empty") {
		t.Errorf("no socket: exit code %d: %s", code, stderr)
	}
}

// TestSocketTaken: a socket that was asked for by name and is taken is an error, so that nobody reloads the wrong server.
func TestSocketTaken(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects)
	socket := controlledServer(t, dir)
	a := &app{config: &config.Config{Control: config.Control{Socket: socket}}, log: slog.New(slog.DiscardHandler)}
	if s, err := a.listenControl(); err == nil || s != nil || !strings.Contains(err.Error(), socket+": another server listens on it") {
		t.Errorf("got %v, %v", s, err)
	}
	a.config.Control.Socket = ""
	if s, err := a.listenControl(); err != nil || s != nil {
		t.Errorf("no socket: %v, %v", s, err)
	}
}

func TestSocketPath(t *testing.T) {
	if got := socketPath(config.Control{Socket: "/x"}); got != "/x" {
		t.Errorf("got %q", got)
	}
	if got := socketPath(config.Control{Socket: "auto"}); !filepath.IsAbs(got) || !strings.HasSuffix(got, ".sock") {
		t.Errorf("auto is %q", got)
	}
}

// The test binary is offhook itself to its children: a server starts itself to test scripts.
func TestMain(m *testing.M) {
	const child = "OFFHOOK_TEST_BINARY_IS_OFFHOOK"
	if os.Getenv(child) != "" {
		main()
	}
	if err := os.Setenv(child, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestTestsBeforeSwap: with scripting.test_before_swap, scripts whose tests fail are refused.
func TestTestsBeforeSwap(t *testing.T) {
	dir := t.TempDir()
	c, err := config.Load(config.Options{Flags: []config.Flag{
		{Name: "--scripts", Key: "scripting.dir", Value: dir}, {Name: "--set", Key: "scripting.test_before_swap", Value: "true"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := newScripts(c, slog.New(slog.DiscardHandler), outside{})
	if err != nil {
		t.Fatal(err)
	}
	load := func(want uint64, wrong string) {
		t.Helper()
		_, err := engine.Load(t.Context())
		if g := engine.Generation(); g.Number != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("generation %d, want %d; %v, want %s", g.Number, want, err, wrong)
		}
	}
	write(t, dir, "default.lua", rejects)
	load(1, "") // no tests
	const test = `test("is busy", function(t)
  local c = t:call{ to = "100" }
  c:expect_status(486)
end)
`
	write(t, dir, "default_test.lua", test)
	load(2, "")
	write(t, dir, "default.lua", strings.Replace(rejects, "reject()", "reject(480)", 1))
	load(2, `default_test.lua:3: test "is busy": expected 486 by now, got 480`)
	write(t, dir, "default_test.lua", strings.Replace(test, "486", "480", 1))
	load(3, "")
	write(t, dir, "default_test.lua", `test("begins"`)
	load(3, "default_test.lua:1")
	write(t, dir, "default_test.lua", "-- no test yet\n")
	load(4, "")
	if err := os.Mkdir(filepath.Join(dir, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lib/sum_test.lua", `test("sums", function(t) t:eq(1 + 1, 3) end)`)
	load(4, `lib/sum_test.lua:1: test "sums"`)
}

func TestFilesOfAGeneration(t *testing.T) {
	few := console.Generation{Added: []string{"new.lua"}, Changed: []string{"default.lua"}, Removed: []string{"old.lua"}}
	if got := filesOf(few); got != "+new.lua default.lua -old.lua" {
		t.Errorf("got %q", got)
	}
	many := console.Generation{Changed: strings.Fields("a b c d e f g h")}
	if got := filesOf(many); got != "a b c d e f and 2 more" {
		t.Errorf("got %q", got)
	}
}
