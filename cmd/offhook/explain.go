package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/scripting/route"
)

// explainOptions are the call that offhook routes explain is asked about.
type explainOptions struct {
	routesOptions
	to, from, source, trunk string
	headers                 []string
}

func newRoutesExplainCommand() *cobra.Command {
	o := &explainOptions{}
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say which script a call would get, and why",
		Long: "Say which script a call would get, and for each route before why it does not match. A user that is not given is\n" +
			"empty; an address that is not given is in no network, and a trunk that is not given is none. Exit code 1 when no script would answer.",
		Example: "  offhook routes explain --to 911 --from 100 --source 10.0.0.7\n  offhook routes explain --config offhook.toml --to menu --header 'X-Env: test' --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			facts, err := o.facts()
			if err != nil {
				return err
			}
			r, err := o.load(cmd)
			if err == nil {
				err = r.knows(o.trunk)
			}
			if err != nil {
				return err
			}
			return r.explain(cmd.OutOrStdout(), facts, o.json)
		},
	}
	o.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "`user` part of the Request-URI: who is called")
	f.StringVar(&o.from, "from", "", "`user` part of From: who calls")
	f.StringVar(&o.source, "source", "", "`address` the call comes from")
	f.StringVar(&o.trunk, "trunk", "", "`name` of the trunk the call comes in on")
	f.StringArrayVar(&o.headers, "header", nil, "a header field, `'Name: value'`; can be repeated")
	for _, name := range []string{"to", "from", "source", "trunk", "header"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions) // the flag is there
	}
	return cmd
}

// knows refuses a trunk that is not configured.
func (r *routing) knows(trunk string) error {
	if trunk == "" || slices.ContainsFunc(r.config.Trunks, func(t config.Trunk) bool { return t.Name == trunk }) {
		return nil
	}
	return fmt.Errorf("flag --trunk: there is no [[trunk]] %q in the configuration", trunk)
}

// facts reads the flags.
func (o *explainOptions) facts() (f route.Facts, err error) {
	for _, user := range []struct{ flag, value string }{{"to", o.to}, {"from", o.from}} {
		if strings.Contains(user.value, "@") || strings.HasPrefix(user.value, "sip:") {
			return f, fmt.Errorf("flag --%s: %q is more than a user: write what stands between sip: and @", user.flag, user.value)
		}
	}
	f.To, f.From, f.Trunk = route.Unescape(o.to), route.Unescape(o.from), o.trunk
	if o.source != "" {
		if f.Source, err = netip.ParseAddr(o.source); err != nil {
			return f, fmt.Errorf("flag --source: %q is not an IP address: write one, without a port", o.source)
		}
	}
	fields := map[string][]string{}
	for _, field := range o.headers {
		name, value, ok := strings.Cut(field, ":")
		if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
			return f, fmt.Errorf("flag --header: %q is not a header field: write 'Name: value'", field)
		}
		fields[name] = append(fields[name], strings.TrimSpace(value))
	}
	f.Header = func(name string) []string { return fields[strings.ToLower(name)] }
	return f, nil
}

// explained is what offhook routes explain --json prints.
type explained struct {
	Script string        `json:"script"`          // "" = none
	Exists bool          `json:"exists"`          // whether there is such a script
	Route  int           `json:"route,omitempty"` // the one that matches
	Place  string        `json:"place,omitempty"` // and where it is written
	Why    string        `json:"why"`
	Missed []missedRoute `json:"missed"` // those before it
}

type missedRoute struct {
	Route int    `json:"route"`
	Place string `json:"place"`
	Why   string `json:"why"`
}

func (r *routing) explain(w io.Writer, f route.Facts, asJSON bool) error {
	d := r.table.Explain(f, r.exists)
	e := explained{Script: d.Script, Exists: r.exists(d.Script), Route: d.Number, Why: d.Why, Missed: []missedRoute{}}
	if d.Number > 0 {
		e.Place = r.place(d.Number)
	}
	for i, why := range d.Missed {
		e.Missed = append(e.Missed, missedRoute{i + 1, r.place(i + 1), why})
	}
	var err error
	if asJSON {
		err = printJSON(w, e)
	} else {
		err = r.print(w, e)
	}
	if err == nil && !e.Exists && !asJSON {
		err = errors.New("no script answers this call")
	} else if err == nil && !e.Exists {
		err = errReported
	}
	return failed(err)
}

// print tells it as a table: the routes that were tried, then the script.
func (r *routing) print(w io.Writer, e explained) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range e.Missed {
		fmt.Fprintf(table, "route %d\t%s\tno\t%s\n", m.Route, m.Place, m.Why)
	}
	if e.Route > 0 {
		fmt.Fprintf(table, "route %d\t%s\tyes\t%s\n", e.Route, e.Place, e.Why)
	} else {
		fmt.Fprintf(table, "else\t\t\t%s\n", e.Why)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	script := r.shown(e.Script)
	if e.Script == "" {
		script = "none"
	}
	_, err := fmt.Fprintln(w, "script:", script)
	return err
}
