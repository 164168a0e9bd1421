package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"offhook/core/console"
	"offhook/core/journal"
)

// completeGenerations offers the generations that a rollback could go back to, with what they are, for the shell.
func (o *controlFlags) completeGenerations(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []console.Generation
	if len(args) > 0 || o.ask(cmd, http.MethodGet, "/generations", &all) != nil { // without a server there is nothing to offer
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []cobra.Completion
	for _, g := range all {
		if g.Number != 0 && !g.Current {
			found = append(found, cobra.CompletionWithDesc(strconv.FormatUint(g.Number, 10), g.Outcome+" "+g.Time.Local().Format("15:04:05")+" "+filesOf(g)))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeCalls offers the IDs of calls, the newest first, with who calls whom.
func (o *controlFlags) completeCalls(live bool) cobra.CompletionFunc {
	query := "/calls?limit=100"
	if live {
		query += "&state=live"
	}
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var calls []journal.Call
		if len(args) > 0 || o.ask(cmd, http.MethodGet, query, &calls) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var found []cobra.Completion
		for _, c := range calls {
			what := fmt.Sprintf("%s to %s, %s, %s", journal.Printable(c.CLI), journal.Printable(c.DID), c.Script, c.State)
			found = append(found, cobra.CompletionWithDesc(c.ID, what))
		}
		return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeScripts offers the scripts of the calls that can be looked at.
func (o *controlFlags) completeScripts(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var calls []journal.Call
	_ = o.ask(cmd, http.MethodGet, "/calls?limit=0", &calls) // without a server there is nothing to offer
	var found []cobra.Completion
	for _, c := range calls {
		if c.Script != "" {
			found = append(found, c.Script)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), cobra.ShellCompDirectiveNoFileComp
}
