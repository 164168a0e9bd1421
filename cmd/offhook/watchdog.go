package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"offhook/config"
	"offhook/core/console"
)

// watchdog decides when a server that others run is restarted. It starts no goroutine.
type watchdog struct {
	log      *slog.Logger
	interval time.Duration // between checks
	failures int           // in a row that are one too many
	grace    time.Duration // after the first restart; it doubles with each
	restart  bool          // else it only tells
	attempts int

	check   func(context.Context) error           // nil: the server is well
	unit    func(context.Context) (string, error) // its state, as systemd names it
	command func(context.Context) error           // restarts it

	failed  int       // checks in a row
	used    int       // attempts since it was last well for long
	healthy time.Time // since when it has been well; zero: it is not
	state   atomic.Pointer[string]
}

// What systemd says of a unit that ought to answer.
const (
	unitActive = "active"
	unitFailed = "failed" // systemd has given up on it: we may try
)

const (
	longestGrace = 10 * time.Minute
	wellFor      = 10 // intervals after which a server has all its attempts back
	healthWithin = 5 * time.Second
)

// errGaveUp ends the monitor.
var errGaveUp = errors.New("gave up")

// run checks until ctx ends, and returns nil then. It ends by itself, with errGaveUp, when the attempts are used up.
func (w *watchdog) run(ctx context.Context) error {
	w.log.Info("watching", "interval", w.interval.String(), "failures", w.failures, "restart", w.restart, "attempts", w.attempts)
	timer := time.NewTimer(w.interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		pause, err := w.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		timer.Reset(pause)
	}
}

// look checks once, does what there is to do, and returns when to look again.
func (w *watchdog) look(ctx context.Context) (time.Duration, error) {
	state, err := w.unit(ctx)
	switch {
	case err != nil:
		w.log.Error("the state of the unit is unknown: nothing is done", "error", err)
		return w.interval, nil
	case state != unitActive && state != unitFailed:
		if w.failed > 0 || w.tell("unit is "+state) {
			w.log.Info("the unit neither runs nor has failed: nothing to do", "state", state)
		}
		w.failed, w.healthy = 0, time.Time{}
		return w.interval, nil
	}
	err = w.check(ctx)
	if err == nil && state == unitActive {
		w.well()
		return w.interval, nil
	}
	if state == unitFailed {
		err = errors.New("systemd has given up on the unit")
	}
	w.failed, w.healthy = w.failed+1, time.Time{}
	w.tell("failed: " + err.Error())
	w.log.Warn("health check failed", "error", err, "in_a_row", w.failed)
	if w.failed < w.failures && state != unitFailed {
		return w.interval, nil
	}
	return w.act(ctx)
}

// well notes that the server is.
func (w *watchdog) well() {
	now := time.Now()
	if w.healthy.IsZero() {
		w.healthy = now
		w.log.Info("healthy")
	}
	w.failed = 0
	w.tell("healthy")
	if w.used > 0 && now.Sub(w.healthy) >= wellFor*w.interval {
		w.log.Info("healthy for long: all attempts are back", "attempts", w.attempts)
		w.used = 0
	}
}

// act restarts the server, if that is wanted and has not been tried too often.
func (w *watchdog) act(ctx context.Context) (time.Duration, error) {
	w.failed = 0
	if !w.restart {
		w.log.Error("the server fails; health.restart_on_failure is false: nothing is done")
		return w.interval, nil
	}
	if w.used >= w.attempts {
		w.tell("gave up")
		w.log.Error("the server still fails: giving up, somebody must look", "restarts", w.used)
		return 0, &exitError{exitGaveUp, fmt.Errorf("monitor: %w after %d restarts", errGaveUp, w.used)}
	}
	w.used++
	w.log.Warn("restarting the server", "attempt", w.used, "of", w.attempts)
	if err := w.command(ctx); err != nil {
		w.log.Error("restart failed", "error", err)
	}
	return min(longestGrace, max(w.interval, w.grace<<(w.used-1))), nil
}

// tell notes the state, and says whether it is another one.
func (w *watchdog) tell(state string) (changed bool) {
	before := w.state.Swap(&state)
	return before == nil || *before != state
}

// summary is for systemctl status.
func (w *watchdog) summary() string {
	if s := w.state.Load(); s != nil {
		return *s
	}
	return "watching"
}

// healthURL is where the server of a configuration tells how it is.
func healthURL(c *config.Config, url string) string {
	if url != "" {
		return url
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Health.HealthCheckPort)) + "/health"
}

// askHealth returns nil when the server is well, or drains because somebody wants it to.
func askHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is here
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var h console.Health
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what came is enough
	if json.Unmarshal(text, &h) == nil && h.Status == "draining" {
		return nil
	}
	return fmt.Errorf("GET %s: %s %s", url, res.Status, h.Status)
}
