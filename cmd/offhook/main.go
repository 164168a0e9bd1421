// Command offhook answers SIP calls and does with each what a Lua script says.
//
// This package is the only place where all parts meet: configuration, the user
// agent server, the script engine and the HTTP side. Each subcommand is a file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	_ "time/tzdata" // for time.match and time.format on machines without it

	"github.com/spf13/cobra"
)

// Exit codes, as scripts rely on them.
const (
	exitDone   = 0
	exitFailed = 1 // a call, a check or the server failed
	exitUsage  = 2 // bad command line or configuration
	exitGaveUp = 3 // offhook monitor has restarted the server too often
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := mistyped(root, args)
	if err == nil {
		err = root.Execute()
	}
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(stderr, "offhook:", err)
	}
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		return exit.code
	}
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return exitFailed
	}
	return exitUsage // cobra's own errors are about the command line
}

// mistyped is an error if args begin with no command that there is. Without it the flags after it would be taken for those of serve.
func mistyped(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], "__complete") {
		return nil
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	if found, _, err := root.Find(args); err != nil || found != root {
		return nil // an error is cobra's to tell
	}
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q: did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q: 'offhook help' lists them all", args[0])
}

// failure marks an error that is not the user's: exit code 1. Every other
// error of a command means that the command line or the configuration is wrong.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// exitError is a failure with an exit code of its own.
type exitError struct {
	code int
	error
}

func (e *exitError) Unwrap() error { return e.error }

// failed marks err, which may be nil, as a failure.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

// errReported is for a failure whose reason the command has printed itself.
var errReported = errors.New("reported")

func newRootCommand() *cobra.Command {
	serve := newServeCommand()
	root := &cobra.Command{
		Use:   "offhook",
		Short: "A SIP server that does with each call what a Lua script says",
		Long: "Offhook answers SIP calls and does with each what a Lua script says.\n" +
			"Without a subcommand it serves: by default it rings, answers after 1 s, plays 440 Hz for 30 s and hangs up.",
		Example:       "  offhook\n  offhook serve --config offhook.toml --scripts ./scripts\n  offhook check ./scripts\n  offhook call sip:test@127.0.0.1",
		Args:          serve.Args,
		RunE:          serve.RunE,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.AddCommand(serve, newCallCommand(), newCheckCommand(), newTestCommand(), newConfigCommand(), newRoutesCommand(), newAPICommand(), newStubsCommand(), newVersionCommand())
	root.AddCommand(newReloadCommand(), newGenerationsCommand(), newRollbackCommand(), newDrainCommand(), newUndrainCommand(), newLogCommand(), newBansCommand(), newMonitorCommand(), newManCommand(), newTopCommand(), newDoctorCommand())
	root.AddCommand(newCallsCommand(), newTraceCommand(), newRecordsCommand())
	return root
}
