package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"offhook/core/console"
)

// This file has drain, undrain and log: the server's side of them and the commands.

// service is what the control socket does with the server as a whole.
func (a *app) service() console.Service {
	if a.server == nil {
		return console.Service{}
	}
	return console.Service{
		Status: a.status,
		Drain:  a.pause,
		Log: console.Log{
			State: a.logs.state,
			SetLevel: func(level string) error {
				err := a.logs.setLevel(level)
				if err == nil {
					a.log.Warn("log level changed", "level", level) // so that the log tells why it falls silent
				}
				return err
			},
			DebugCall: func(id string) error {
				if a.server.Call(id) == nil {
					return fmt.Errorf("there is no call %q now", id)
				}
				a.logs.debugCall(id)
				return nil
			},
			DebugTo: a.logs.debugTo, DebugNone: a.logs.debugNone,
		},
	}
}

// pause takes no new calls, or takes them again.
func (a *app) pause(on bool) {
	if on {
		a.server.Pause()
		a.log.Info("draining until undrain: new calls get 503", "active", a.calls().Active)
	} else {
		a.server.Resume()
		a.log.Info("calls are taken again")
	}
	a.systemd.ready(a.summary()) // systemctl status shows it at once
}

func (a *app) status() console.Status {
	c := a.calls()
	s := console.Status{
		Version: versionString(), PID: os.Getpid(), Started: a.started, Time: time.Now(), Draining: c.Draining, Generation: c.Generation, SIP: a.listens(),
		ActiveCalls: c.Active, MaxCalls: a.config.Behavior.MaxConcurrentCalls, TotalCalls: c.Total, AnsweredCalls: c.Answered, FailedCalls: c.Failed,
		Log: a.logs.state(),
	}
	m := a.media.Stats()
	s.Ports = console.Ports{InUse: m.PortsInUse, Quarantine: m.PortsQuarantine, Free: m.PortsFree}
	for i, count := range m.Lateness.Counts {
		b := console.Bucket{Count: count}
		if i < len(m.Lateness.Bounds) {
			b.UpTo = m.Lateness.Bounds[i]
		}
		s.Lateness = append(s.Lateness, b)
	}
	s.CPU, s.Memory = used()
	return s
}

// used is the CPU time of the process in seconds and the memory that Go holds.
func used() (cpu float64, memory uint64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	}
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return cpu, sample[0].Value.Uint64() - sample[1].Value.Uint64()
}

// summary is the server in a line, for systemctl status.
func (a *app) summary() string {
	c := a.calls()
	text := fmt.Sprintf("%d calls now, %d so far, %d failed, scripts generation %d", c.Active, c.Total, c.Failed, c.Generation)
	if c.Draining {
		return "draining: " + text
	}
	return text
}

func newDrainCommand() *cobra.Command {
	o := &controlFlags{}
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Have the running server take no new calls",
		Long: "Have the running server take no new calls until 'offhook undrain': INVITE and OPTIONS get 503 with Retry-After, and\n" +
			"/health says draining, so that proxies and load balancers send calls elsewhere. Calls in progress go on. With --wait it\n" +
			"returns when they have ended: exit code 1 if they have not in that time.",
		Example: "  offhook drain\n  offhook drain --wait 5m && systemctl stop offhook",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return errors.New("flag --wait: write a duration as 30s or 5m")
			}
			return o.drain(cmd, wait)
		},
	}
	o.addTo(cmd)
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait up to this `long` for the calls to end, for example 5m")
	return cmd
}

func newUndrainCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:   "undrain",
		Short: "Have the running server take calls again",
		Long:  "Have the running server take calls again after 'offhook drain'. A server that shuts down cannot be had back.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var s console.Status
			if err := o.ask(cmd, http.MethodPost, "/undrain", &s); err != nil {
				return err
			}
			if err := o.show(cmd, s, fmt.Sprintf("calls are taken; %d now\n", s.ActiveCalls)); err != nil || !s.Draining {
				return err
			}
			return failed(errors.New("the server shuts down: it takes no more calls"))
		},
	}
	o.addTo(cmd)
	return cmd
}

