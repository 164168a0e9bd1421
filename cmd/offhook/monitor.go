package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"offhook/config"
)

// monitorOptions are the flags of offhook monitor.
type monitorOptions struct {
	configFlags
	url      string
	unit     string
	restart  []string
	failures int
	grace    time.Duration
}

func newMonitorCommand() *cobra.Command {
	o := &monitorOptions{}
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Watch the health of a server, and restart it when it fails",
		Long: "Ask /health of a server every health.health_check_interval_seconds. After --failures checks in a row that get no good answer\n" +
			"it restarts the service, if health.restart_on_failure says so: up to health.max_restart_attempts times, each time with more\n" +
			"patience. A service that has been well for a while has all its attempts back. When they are used up the monitor says so and\n" +
			"ends with exit code 3.\n" +
			"It does nothing while the unit starts, stops, or was stopped by somebody: that is systemd's business. A server that drains is well.",
		Example: "  offhook monitor --config /etc/offhook/offhook.toml\n  offhook monitor --unit '' --restart-command /usr/local/bin/restart-offhook",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.load(cmd.Flags())
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), c, cmd)
		},
	}
	f := cmd.Flags()
	o.addFileTo(f)
	o.add(f, "log-level", "logging.level", "`level`: debug, info, warn or error")
	f.StringVar(&o.url, "url", "", "`URL` to ask (default: /health on health.health_check_port of this machine)")
	f.StringVar(&o.unit, "unit", "offhook.service", "the `unit` that systemd runs the server as; empty: none")
	f.StringArrayVar(&o.restart, "restart-command", nil, "`program` that restarts it, and once more for each argument (default: systemctl restart UNIT)")
	f.IntVar(&o.failures, "failures", 3, "restart after so many failed checks in a row, a `number`")
	f.DurationVar(&o.grace, "grace", time.Minute, "leave it in peace for so `long` after a restart; twice as long after the second, and so on")
	return cmd
}

func (o *monitorOptions) run(ctx context.Context, c *config.Config, cmd *cobra.Command) error {
	switch {
	case !c.Health.EnableHealthCheck && o.url == "":
		return errors.New("monitor: health.enable_health_check is false: there is nothing to ask, unless --url says what")
	case c.Health.HealthCheckPort == 0 && o.url == "":
		return errors.New("monitor: health.health_check_port is 0, which is any port: write --url http://127.0.0.1:PORT/health")
	case o.failures < 1:
		return errors.New("monitor: flag --failures: write 1 or more")
	case o.grace < 0:
		return errors.New("monitor: flag --grace: write a duration as 30s or 1m")
	case o.unit == "" && len(o.restart) == 0 && c.Health.RestartOnFailure:
		return errors.New("monitor: no unit to restart: write --restart-command, or set health.restart_on_failure to false")
	}
	if o.unit != "" {
		if _, err := exec.LookPath("systemctl"); err != nil {
			return failed(fmt.Errorf("monitor: %w; without systemd write --unit '' and --restart-command", err))
		}
	}
	logs, err := newLogs(config.Logging{Level: c.Logging.Level, Format: c.Logging.Format}, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := o.watchdog(c, logs.log)
	systemd := newNotifier(os.Getenv, logs.log)
	systemd.ready("watching")
	defer systemd.tell("STOPPING=1")
	beating := make(chan struct{})
	beat, end := context.WithCancel(ctx)
	go func() { // ends with beat, which run waits for
		defer close(beating)
		systemd.beat(beat, w.summary)
	}()
	err = w.run(ctx)
	end()
	<-beating
	return err
}

func (o *monitorOptions) watchdog(c *config.Config, log *slog.Logger) *watchdog {
	w := &watchdog{
		log: log, interval: c.Health.Interval(), failures: o.failures, grace: o.grace, restart: c.Health.RestartOnFailure, attempts: c.Health.MaxRestartAttempts,
		check: func(ctx context.Context) error { return askHealth(ctx, healthURL(c, o.url)) },
		unit:  func(context.Context) (string, error) { return unitActive, nil },
		command: func(ctx context.Context) error {
			if len(o.restart) > 0 {
				return execute(ctx, o.restart...)
			}
			return execute(ctx, "systemctl", "restart", o.unit)
		},
	}
	if o.unit != "" {
		w.unit = func(ctx context.Context) (string, error) { return activeState(ctx, o.unit) }
	}
	return w
}

// activeState is the ActiveState of a unit: "active", "activating", "inactive", "failed" …
func activeState(ctx context.Context, unit string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=ActiveState", "--value", unit).Output()
	return strings.TrimSpace(string(out)), err
}

// execute runs a program; the error has what it said.
func execute(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
