package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/core"
	"offhook/core/console"
	"offhook/core/guard"
	"offhook/core/journal/hep"
	"offhook/core/journal/record"
	"offhook/media"
	"offhook/scripting"
	"offhook/scripting/route"
)

func newServeCommand() *cobra.Command {
	flags := &configFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer calls (the default)",
		Long: "Answer calls and do with each what its script says, until SIGTERM or SIGINT. A [[route]] of the configuration names the\n" +
			"script ('offhook routes' shows them), else it is scripts/default.lua.\n" +
			"The first signal drains: new calls get 503, calls in progress go on up to --drain; a second one ends all at once.\n" +
			"SIGHUP reloads the scripts and the certificates of TLS, which changes of their files do by themselves; SIGUSR1 opens the log\n" +
			"file anew. Under systemd it tells when it is ready, what it does, and the watchdog that it lives (sd_notify).",
		Example: "  offhook serve --config offhook.toml\n  offhook serve --scripts ./scripts --set behavior.tone_frequency=1000",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := flags.load(cmd.Flags())
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags.addTo(cmd.Flags())
	return cmd
}

// serve runs the server until a signal and returns when everything has ended.
func serve(ctx context.Context, c *config.Config, stdout, stderr io.Writer) (err error) {
	logs, err := newLogs(c.Logging, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, failed(logs.close())) }()

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	a, err := newApp(ctx, c, logs)
	if bad := (*config.Error)(nil); errors.As(err, &bad) {
		return err
	}
	if err != nil {
		return failed(err)
	}
	a.banner(stdout)
	a.systemd.ready(a.summary())
	floor := make([]byte, heapFloor)
	a.wait(signals)
	runtime.KeepAlive(floor)
	return failed(a.close())
}

// heapFloor is an allocation that is never touched, so that it takes no memory; but the garbage collector counts it, and runs
// when so much garbage has gathered instead of at every 4 MB, which is every 100 calls.
const heapFloor = 16 << 20 // bytes

// app is the running server: its parts, and the goroutines beside them.
type app struct {
	config  *config.Config
	logs    *logs
	log     *slog.Logger // of logs
	systemd *notifier
	started time.Time
	media   *media.Engine
	scripts *scripting.Engine
	outside outside
	records *record.Writer // nil when records.dir is empty
	homer   *hep.Sender    // nil when journal.hep is empty
	guard   *guard.Guard
	server  *core.Server
	console *console.Server // nil when health.enable_health_check is false
	control *console.Server // nil without a control socket
	web     webConsole
	sip     []listening // what we listen on for SIP

	endpoints *endpoints

	stop       context.CancelFunc // ends background
	background sync.WaitGroup     // the watcher, signals, the watchdog and the statistics line
}

// newApp starts all parts. On an error it has ended those it had started.
func newApp(ctx context.Context, c *config.Config, logs *logs) (a *app, err error) {
	ctx, stop := context.WithCancel(ctx)
	a = &app{
		config: c, logs: logs,
		systemd: newNotifier(os.Getenv, logs.log), started: time.Now(), stop: stop,
	}
	log := a.web.listenTo(logs.log, c)
	a.log = log
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	routes, err := newRoutes(c)
	if err != nil {
		return a, err
	}
	if a.endpoints, err = newEndpoints(c, log); err != nil {
		return a, err
	}
	registry := a.newRegistry()
	a.outside = newOutside(c, registry, log)
	if a.records, err = newRecords(c, log); err != nil {
		return a, err
	}
	registry.MustRegister(webhookCollector{a.records})
	a.homer = newHomer(c.Journal, registry, log)
	a.outside.journal = newJournal(c.Journal, a.records)
	if a.scripts, err = newScripts(c, log, a.outside); err != nil {
		return a, err
	}
	if err = a.checkRoutes(routes); err != nil {
		return a, err
	}
	if _, err = a.scripts.Load(ctx); err != nil {
		return a, err
	}
	if a.media, err = newMedia(c, log); err != nil {
		return a, err
	}
	a.guard = newGuard(c, log)
	handler := scriptHandler{a.scripts, routes, newScriptLimits(c), newCallCounter(registry), newCallFigures(registry), log, logs.logRules}
	if a.server, err = newServer(c, log, a.media, a.outside.journal, a.guard, handler, homed(a.homer)); err != nil {
		return a, err
	}
	registry.MustRegister(newServerCollector(serverFigures{
		server: a.server.Stats, media: a.media.Stats, scripts: a.scripts.Changes, ready: func() bool { return len(a.reasons()) == 0 },
	}))
	if err = a.web.begin(a); err != nil {
		return a, err
	}
	if err = a.listen(); err != nil {
		return a, err
	}
	a.server.Register()
	if c.Health.EnableHealthCheck {
		address := net.JoinHostPort("", strconv.Itoa(c.Health.HealthCheckPort))
		if a.console, err = console.Listen(console.Options{
			Address: address, Calls: a.calls, Trunks: a.trunks, Reasons: a.reasons, Metrics: metricsHandler(registry, log), Site: a.web.onHealthPort(c), Log: log,
		}); err != nil {
			return a, portInUse(err, "--health-port")
		}
	}
	if err = a.web.listen(c, log); err != nil {
		return a, err
	}
	if a.control, err = a.listenControl(); err != nil {
		return a, err
	}
	a.background.Go(func() { a.watch(ctx) }) // ends with ctx
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP, syscall.SIGUSR1)
	a.background.Go(func() { a.signals(ctx, told) })           // ends with ctx
	a.background.Go(func() { a.statistics(ctx) })              // ends with ctx
	a.background.Go(func() { a.systemd.beat(ctx, a.summary) }) // ends with ctx
	return a, nil
}

