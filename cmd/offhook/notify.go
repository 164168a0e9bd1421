package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// notifier tells systemd how a service is, by the protocol of sd_notify(3). Without systemd it tells nobody.
type notifier struct {
	addr     *net.UnixAddr // nil: nobody
	watchdog time.Duration // how often systemd wants to hear from us; 0: not at all
	log      *slog.Logger
}

// newNotifier reads what systemd wants, as os.Getenv tells.
func newNotifier(getenv func(string) string, log *slog.Logger) *notifier {
	n := &notifier{log: log}
	if path := getenv("NOTIFY_SOCKET"); path != "" {
		n.addr = &net.UnixAddr{Name: path, Net: "unixgram"} // a leading @ is the abstract name space, for net as for systemd
	}
	// WATCHDOG_PID says whose watchdog it is, as children inherit the environment
	if pid := getenv("WATCHDOG_PID"); pid == "" || pid == strconv.Itoa(os.Getpid()) {
		if usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && usec > 0 {
			n.watchdog = time.Duration(usec) * time.Microsecond
		}
	}
	return n
}

// tell sends one or more assignments, "READY=1".
func (n *notifier) tell(assignments ...string) {
	if n.addr == nil {
		return
	}
	c, err := net.DialUnix("unixgram", nil, n.addr)
	if err == nil {
		_, err = c.Write([]byte(strings.Join(assignments, "\n")))
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		n.log.Warn("systemd is not told", "what", assignments[0], "error", err)
	}
}

func (n *notifier) ready(status string) { n.tell("READY=1", "STATUS="+status) }

// reloading is followed by ready.
func (n *notifier) reloading() { n.tell("RELOADING=1", "STATUS=loading scripts") }

// stopping asks for as long as calls may drain, and a little more to close.
func (n *notifier) stopping(drain time.Duration) {
	n.tell("STOPPING=1", fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (drain+10*time.Second).Microseconds()), "STATUS=draining")
}

// statusInterval is how often systemctl status learns something new.
const statusInterval = 10 * time.Second

// beat pets the watchdog and tells the status until ctx ends. status must take the locks that the service cannot do without: if
// it hangs, so does the watchdog, and systemd starts the service anew.
func (n *notifier) beat(ctx context.Context, status func() string) {
	if n.addr == nil {
		return
	}
	interval := statusInterval
	if n.watchdog > 0 {
		interval = min(interval, n.watchdog/3)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			n.tell("WATCHDOG=1", "STATUS="+status())
		}
	}
}
