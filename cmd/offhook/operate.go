package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"offhook/core/console"
	"offhook/scripting"
)

// This file has the commands that talk to a running server through its control socket.

func newReloadCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the running server load its scripts now",
		Long: "Have the running server load its scripts now, and print the generation they are. Scripts that are refused are told\n" +
			"with what is wrong, and the loaded ones stay: exit code 1. SIGHUP does the same. A server notices changes of its\n" +
			"scripts by itself; this is for those who want to see what comes of it, or to undo a rollback.",
		Example: "  offhook reload\n  offhook reload --socket /run/offhook/offhook.sock",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.change(cmd, "/reload")
		},
	}
	o.addTo(cmd)
	return cmd
}

func newRollbackCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:   "rollback GENERATION",
		Short: "Make an older generation of the scripts current again",
		Long: "Make the scripts of an older generation current again on the running server, as a new generation. The scripts folder\n" +
			"is left as it is: the next change in it, or 'offhook reload', loads it again.",
		Example: "  offhook generations\n  offhook rollback 3",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				if _, err := strconv.ParseUint(args[0], 10, 64); err == nil {
					return nil
				}
			}
			return errors.New("rollback: write the number of one generation, as 'offhook generations' prints it")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.change(cmd, "/rollback/"+args[0])
		},
	}
	o.addTo(cmd)
	cmd.ValidArgsFunction = o.completeGenerations
	return cmd
}

func newGenerationsCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:     "generations",
		Short:   "List what the running server loaded and refused",
		Long:    "List the last generations of the scripts that the running server loaded, and those it refused, the latest first.",
		Example: "  offhook generations\n  offhook generations --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []console.Generation
			if err := o.ask(cmd, http.MethodGet, "/generations", &all); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(all))
			}
			return failed(printGenerations(cmd.OutOrStdout(), all))
		},
	}
	o.addTo(cmd)
	return cmd
}

// controlFlags are those of commands for a running server.
type controlFlags struct {
	configFlags
	json bool
}

func (o *controlFlags) addTo(cmd *cobra.Command) {
	o.addFileTo(cmd.Flags())
	o.add(cmd.Flags(), "socket", "control.socket", "`path` of the server's control socket")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
}

// change asks for a change of the scripts and prints what came of it.
func (o *controlFlags) change(cmd *cobra.Command, path string) error {
	var c console.Change
	if err := o.ask(cmd, http.MethodPost, path, &c); err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	switch {
	case o.json:
		if err := json.NewEncoder(w).Encode(c); err != nil {
			return failed(err)
		}
	case c.Error != "":
		for _, f := range c.Findings {
			found := scripting.Finding(f)
			fmt.Fprintln(w, found.Error())
		}
	case !c.Changed:
		fmt.Fprintf(w, "generation %d (%s): nothing has changed\n", c.Generation, c.Hash)
	default:
		fmt.Fprintf(w, "generation %d (%s): %s\n", c.Generation, c.Hash, strings.Join(c.Files, ", "))
	}
	if c.Error == "" {
		return nil
	}
	if o.json {
		return failed(errReported)
	}
	why := c.Error
	if len(c.Findings) > 0 {
		why = "the scripts are refused"
	}
	return failed(fmt.Errorf("%s; generation %d stays", why, c.Generation))
}

// ask sends one request to the server and decodes its answer.
func (o *controlFlags) ask(cmd *cobra.Command, method, path string, answer any) error {
	body, err := o.open(cmd, method, path)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(answer); err != nil {
		return failed(fmt.Errorf("answer of the server: %w", err))
	}
	return nil
}

// open sends one request to the server and returns the body of its answer.
func (o *controlFlags) open(cmd *cobra.Command, method, path string) (io.ReadCloser, error) {
	c, err := o.load(cmd.Flags())
	if err != nil {
		return nil, err
	}
	socket := serverSocket(c.Control)
	if socket == "" {
		return nil, errors.New("control.socket is empty: write the socket of the server with --socket PATH")
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(cmd.Context(), method, "http://offhook"+path, nil)
	if err != nil {
		return nil, failed(err)
	}
	res, err := client.Do(req)
	if errors.Is(err, fs.ErrPermission) {
		return nil, failed(fmt.Errorf("the server on %s is another user's: ask as that user or as root, with sudo", socket))
	}
	if dial := (*net.OpError)(nil); errors.As(err, &dial) {
		return nil, failed(fmt.Errorf("no server answers on %s: %w; write the socket of another with --socket PATH or --config FILE (control.socket)", socket, dial.Err))
	}
	if err != nil {
		return nil, failed(fmt.Errorf("%s: %w", socket, err))
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusConflict {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000)) // what came is enough
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusBadRequest {
			return nil, failed(errors.New(strings.TrimSpace(string(text))))
		}
		return nil, failed(fmt.Errorf("%s: the server answers %s: %s", socket, res.Status, strings.TrimSpace(string(text))))
	}
	return res.Body, nil
}

func printGenerations(w io.Writer, all []console.Generation) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tGENERATION\tTIME\tHASH\tOUTCOME\tFILES")
	for _, g := range all {
		mark, name, outcome := "", "-", g.Outcome
		if g.Current {
			mark = "*"
		}
		if g.Number != 0 {
			name = strconv.FormatUint(g.Number, 10)
		}
		if g.Of != 0 {
			outcome += fmt.Sprintf(" to %d", g.Of)
		}
		if g.Error != "" {
			outcome += ": " + g.Error
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", mark, name, g.Time.Local().Format(time.DateTime), g.Hash, outcome, filesOf(g))
	}
	return table.Flush()
}

// mostFiles is how many files a line of the table names; --json names all.
const mostFiles = 6

// filesOf are the files that a generation changed: "+new.lua default.lua -old.lua".
func filesOf(g console.Generation) string {
	var files []string
	for _, f := range g.Added {
		files = append(files, "+"+f)
	}
	files = append(files, g.Changed...)
	for _, f := range g.Removed {
		files = append(files, "-"+f)
	}
	if more := len(files) - mostFiles; more > 0 {
		files = append(files[:mostFiles], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(files, " ")
}
