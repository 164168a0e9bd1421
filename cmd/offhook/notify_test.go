package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// systemd is the other end of the notification socket.
func systemd(t *testing.T, env map[string]string) (n *notifier, heard func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	env["NOTIFY_SOCKET"] = path
	return newNotifier(func(name string) string { return env[name] }, slog.New(slog.DiscardHandler)), func() string {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1000)
		size, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:size])
	}
}

func TestNotify(t *testing.T) {
	n, heard := systemd(t, map[string]string{})
	n.ready("generation 1")
	if got := heard(); got != "READY=1\nSTATUS=generation 1" {
		t.Errorf("ready: %q", got)
	}
	n.reloading()
	if got := heard(); got != "RELOADING=1\nSTATUS=loading scripts" {
		t.Errorf("reloading: %q", got)
	}
	n.stopping(30 * time.Second)
	if got := heard(); got != "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\nSTATUS=draining" {
		t.Errorf("stopping: %q", got)
	}
}

// The watchdog hears from a service three times in each of its intervals, and nothing from one that hangs.
func TestNotifyWatchdog(t *testing.T) {
	n, heard := systemd(t, map[string]string{"WATCHDOG_USEC": "30000", "WATCHDOG_PID": fmt.Sprint(os.Getpid())})
	if n.watchdog != 30*time.Millisecond {
		t.Fatalf("watchdog: %v", n.watchdog)
	}
	ctx, cancel := context.WithCancel(t.Context())
	hang := make(chan struct{})
	var beating sync.WaitGroup
	calls := 0
	beating.Go(func() { // ends with ctx
		n.beat(ctx, func() string {
			if calls++; calls == 3 {
				<-hang
			}
			return fmt.Sprint(calls)
		})
	})
	for i := 1; i < 3; i++ {
		if got, want := heard(), fmt.Sprintf("WATCHDOG=1\nSTATUS=%d", i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	cancel()
	close(hang)
	beating.Wait()
	if n, _ := systemd(t, map[string]string{"WATCHDOG_USEC": "30000", "WATCHDOG_PID": "1"}); n.watchdog != 0 {
		t.Error("the watchdog of another process")
	}
	newNotifier(func(string) string { return "" }, slog.New(slog.DiscardHandler)).ready("nobody listens")
}
