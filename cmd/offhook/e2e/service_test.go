package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTellsSystemd: a server under systemd says when it is ready, that it lives, that it loads scripts, and that it stops.
func TestTellsSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "300000")
	hears := func(want string) {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for b := make([]byte, 1000); ; {
			n, err := c.Read(b)
			if err != nil {
				t.Fatalf("systemd never hears %q: %v", want, err)
			}
			if strings.HasPrefix(string(b[:n]), want) {
				return
			}
		}
	}
	s := start(t, "")
	hears("READY=1\nSTATUS=0 calls now, 0 so far, 0 failed, scripts generation 1")
	hears("WATCHDOG=1\nSTATUS=0 calls now")
	hup(t, s)
	hears("RELOADING=1")
	hears("READY=1\nSTATUS=0 calls now")
	s.operate(0, "no new calls are taken", "drain")
	hears("READY=1\nSTATUS=draining: 0 calls now")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	hears("STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000")
}

// TestMonitor: a server that is well is left alone; one that is gone is started again, and that is told.
func TestMonitor(t *testing.T) {
	s := start(t, "")
	mark := filepath.Join(t.TempDir(), "restarted")
	out := newOutput()
	cmd := exec.Command(binary, "monitor", "--unit", "", "--restart-command", "touch", "--restart-command", mark, "--url", s.health,
		"--failures", "2", "--grace", "1m", "--set", "health.health_check_interval_seconds=1", "--set", "logging.format=json")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait(); out.close() }() // ends with the process, which is ended below
	eventually(t, 10*time.Second, "the monitor finds the server well", func() bool { return len(out.lines("healthy")) == 1 })
	s.stop()
	eventually(t, 20*time.Second, "the monitor restarts it", func() bool { _, err := os.Stat(mark); return err == nil })
	if checks := out.lines("health check failed"); len(checks) != 2 || fmt.Sprint(out.lines("restarting the server")[0]["attempt"]) != "1" {
		t.Errorf("%d failed checks before the restart, want 2:\n%s", len(checks), out)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-exited:
		if err != nil {
			t.Errorf("the monitor ends with %v\n%s", err, out)
		}
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		t.Errorf("the monitor does not end:\n%s", out)
	}
}
