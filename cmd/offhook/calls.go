package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"offhook/core/journal"
)

func newCallsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calls",
		Short: "Look at the calls of the running server, and end them",
		Long: "Look at the calls of the running server: those in progress and the last ones that have ended (journal.recent_calls).\n" +
			"A call is named by its ID, which is on each of its log lines as call=ID.",
		Example: "  offhook calls list --live\n  offhook calls show 2n0o351kpo\n  offhook calls hangup 2n0o351kpo",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("calls: write list, show, watch, hangup or pcap after it")
			}
			return fmt.Errorf("calls: there is no %q: write list, show, watch, hangup or pcap", args[0])
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args refuses them all
	}
	cmd.AddCommand(newCallsListCommand(), newCallsShowCommand(), newCallsWatchCommand(), newCallsHangupCommand(), newCallsPcapCommand())
	return cmd
}

func newCallsListCommand() *cobra.Command {
	o := &controlFlags{}
	var live bool
	var script, text string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List calls, the newest first",
		Example: "  offhook calls list --live\n  offhook calls list --text 4930 --limit 0 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("calls list: flag --limit: %d is too small: write 0 for all", limit)
			}
			q := url.Values{"script": {script}, "text": {text}, "limit": {strconv.Itoa(limit)}}
			if live {
				q.Set("state", "live")
			}
			var calls []journal.Call
			if err := o.ask(cmd, http.MethodGet, "/calls?"+q.Encode(), &calls); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(calls))
			}
			return failed(printCalls(cmd.OutOrStdout(), calls))
		},
	}
	o.addTo(cmd)
	cmd.Flags().BoolVar(&live, "live", false, "only those in progress")
	cmd.Flags().StringVar(&script, "script", "", "only those of this `script`")
	_ = cmd.RegisterFlagCompletionFunc("script", o.completeScripts) // the flag is there
	cmd.Flags().StringVar(&text, "text", "", "only those with this `text` in their ID, Call-ID, addresses or numbers")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so `many`; 0: all")
	return cmd
}

func printCalls(w io.Writer, calls []journal.Call) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTART\tFROM\tTO\tSCRIPT\tSTATE\tSECONDS\tCODEC\tENDED")
	for i := range calls {
		c := &calls[i]
		ended := ""
		if c.Ended() {
			ended = fmt.Sprintf("%s %d", c.By, c.Code)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%s\t%s\n", c.ID, c.Start.Local().Format(time.DateTime),
			journal.Printable(c.CLI), journal.Printable(c.DID), c.Script, c.State, c.Duration, c.Codec, ended)
	}
	return table.Flush()
}

// oneCall takes the ID of a call as the only argument.
func oneCall(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("calls %s: write the ID of one call, as 'offhook calls list' prints it", cmd.Name())
	}
	return nil
}

func newCallsShowCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show what happened in a call, on one time axis",
		Long: "Show what happened in a call on one time axis: the messages as arrows, what the script did with its lines, what was\n" +
			"played and heard, errors. With --json also the whole text of the messages.",
		Example: "  offhook calls show 2n0o351kpo",
		Args:    oneCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			var r journal.Record
			if err := o.ask(cmd, http.MethodGet, "/calls/"+url.PathEscape(args[0]), &r); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(r))
			}
			return failed(journal.WriteLadder(cmd.OutOrStdout(), r))
		},
	}
	o.addTo(cmd)
	cmd.ValidArgsFunction = o.completeCalls(false)
	return cmd
}

func newCallsWatchCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:     "watch",
		Short:   "Print a line whenever a call begins, changes its state or ends",
		Long:    "Print a line whenever a call begins, changes its state or ends, until Ctrl-C. With --json a line for every change of a call.",
		Example: "  offhook calls watch\n  offhook calls watch --json | jq .codec",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := o.open(cmd, http.MethodGet, "/watch")
			if err != nil {
				return err
			}
			defer body.Close()
			if o.json {
				_, err := io.Copy(cmd.OutOrStdout(), body)
				return failed(err)
			}
			return failed(printChanges(cmd.OutOrStdout(), body))
		},
	}
	o.addTo(cmd)
	return cmd
}

// mostTold bounds the calls that are remembered; beyond, some may be told again.
const mostTold = 10_000

// printChanges prints calls as they change; what changes neither state nor codec is left out.
func printChanges(w io.Writer, changes io.Reader) error {
	told := map[string]string{} // what was printed of each call
	for lines := json.NewDecoder(changes); ; {
		var c journal.Call
		if err := lines.Decode(&c); errors.Is(err, io.EOF) {
			return nil // the server ends
		} else if err != nil {
			return err
		}
		now := c.State + c.Codec + c.Script
		if c.State == "ended" && c.By == "" || told[c.ID] == now { // its script has not ended; or told
			continue
		}
		if len(told) > mostTold {
			clear(told)
		}
		told[c.ID] = now
		if _, err := fmt.Fprintf(w, "%s  %s\n", time.Now().Format(time.TimeOnly), c.Headline()); err != nil {
			return err
		}
	}
}

func newCallsHangupCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:     "hangup ID",
		Short:   "End a call: with BYE, or 480 when it is not answered",
		Example: "  offhook calls hangup 2n0o351kpo",
		Args:    oneCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			var answer map[string]bool
			if err := o.ask(cmd, http.MethodPost, "/calls/"+url.PathEscape(args[0])+"/hangup", &answer); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(answer))
			}
			fmt.Fprintln(cmd.OutOrStdout(), "hung up")
			return nil
		},
	}
	o.addTo(cmd)
	cmd.ValidArgsFunction = o.completeCalls(true)
	return cmd
}
