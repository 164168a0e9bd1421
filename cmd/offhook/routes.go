package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/scripting/route"
)

func newRoutesCommand() *cobra.Command {
	list := newRoutesListCommand()
	cmd := &cobra.Command{
		Use:   "routes",
		Short: "Show which script a call gets, and why",
		Long: "Show which script a call gets: the first [[route]] of the configuration whose conditions all match, else, with\n" +
			"routing.by_user, the script named like the called user, else default. Without a subcommand it lists the routes.",
		Example: "  offhook routes --config offhook.toml\n  offhook routes explain --config offhook.toml --to 911 --from 100 --source 10.0.0.7",
		Args:    list.Args,
		RunE:    list.RunE,
	}
	cmd.Flags().AddFlagSet(list.Flags())
	cmd.AddCommand(list, newRoutesExplainCommand())
	return cmd
}

// routesOptions are the flags that both subcommands have.
type routesOptions struct {
	config configFlags
	json   bool
}

func (o *routesOptions) addTo(cmd *cobra.Command) {
	o.config.addScriptsTo(cmd.Flags())
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
}

// routing is the routes beside the scripts there are.
type routing struct {
	config  *config.Config
	table   *route.Table
	scripts []string
}

func (o *routesOptions) load(cmd *cobra.Command) (*routing, error) {
	c, err := o.config.load(cmd.Flags())
	if err != nil {
		return nil, err
	}
	table, err := newRoutes(c)
	if err != nil {
		return nil, err
	}
	engine, err := newScripts(c, slog.New(slog.DiscardHandler), outside{})
	if err != nil {
		return nil, err
	}
	names, _, err := engine.Names()
	return &routing{c, table, names}, err
}

func (r *routing) exists(script string) bool { return slices.Contains(r.scripts, script) }

// place is where a route was written.
func (r *routing) place(number int) string { return r.config.Place(fmt.Sprintf("route.%d", number-1)) }

func newRoutesListCommand() *cobra.Command {
	o := &routesOptions{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the routes in the order they are tried",
		Long:    "List the routes in the order they are tried. Exit code 1 when one names a script that does not exist.",
		Example: "  offhook routes list --config offhook.toml --scripts ./scripts",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := o.load(cmd)
			if err != nil {
				return err
			}
			errs, warnings := checkRoutes(r.config, r.table, r.scripts)
			if err := r.list(cmd.OutOrStdout(), o.json); err != nil {
				return failed(err)
			}
			for _, w := range warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "offhook: warning:", w)
			}
			return failed(joined(errs))
		},
	}
	o.addTo(cmd)
	return cmd
}

// listedRoute is a route as --json prints it.
type listedRoute struct {
	Route  int               `json:"route"`
	Place  string            `json:"place"`
	To     string            `json:"to,omitempty"`
	From   string            `json:"from,omitempty"`
	Source string            `json:"source,omitempty"`
	Trunk  string            `json:"trunk,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Script string            `json:"script"`
	Exists bool              `json:"exists"`
}

func (r *routing) list(w io.Writer, asJSON bool) error {
	if asJSON {
		all := struct {
			Routes  []listedRoute `json:"routes"`
			ByUser  bool          `json:"by_user"`
			Scripts []string      `json:"scripts"`
		}{[]listedRoute{}, r.config.Routing.ByUser, r.scripts}
		for i, c := range r.config.Routes {
			all.Routes = append(all.Routes, listedRoute{i + 1, r.place(i + 1), c.To, c.From, c.Source, c.Trunk, c.Header, c.Script, r.exists(c.Script)})
		}
		return printJSON(w, all)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROUTE\tTO\tFROM\tSOURCE\tTRUNK\tHEADER\tSCRIPT\tPLACE")
	for i, c := range r.config.Routes {
		var header []string
		for _, name := range slices.Sorted(maps.Keys(c.Header)) {
			header = append(header, name+": "+c.Header[name])
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i+1, orAny(c.To), orAny(c.From), orAny(c.Source), orAny(c.Trunk),
			orAny(strings.Join(header, ", ")), r.shown(c.Script), r.place(i+1))
	}
	if r.config.Routing.ByUser {
		fmt.Fprintf(table, "else\tNAME\tany\tany\tany\tany\tNAME, if it exists\t%s\n", r.config.Place("routing.by_user"))
	}
	fmt.Fprintf(table, "else\tany\tany\tany\tany\tany\t%s\t\n", r.shown(route.Fallback))
	return table.Flush()
}

func orAny(s string) string { return cmp.Or(s, "any") }

func (r *routing) shown(script string) string {
	if !r.exists(script) {
		return script + " (does not exist)"
	}
	return script
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