// checkRoutes refuses routes to scripts that do not exist, before any script runs.
func (a *app) checkRoutes(routes *route.Table) error {
	names, _, err := a.scripts.Names()
	if err != nil {
		return err
	}
	errs, warnings := checkRoutes(a.config, routes, names)
	for _, w := range warnings {
		a.log.Warn("configuration", "warning", w)
	}
	return joined(errs)
}

func portInUse(err error, flag string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w (another program has it; choose another with %s)", err, flag)
	}
	return err
}

// watch reloads the scripts when they change.
func (a *app) watch(ctx context.Context) {
	if err := a.scripts.Watch(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("scripts are no longer watched", "error", err)
	}
}

// signals reloads the scripts and the certificates on SIGHUP, and opens the log file anew on SIGUSR1.
func (a *app) signals(ctx context.Context, signals chan os.Signal) {
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-signals:
			if sig == syscall.SIGUSR1 {
				a.logs.reopen()
				continue
			}
			a.systemd.reloading()
			a.endpoints.reload()
			_, _ = a.scripts.Reload(ctx) // logs what comes of it
			a.systemd.ready(a.summary())
		}
	}
}

// statistics logs the figures of the server at an interval.
func (a *app) statistics(ctx context.Context) {
	interval := a.config.Logging.StatisticsInterval()
	if interval <= 0 {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c := a.calls()
			a.log.Info("calls", "total", c.Total, "active", c.Active, "answered", c.Answered, "failed", c.Failed)
		}
	}
}

// banner tells a person what runs, in a few lines.
func (a *app) banner(w io.Writer) {
	g := a.scripts.Generation()
	fmt.Fprintf(w, "Offhook %s answers calls; Ctrl-C ends it\n", versionString())
	for _, s := range a.sip {
		fmt.Fprintf(w, "  SIP      %s\n", s)
	}
	fmt.Fprintf(w, "  RTP      udp %d-%d\n", a.config.Media.RTPPortRangeStart, a.config.Media.RTPPortRangeEnd)
	fmt.Fprintf(w, "  scripts  generation %d from %s: %s\n", g.Number, g.Origin, strings.Join(g.Files, ", "))
	if a.console != nil {
		_, healthPort, _ := net.SplitHostPort(a.console.Addr().String())
		fmt.Fprintf(w, "  health   http://127.0.0.1:%s/health\n", healthPort)
	}
	if url := a.web.url(a); url != "" {
		fmt.Fprintf(w, "  console  %s\n", url)
	}
	if a.control != nil {
		fmt.Fprintf(w, "  control  %s\n", a.control.Addr())
	}
	target := a.sip[0].uri()
	fmt.Fprintf(w, "  try it   offhook call %s    (or: go run ./cmd/offhook call %s)\n", target, target)
}

// wait blocks until the calls have drained after the first signal, or until
// the second.
func (a *app) wait(signals <-chan os.Signal) {
	sig := <-signals
	active := a.calls().Active
	a.systemd.stopping(a.config.Behavior.DrainTimeout())
	a.log.Info("draining: new calls get 503", "signal", sig.String(), "active", active, "up_to", a.config.Behavior.DrainTimeout().String())
	ctx, cancel := context.WithTimeout(context.Background(), a.config.Behavior.DrainTimeout())
	defer cancel()
	drained := make(chan struct{})
	go func() { // ends when the server has drained, which cancel hastens
		defer close(drained)
		if err := a.server.Drain(ctx); err != nil {
			a.log.Warn("calls ended by the shutdown", "error", err)
		}
	}()
	select {
	case <-drained:
	case sig = <-signals:
		a.log.Info("ending all calls at once", "signal", sig.String())
		cancel()
		<-drained
	}
}

// close ends what newApp started, in the opposite order.
func (a *app) close() error {
	var errs []error
	a.stop()
	a.background.Wait()
	if a.server != nil {
		errs = append(errs, a.server.Close())
	}
	a.web.close() // first of all its streams, which do not end by themselves
	for _, s := range []*console.Server{a.control, a.console, a.web.server} {
		if s != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			errs = append(errs, s.Close(ctx))
			cancel()
		}
	}
	if a.homer != nil {
		a.homer.Close() // the server sends no more
	}
	if a.media != nil {
		errs = append(errs, a.media.Close())
	}
	if a.scripts != nil {
		errs = append(errs, a.scripts.Close())
	}
	errs = append(errs, a.outside.close(), a.web.closeAudit())
	if a.records != nil {
		errs = append(errs, a.records.Close()) // all calls are over
	}
	return errors.Join(errs...)
}
