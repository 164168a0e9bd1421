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
	_ "time/tzdata" // for time.match and time.format on machines without it

	"github.com/spf13/cobra"
)

// Exit codes, as scripts rely on them.
const (
	exitDone   = 0
	exitFailed = 1 // a call, a check or the server failed
	exitUsage  = 2 // bad command line or configuration
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
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(stderr, "offhook:", err)
	}
	if failed := (*failure)(nil); errors.As(err, &failed) {
		return exitFailed
	}
	return exitUsage // cobra's own errors are about the command line
}

// failure marks an error that is not the user's: exit code 1. Every other
// error of a command means that the command line or the configuration is wrong.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

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
	root.AddCommand(newReloadCommand(), newGenerationsCommand(), newRollbackCommand(), newCallsCommand(), newTraceCommand(), newRecordsCommand())
	return root
}
