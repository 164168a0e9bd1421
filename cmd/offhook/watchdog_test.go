package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// patient is a server that fails, and systemd, as a test has them.
type patient struct {
	mu       sync.Mutex // of what follows; the story holds it while it does not wait
	began    time.Time
	sick     bool
	state    string
	restarts []time.Duration // since it began
	cure     int             // the restart that helps; 0: none
	log      bytes.Buffer
}

func (p *patient) watchdog() *watchdog {
	p.began, p.state = time.Now(), unitActive
	return &watchdog{
		log: slog.New(slog.NewTextHandler(&p.log, nil)), interval: 10 * time.Second, failures: 3, grace: time.Minute, restart: true, attempts: 3,
		unit: func(context.Context) (string, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.state == "" {
				return "", errors.New("no bus")
			}
			return p.state, nil
		},
		check: func(context.Context) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.sick {
				return errors.New("connection refused")
			}
			return nil
		},
		command: func(context.Context) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.restarts = append(p.restarts, time.Since(p.began))
			if len(p.restarts) == p.cure {
				p.sick = false
			}
			return nil
		},
	}
}

// watch runs a watchdog over a patient while story changes it, and stops it then if it goes on.
func watch(t *testing.T, change func(*watchdog), p *patient, story func(wait func(time.Duration))) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := p.watchdog()
		change(w)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.run(ctx) }() // ends with ctx
		p.mu.Lock()
		story(func(d time.Duration) {
			p.mu.Unlock()
			time.Sleep(d)
			synctest.Wait()
			p.mu.Lock()
		})
		p.mu.Unlock()
		cancel()
		err = <-done
	})
	return err
}

func TestWatchdogGivesUp(t *testing.T) {
	p := &patient{sick: true}
	err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) { wait(time.Hour) })
	if exit := (*exitError)(nil); !errors.Is(err, errGaveUp) || !errors.As(err, &exit) || exit.code != exitGaveUp {
		t.Errorf("error %v", err)
	}
	// three checks, then grace of 1, 2 and 4 minutes, each followed by the first of three more checks
	if got, want := fmt.Sprint(p.restarts), "[30s 1m50s 4m10s]"; got != want {
		t.Errorf("restarted at %s, want %s", got, want)
	}
	if !strings.Contains(p.log.String(), "level=ERROR msg=\"the server still fails: giving up, somebody must look\" restarts=3") {
		t.Errorf("log:\n%s", &p.log)
	}
}

func TestWatchdogCures(t *testing.T) {
	p := &patient{sick: true, cure: 2}
	err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) {
		wait(10 * time.Minute) // healthy since about 4 minutes: it has all its attempts back
		p.sick, p.cure = true, 5
		wait(time.Hour)
	})
	if err != nil || len(p.restarts) != 5 {
		t.Errorf("error %v, %d restarts, want 5 in all: two, and the three attempts that it had back", err, len(p.restarts))
	}
}

// A failure now and then is none too many, and one soon after a restart counts on.
func TestWatchdogCounts(t *testing.T) {
	p := &patient{}
	if err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) {
		for range 20 {
			p.sick = true
			wait(20 * time.Second)
			p.sick = false
			wait(20 * time.Second)
		}
	}); err != nil || len(p.restarts) != 0 {
		t.Errorf("error %v, restarts at %v", err, p.restarts)
	}
	p = &patient{sick: true}
	err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) {
		for n := 1; n <= 3; n++ { // each restart helps for a minute and a half
			p.cure = n
			for i := 0; len(p.restarts) < n && i < 100; i++ {
				wait(10 * time.Second)
			}
			wait(90 * time.Second)
			p.sick = true
		}
		wait(time.Hour)
	})
	if !errors.Is(err, errGaveUp) || len(p.restarts) != 3 {
		t.Errorf("a server that cannot stay up: %v, restarts at %v", err, p.restarts)
	}
}

func TestWatchdogNeverFightsSystemd(t *testing.T) {
	for _, state := range []string{"activating", "deactivating", "inactive", "reloading", "maintenance", ""} {
		p := &patient{sick: true}
		err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) {
			wait(25 * time.Second)
			p.state = state
			wait(time.Hour)
			if state == "" {
				return
			}
			p.state = unitActive
			wait(24 * time.Second) // two checks: the two from before count no more
		})
		if err != nil || len(p.restarts) != 0 {
			t.Errorf("%q: error %v, restarts at %v", state, err, p.restarts)
		}
	}
	p := &patient{}
	if err := watch(t, func(*watchdog) {}, p, func(wait func(time.Duration)) {
		wait(5 * time.Second)
		p.state = unitFailed // systemd has given up
		wait(10 * time.Second)
		p.state = unitActive
		wait(time.Hour)
	}); err != nil || len(p.restarts) != 1 {
		t.Errorf("failed: error %v, restarts at %v", err, p.restarts)
	}
	p = &patient{sick: true}
	if err := watch(t, func(w *watchdog) { w.restart = false }, p, func(wait func(time.Duration)) { wait(time.Hour) }); err != nil || len(p.restarts) != 0 {
		t.Errorf("restart_on_failure = false: error %v, restarts at %v", err, p.restarts)
	}
}

func TestAskHealth(t *testing.T) {
	answer, code := "", 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, answer)
	}))
	defer s.Close()
	for _, tt := range []struct {
		code         int
		answer, want string
	}{{200, "", ""}, {503, `{"status":"draining"}`, ""}, {503, `{"status":"unhealthy"}`, "503 Service Unavailable unhealthy"}, {500, "oops", "500 Internal"}, {404, "", "404"}} {
		code, answer = tt.code, tt.answer
		err := askHealth(t.Context(), s.URL)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d %s: %v, want %q", tt.code, tt.answer, err, tt.want)
		}
	}
	s.Close()
	if err := askHealth(t.Context(), s.URL); err == nil {
		t.Error("nobody answers, and no error")
	}
}

// TestMonitor runs the command with a server that is down, and a program in place of systemctl.
func TestMonitor(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nif [ \"$1\" = show ]; then echo active; else echo \"$@\" >>" + dir + "/calls; echo 'Access denied' >&2; exit 1; fi\n"
	if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	args := []string{"monitor", "--set", "health.health_check_interval_seconds=1", "--set", "health.max_restart_attempts=1",
		"--failures", "1", "--grace", "0s", "--url", "http://127.0.0.1:1/health"}
	code, _, stderr := commandLine(args...)
	calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
	if code != 3 || string(calls) != "restart offhook.service\n" || !strings.Contains(stderr, "offhook: monitor: gave up after 1 restarts") ||
		!strings.Contains(stderr, "systemctl restart offhook.service: exit status 1: Access denied") {
		t.Errorf("exit code %d, systemctl %q\n%s", code, calls, stderr)
	}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"health.enable_health_check is false", []string{"--set", "health.enable_health_check=false"}},
		{"health.health_check_port is 0", []string{"--set", "health.health_check_port=0"}},
		{"flag --failures: write 1 or more", []string{"--failures", "0"}},
		{"write --restart-command", []string{"--unit", ""}},
	} {
		if code, _, stderr := commandLine(append([]string{"monitor"}, tt.args...)...); code != 2 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit code %d, want 2 and %q: %s", tt.args, code, tt.want, stderr)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if code, _, stderr := commandLine("monitor"); code != 1 || !strings.Contains(stderr, "without systemd write --unit ''") {
		t.Errorf("no systemctl: exit code %d: %s", code, stderr)
	}
}
