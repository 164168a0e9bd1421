package main

import (
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"offhook/core/console"
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