// drainPoll is how often drain --wait looks.
const drainPoll = 250 * time.Millisecond

func (o *controlFlags) drain(cmd *cobra.Command, wait time.Duration) error {
	var s console.Status
	if err := o.ask(cmd, http.MethodPost, "/drain", &s); err != nil {
		return err
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for wait > 0 && s.ActiveCalls > 0 {
		select {
		case <-poll.C:
			if err := o.ask(cmd, http.MethodGet, "/status", &s); err != nil {
				return err
			}
		case <-cmd.Context().Done():
			return failed(cmd.Context().Err())
		case <-patience.C:
			return failed(fmt.Errorf("still %d calls after %v; the server goes on draining", s.ActiveCalls, wait))
		}
	}
	return o.show(cmd, s, fmt.Sprintf("no new calls are taken; %d go on. 'offhook undrain' takes calls again\n", s.ActiveCalls))
}

// show prints an answer as JSON, or a text of it.
func (o *controlFlags) show(cmd *cobra.Command, answer any, text string) error {
	if o.json {
		return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(answer))
	}
	_, err := io.WriteString(cmd.OutOrStdout(), text)
	return failed(err)
}

func newLogCommand() *cobra.Command {
	cmd := newLogPart("log", "Say what the running server logs, and change it",
		"Say what the running server logs. The subcommands change it until the server ends; [logging] of the configuration says how it\n"+
			"begins. The lines go where they always go.",
		"  offhook log\n  offhook log level debug\n  offhook log to _9X.\n  offhook log off", cobra.NoArgs, nil)
	level := newLogPart("level LEVEL", "Log from this level on: debug, info, warn or error", "", "  offhook log level debug",
		func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(logLevels, args[0]) {
				return fmt.Errorf("log level: write one of %s", strings.Join(logLevels, ", "))
			}
			return nil
		}, func(args []string) string { return "level=" + args[0] })
	level.ValidArgs, level.ValidArgsFunction = logLevels, nil
	one := func(what string) cobra.PositionalArgs {
		return func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("log " + what)
			}
			return nil
		}
	}
	cmd.AddCommand(level,
		newLogPart("call ID", "Log all lines of one call that goes on, whatever the level",
			"Log all lines of one call that goes on, until it ends. Its ID is on each of its lines: call=ID.", "  offhook log call 3kq9z1fq0c",
			one("call: write the ID of one call, as its log lines have it: call=ID"), func(args []string) string { return "call=" + url.QueryEscape(args[0]) }),
		newLogPart("to PATTERN", "Log all lines of the calls to a number that begin from now on",
			"Log all lines of the calls that begin from now on and whose called user matches: \"100\", \"_9X.\" or \"/^\\+49/\", as in [[route]].",
			"  offhook log to 100\n  offhook log to '/^\\+49/'",
			one("to: write one pattern: 100, _9X. or '/^\\+49/'"), func(args []string) string { return "to=" + url.QueryEscape(args[0]) }),
		newLogPart("off", "Log no call in more detail than the level says", "", "", cobra.NoArgs, func([]string) string { return "off" }))
	return cmd
}

// newLogPart is a command that changes the rules by a query, or only shows them.
func newLogPart(use, short, long, example string, args cobra.PositionalArgs, query func([]string) string) *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Example: example, Args: args}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		method, path := http.MethodGet, "/log"
		if query != nil {
			method, path = http.MethodPost, "/log?"+query(args)
		}
		var s console.LogState
		if err := o.ask(cmd, method, path, &s); err != nil {
			return err
		}
		text := "level " + s.Level + "\n"
		for _, id := range s.Calls {
			text += "all lines of call " + id + "\n"
		}
		for _, to := range s.To {
			text += "all lines of new calls to " + to + "\n"
		}
		return o.show(cmd, s, text)
	}
	o.addTo(cmd)
	return cmd
}
