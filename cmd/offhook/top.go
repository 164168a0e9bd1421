package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"offhook/core/console"
)

// topOptions are the flags of offhook top.
type topOptions struct {
	controlFlags
	once     bool
	interval time.Duration
}

func newTopCommand() *cobra.Command {
	o := &topOptions{}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show how the running server does, live",
		Long: "Show calls, rates, ports, pacing and the load of the running server, every second. q or Ctrl-C ends it. Where the output is\n" +
			"no terminal it prints one view after the other; with --once a single one. --json prints one object on a line for each.",
		Example: "  offhook top\n  offhook top --once\n  offhook top --json --interval 10s >> load.jsonl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.interval < 100*time.Millisecond {
				return errors.New("top: flag --interval: write 100ms or more")
			}
			return o.run(cmd)
		},
	}
	o.addTo(cmd)
	cmd.Flags().BoolVar(&o.once, "once", false, "show it once")
	cmd.Flags().DurationVar(&o.interval, "interval", time.Second, "how `long` between two views")
	return cmd
}

func (o *topOptions) run(cmd *cobra.Command) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w, screen := cmd.OutOrStdout(), false
	if !o.once && !o.json {
		if restore, quit := fullScreen(w); restore != nil {
			defer restore()
			screen = true
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			go func() { <-quit; cancel() }() // ends with a key, or the process
		}
	}
	var before console.Status
	ticker := time.NewTicker(o.interval)
	defer ticker.Stop()
	for {
		var s console.Status
		if err := o.ask(cmd, http.MethodGet, "/status", &s); err != nil {
			return err
		}
		if err := o.view(w, screen, s, before); err != nil {
			return failed(err)
		}
		if before = s; o.once {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (o *topOptions) view(w io.Writer, screen bool, s, before console.Status) error {
	if o.json {
		return json.NewEncoder(w).Encode(s)
	}
	text := screenOf(s, before)
	if screen {
		text = "\x1b[H" + strings.ReplaceAll(text, "\n", "\x1b[K\r\n") + "\x1b[J" // over the one before, without a flicker
	} else if !before.Time.IsZero() {
		text = "\n" + text
	}
	_, err := io.WriteString(w, text)
	return err
}

// fullScreen takes over the terminal that w is; restore is nil if it is none. quit is closed when q or Ctrl-C is pressed.
func fullScreen(w io.Writer) (restore func(), quit <-chan struct{}) {
	out, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, nil
	}
	cooked, err := term.MakeRaw(int(os.Stdin.Fd()))
	if err != nil {
		return nil, nil
	}
	fmt.Fprint(out, "\x1b[?1049h\x1b[?25l") // another screen, no cursor
	pressed := make(chan struct{})
	go func() { // ends with a key that quits, the end of the input, or the process
		defer close(pressed)
		key := make([]byte, 1)
		for {
			if n, err := os.Stdin.Read(key); err != nil || n == 1 && strings.Contains("qQ\x03\x04\x1b", string(key)) {
				return
			}
		}
	}()
	return func() {
		fmt.Fprint(out, "\x1b[?25h\x1b[?1049l")
		_ = term.Restore(int(os.Stdin.Fd()), cooked)
	}, pressed
}

// screenOf is what top shows; rates are those since before, if there was one.
func screenOf(s, before console.Status) string {
	var b strings.Builder
	state := "takes calls"
	if s.Draining {
		state = "DRAINING: new calls get 503"
	}
	fmt.Fprintf(&b, "offhook %s  pid %d  up %s  %s\n", s.Version, s.PID, s.Time.Sub(s.Started).Round(time.Second), state)
	fmt.Fprintf(&b, "%s  scripts generation %d  log level %s\n\n", strings.Join(s.SIP, "  "), s.Generation, s.Log.Level)

	fmt.Fprintf(&b, "calls     %s %d of %d\n", bar(float64(s.ActiveCalls), float64(s.MaxCalls)), s.ActiveCalls, s.MaxCalls)
	pairs := s.Ports.InUse + s.Ports.Quarantine + s.Ports.Free
	fmt.Fprintf(&b, "RTP ports %s %d of %d pairs, %d in quarantine\n", bar(float64(s.Ports.InUse+s.Ports.Quarantine), float64(pairs)), s.Ports.InUse, pairs, s.Ports.Quarantine)
	seconds := s.Time.Sub(before.Time).Seconds()
	if since := !before.Time.IsZero() && before.PID == s.PID && seconds > 0; since {
		fmt.Fprintf(&b, "CPU       %s %.0f %% of one\n", bar((s.CPU-before.CPU)/seconds, 1), 100*(s.CPU-before.CPU)/seconds)
	} else {
		before, seconds = console.Status{}, s.Time.Sub(s.Started).Seconds()
		fmt.Fprintf(&b, "CPU       %.1f s so far\n", s.CPU)
	}
	fmt.Fprintf(&b, "memory    %.0f MB\n\n", float64(s.Memory)/1e6)

	fmt.Fprintf(&b, "%-10s %10s %10s %10s\n", "", "came in", "answered", "failed")
	fmt.Fprintf(&b, "%-10s %10d %10d %10d\n", "in all", s.TotalCalls, s.AnsweredCalls, s.FailedCalls)
	rate := func(now, then int64) float64 { return float64(now-then) / max(seconds, 0.001) }
	fmt.Fprintf(&b, "%-10s %10.1f %10.1f %10.1f\n\n", "a second",
		rate(s.TotalCalls, before.TotalCalls), rate(s.AnsweredCalls, before.AnsweredCalls), rate(s.FailedCalls, before.FailedCalls))
	b.WriteString(latenessOf(s.Lateness, before.Lateness))
	return b.String()
}

// latenessOf says how late RTP left: the bounds that half, 99 % and 99.9 % of the frames kept.
func latenessOf(now, before []console.Bucket) string {
	counts, all := make([]uint64, len(now)), uint64(0)
	for i, b := range now {
		counts[i] = b.Count
		if i < len(before) {
			counts[i] -= min(before[i].Count, b.Count)
		}
		all += counts[i]
	}
	if all == 0 {
		return "pacing    no RTP sent\n"
	}
	within := func(share float64) string {
		sum := uint64(0)
		for i, n := range counts {
			if sum += n; float64(sum) >= share*float64(all) && now[i].UpTo > 0 {
				return "within " + now[i].UpTo.String()
			}
		}
		return "later than " + now[len(now)-2].UpTo.String()
	}
	return fmt.Sprintf("pacing    %d frames: half %s, 99 %% %s, 99.9 %% %s\n", all, within(0.5), within(0.99), within(0.999))
}

// bar is a share as a picture.
func bar(part, whole float64) string {
	const width = 30
	n := 0
	if whole > 0 {
		n = min(width, int(part/whole*width+0.5))
	}
	if n == 0 && part > 0.005*whole {
		n = 1
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "]"
}
