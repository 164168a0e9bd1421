package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"offhook/core/console"
	"offhook/core/guard"
)

func newBansCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:   "bans",
		Short: "List the addresses that the running server does not listen to",
		Long: "List the addresses that the running server does not listen to, because a scanner was there or too much came that was\n" +
			"suspicious ([defence] in the configuration). 'offhook bans lift' ends a ban.",
		Example: "  offhook bans\n  offhook bans lift 192.0.2.7",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []console.Ban
			if err := o.ask(cmd, http.MethodGet, "/bans", &all); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(all))
			}
			return failed(printBans(cmd.OutOrStdout(), all))
		},
	}
	o.addTo(cmd)
	cmd.AddCommand(newBansLiftCommand())
	return cmd
}

func newBansLiftCommand() *cobra.Command {
	o := &controlFlags{}
	cmd := &cobra.Command{
		Use:     "lift ADDRESS|NETWORK",
		Short:   "Listen to a banned address again",
		Long:    "Listen to a banned address again, or to all within a network: 0.0.0.0/0 is every IPv4 address. To keep an address from\nbeing banned, write it into defence.trusted.",
		Example: "  offhook bans lift 192.0.2.7\n  offhook bans lift 0.0.0.0/0",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := console.ParseNetwork(args[0]); err != nil {
				return fmt.Errorf("%q is not an address or network: write 192.0.2.7 or 192.0.2.0/24", args[0])
			}
			var done console.Lifted
			if err := o.ask(cmd, http.MethodPost, "/bans/lift?network="+url.QueryEscape(args[0]), &done); err != nil {
				return err
			}
			if o.json {
				return failed(json.NewEncoder(cmd.OutOrStdout()).Encode(done))
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d lifted\n", done.Lifted)
			return failed(err)
		},
	}
	o.addTo(cmd)
	return cmd
}

func printBans(w io.Writer, all []console.Ban) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "no address is banned")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ADDRESS\tSINCE\tUNTIL\tREASON")
	for _, b := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", b.Source, b.Since.Local().Format(time.DateTime), b.Until.Local().Format(time.DateTime), b.Reason)
	}
	return table.Flush()
}

// bansOf is what the control socket does with the bans of a guard.
func bansOf(g *guard.Guard) console.Bans {
	return console.Bans{
		List: func() []console.Ban {
			bans := g.Bans(time.Now())
			all := make([]console.Ban, len(bans))
			for i, b := range bans {
				source := b.Source.String()
				if b.Source.IsSingleIP() {
					source = b.Source.Addr().String()
				}
				all[i] = console.Ban{Source: source, Reason: b.Reason, Since: b.Since, Until: b.Until}
			}
			return all
		},
		Lift: func(network netip.Prefix) int { return g.Lift(network) },
	}
}
