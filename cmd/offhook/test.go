package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/scripting"
	"offhook/scripting/scripttest"
	"offhook/scripts"
)

// testOptions are the flags of offhook test.
type testOptions struct {
	config  *config.Config
	match   *regexp.Regexp
	watch   bool
	json    bool
	junit   string
	verbose bool
}

func newTestCommand() *cobra.Command {
	o := &testOptions{}
	flags := &configFlags{}
	match := ""
	cmd := &cobra.Command{
		Use:   "test [dir]",
		Short: "Run the tests of the scripts",
		Long: "Run the tests of a folder of scripts (default: that of the server): the files NAME_test.lua beside NAME.lua.\n" +
			"The calls of a test are served as the server does it, on a clock of their own: 30 seconds take milliseconds.\n" +
			"A test that fails is shown with the timeline of its calls. Exit code 1 when one does.",
		Example: "  offhook test\n  offhook test ./scripts --run 'default_test.lua: .*hangs up' -v\n  offhook test --watch\n  offhook test --junit report.xml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.match, err = pattern(match); err != nil {
				return err
			}
			if o.config, err = flags.load(cmd.Flags()); err != nil {
				return err
			}
			if len(args) > 0 {
				o.config.Scripting.Dir = args[0]
				if _, err := os.Stat(args[0]); err != nil {
					return fmt.Errorf("test: %w", err)
				}
			}
			return runTests(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	f := cmd.Flags()
	f.StringVar(&match, "run", "", "run only the tests that this `regexp` matches, as \"default_test.lua: the name\"")
	f.BoolVar(&o.watch, "watch", false, "run the tests again whenever a script or a test changes")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.StringVar(&o.junit, "junit", "", "write a JUnit report to this `file`, too")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show the tests that pass, too")
	f.StringVarP(&flags.file, "config", "c", "", "read this TOML `file`: the settings of the scripts")
	f.StringArrayVar(&flags.set, "set", nil, "set one configuration key, `section.key=value`; can be repeated")
	_ = cmd.RegisterFlagCompletionFunc("run", cobra.NoFileCompletions) // it fails for an unknown flag only
	return cmd
}

func pattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	match, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("test: flag --run: %w", err)
	}
	return match, nil
}

// runTests runs the tests once, or whenever something changes until a signal comes.
func runTests(ctx context.Context, o *testOptions, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !o.watch {
		return failed(o.run(ctx, stdout, stderr))
	}
	log := slog.New(slog.DiscardHandler)
	err := scripting.WatchFolder(ctx, o.config.Scripting.Dir, log, func() {
		if err := o.run(ctx, stdout, stderr); err != nil && !errors.Is(err, errReported) {
			fmt.Fprintln(stderr, "offhook:", err)
		}
	})
	return failed(err)
}

// run runs the tests once.
func (o *testOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	fsys, from, err := scriptsFS(o.config.Scripting.Dir)
	if err != nil {
		return err
	}
	defer fsys.Close()
	report, err := testScripts(ctx, o.config, fsys.FS(), o.match)
	if o.json && errors.Is(err, scripttest.ErrNoTests) {
		err = errors.Join(err, scripttest.WriteJSON(stdout, report))
	}
	if err != nil && len(report.Results) == 0 {
		return o.explain(err, from, stderr)
	}
	if o.json {
		err = errors.Join(err, scripttest.WriteJSON(stdout, report))
	} else {
		scripttest.WriteText(stdout, report, o.verbose)
	}
	if o.junit != "" {
		err = errors.Join(err, writeFile(o.junit, func(w io.Writer) error { return scripttest.WriteJUnit(w, report) }))
	}
	if err == nil && report.Failed() > 0 {
		return errReported
	}
	return err
}

// testScripts runs the tests of a folder of scripts, with the settings of a configuration; recordings are thrown away,
// and call:fault is allowed. match picks tests; nil = all.
func testScripts(ctx context.Context, c *config.Config, fsys fs.FS, match *regexp.Regexp) (scripttest.Report, error) {
	worlds, err := newWorlds()
	if err != nil {
		return scripttest.Report{}, err
	}
	o := scriptOptions(c, nil)
	o.AllowFaults = true // nothing leaves a test
	if o.Recordings, err = os.MkdirTemp("", "offhook-test-"); err != nil {
		return scripttest.Report{}, err
	}
	report, err := scripttest.Run(ctx, scripttest.Options{FS: fsys, Match: match, Scripting: o, World: worlds})
	return report, errors.Join(err, os.RemoveAll(o.Recordings))
}

// explain says what to do about tests that could not run.
func (o *testOptions) explain(err error, from string, stderr io.Writer) error {
	wrong := scripting.Findings(nil)
	switch {
	case errors.Is(err, scripttest.ErrNoTests) && o.match != nil:
		return fmt.Errorf("no test in %s matches --run %q", from, o.match)
	case errors.Is(err, scripttest.ErrNoTests):
		return fmt.Errorf("no tests in %s: write default_test.lua beside default.lua, for example:\n\n%s", from, firstTest)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.As(err, &wrong):
		for _, finding := range wrong {
			fmt.Fprintln(stderr, finding)
		}
		return fmt.Errorf("the scripts in %s do not load, so no test ran", from)
	}
	return err
}

// firstTest is what to begin with.
const firstTest = `  test("rings at once", function(t)
    local c = t:call{ to = "100" }
    c:expect_status(180)
  end)`

// folder is a folder of scripts, open until Close.
type folder interface {
	FS() fs.FS
	Close() error
}

// embedded are the shipped scripts.
type embedded struct{}

func (embedded) FS() fs.FS    { return scripts.FS }
func (embedded) Close() error { return nil }

// scriptsFS opens the folder of the scripts, as the server does: nothing leads out of it, and without it the embedded scripts
// take its place.
func scriptsFS(dir string) (f folder, from string, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return embedded{}, "the embedded scripts", nil
	}
	if err != nil {
		return nil, "", err
	}
	return root, dir, nil
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
