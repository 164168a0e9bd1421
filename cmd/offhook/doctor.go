package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/core/console"
)

// doctorOptions are the flags of offhook doctor.
type doctorOptions struct {
	controlFlags
	noCall bool
}

func newDoctorCommand() *cobra.Command {
	o := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps a server from answering calls here",
		Long: "Look at the configuration, the scripts, the ports, the address, the firewall, the limits, the clock and the kernel of this\n" +
			"machine, and call a server of its own that plays a tone and measure what is heard. Each line says ok, warn or fail, and what to\n" +
			"do about it. If a server runs, its ports are asked, and it is left in peace. Exit code 1 when something fails.",
		Example: "  sudo offhook doctor --config /etc/offhook/offhook.toml\n  offhook doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{}
			if !o.json {
				d.out = cmd.OutOrStdout()
			}
			o.examine(cmd, d)
			if o.json {
				if err := printJSON(cmd.OutOrStdout(), d.findings); err != nil {
					return failed(err)
				}
			}
			return d.verdict()
		},
	}
	o.addTo(cmd)
	o.add(cmd.Flags(), "scripts", "scripting.dir", "take the scripts from this `folder`")
	cmd.Flags().BoolVar(&o.noCall, "no-call", false, "make no call")
	return cmd
}

// How a check ends.
const (
	checkOK   = "ok"
	checkWarn = "warn" // calls are answered, but not as well as they could be
	checkFail = "fail"
)

// diagnosis is what came of one check.
type diagnosis struct {
	Check  string `json:"check"`
	Result string `json:"result"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

// doctor collects them, and prints each as it comes.
type doctor struct {
	config   *config.Config
	server   *console.Status // the one that runs; nil: none does
	out      io.Writer       // nil: nowhere
	findings []diagnosis
}

func (d *doctor) note(f diagnosis) {
	d.findings = append(d.findings, f)
	if d.out == nil {
		return
	}
	fmt.Fprintf(d.out, "%-4s  %-13s %s\n", f.Result, f.Check, strings.ReplaceAll(f.Detail, "\n", "\n                    "))
	if f.Advice != "" {
		fmt.Fprintf(d.out, "                    → %s\n", f.Advice)
	}
}

func (d *doctor) ok(check, format string, args ...any) {
	d.note(diagnosis{check, checkOK, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(check, advice, format string, args ...any) {
	d.note(diagnosis{check, checkWarn, fmt.Sprintf(format, args...), advice})
}

func (d *doctor) fail(check, advice, format string, args ...any) {
	d.note(diagnosis{check, checkFail, fmt.Sprintf(format, args...), advice})
}

func (d *doctor) verdict() error {
	count := map[string]int{}
	for _, f := range d.findings {
		count[f.Result]++
	}
	if d.out != nil {
		fmt.Fprintf(d.out, "%d ok, %d warnings, %d failures\n", count[checkOK], count[checkWarn], count[checkFail])
	}
	if count[checkFail] > 0 {
		return failed(errReported)
	}
	return nil
}

// examine makes all checks, in the order in which they build on each other.
func (o *doctorOptions) examine(cmd *cobra.Command, d *doctor) {
	ctx := cmd.Context()
	c, err := o.load(cmd.Flags())
	if err != nil {
		d.fail("configuration", "mend it; 'offhook config' prints every key and what it may be", "%v", err)
		return
	}
	d.config = c
	d.ok("configuration", "%s", cmp.Or(o.file, "the defaults; no --config FILE was given"))
	d.scripts(ctx)
	d.running(o.status(cmd))
	d.listening(ctx)
	d.rtpPorts()
	d.address()
	d.firewall(ctx)
	d.data()
	d.machine()
	if !o.noCall {
		d.call(ctx)
	}
}

// status asks the server of the control socket.
func (o *doctorOptions) status(cmd *cobra.Command) (*console.Status, error) {
	var s console.Status
	if err := o.ask(cmd, http.MethodGet, "/status", &s); err != nil {
		return nil, err
	}
	return &s, nil
}

func (d *doctor) running(s *console.Status, err error) {
	d.server = s
	switch {
	case err != nil:
		why, _, _ := strings.Cut(err.Error(), ";")
		d.ok("server", "the ports are tried, as %s", why)
	case s.Draining:
		d.warn("server", "'offhook undrain' takes calls again, unless it shuts down", "pid %d, version %s, drains: new calls get 503", s.PID, s.Version)
	case s.Version != versionString():
		d.warn("server", "restart it when its calls have ended, if it was to be updated", "pid %d is version %s, this is %s", s.PID, s.Version, versionString())
	default:
		d.ok("server", "pid %d, %d calls now, scripts generation %d", s.PID, s.ActiveCalls, s.Generation)
	}
}

// scripts checks them, and the routes to them.
func (d *doctor) scripts(ctx context.Context) {
	const advice = "'offhook check' says more; a server would go on with the scripts that it has"
	found, err := checkScripts(ctx, d.config)
	if err == nil && len(found) == 0 {
		found, err = (&checkOptions{}).routes(d.config, io.Discard)
	}
	if err == nil && len(found) > 0 {
		err = errors.New(found[0].Error())
	}
	if err != nil {
		d.fail("scripts", advice, "%v", err)
		return
	}
	if !exists(d.config.Scripting.Dir) {
		d.warn("scripts", "make the folder to change them, or write another with --scripts or scripting.dir", "there is no folder %s: those in the binary are used", d.config.Scripting.Dir)
		return
	}
	d.ok("scripts", "%s", d.config.Scripting.Dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
