package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The manual has every command and flag, and troff understands it.
func TestManual(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	code, page, stderr := commandLine("man")
	if code != 0 || !strings.HasPrefix(page, `.TH OFFHOOK 1 "2023-11-14" "Offhook `) {
		t.Fatalf("exit code %d: %s%.200s", code, stderr, page)
	}
	for _, want := range []string{`.SS offhook rollback GENERATION`, `.SS offhook log to PATTERN`, `\fB\-\-expect\-tone\fR \fIHz\fR`, `\fB\-c\fR, \fB\-\-config\fR \fIfile\fR`, ".SH EXIT STATUS"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if again := regexp.MustCompile(`(?m)^'`).FindString(page); again != "" {
		t.Error("a line begins with a quote: troff takes it for a command")
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		if os.Getenv("OFFHOOK_E2E") != "" {
			t.Fatal("please install mandoc")
		}
		return
	}
	file := filepath.Join(t.TempDir(), "offhook.1")
	write(t, filepath.Dir(file), "offhook.1", page)
	if out, err := exec.Command(mandoc, "-T", "lint", "-W", "warning", file).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestConfigGet(t *testing.T) {
	for _, tt := range []struct {
		code int
		want string
		args []string
	}{
		{0, "5070\n", []string{"sip.port", "--set", "sip.port=5070"}},
		{0, "udp,tcp\n", []string{"sip.transport", "--set", "sip.transport=udp,tcp"}},
		{0, "true\n", []string{"behavior.auto_answer"}},
		{2, "sip.prot: unknown key, did you mean sip.port?", []string{"sip.prot"}},
		{2, "script.menu.greeting: is not set", []string{"script.menu.greeting"}},
		{2, "config get: write one key", nil},
	} {
		code, out, stderr := commandLine(append([]string{"config", "get"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out+stderr, tt.want) {
			t.Errorf("config get %v: exit code %d, want %d and %q: %s%s", tt.args, code, tt.code, tt.want, out, stderr)
		}
	}
}

// The shell completes generations of the running server, and keys.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects)
	socket := controlledServer(t, dir)
	write(t, dir, "menu.lua", rejects)
	commandLine("reload", "--socket", socket)
	if _, out, _ := commandLine("__complete", "rollback", "--socket", socket, ""); !strings.HasPrefix(out, "1\tloaded ") || !strings.Contains(out, "+default.lua\n") || strings.Contains(out, "\n2\t") {
		t.Errorf("generations:\n%s", out)
	}
	if _, out, _ := commandLine("__complete", "rollback", "--socket", dir+"/none", ""); !strings.HasPrefix(out, ":") {
		t.Errorf("no server:\n%s", out)
	}
	if _, out, _ := commandLine("__complete", "config", "get", "sip.p"); !strings.HasPrefix(out, "sip.port\n") {
		t.Errorf("keys:\n%s", out)
	}
	if _, out, _ := commandLine("__complete", "log", "level", ""); !strings.HasPrefix(out, "debug\ninfo\nwarn\nerror\n") {
		t.Errorf("levels:\n%s", out)
	}
}
