package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"offhook/config"
	"offhook/core"
	"offhook/scripting"
	"offhook/scripting/route"
)

// newRoutes compiles the [[route]] blocks. The error joins a *config.Error for
// each thing that is wrong with them.
func newRoutes(c *config.Config) (*route.Table, error) {
	rules := make([]route.Rule, len(c.Routes))
	for i, r := range c.Routes {
		rules[i] = route.Rule(r)
	}
	table, err := route.New(rules, c.Routing.ByUser)
	wrong := route.Errors(nil)
	if !errors.As(err, &wrong) {
		return table, err
	}
	var all []error
	for _, e := range wrong {
		all = append(all, routeError(c, e.Number, e.Key, "%v", e.Err))
	}
	return nil, errors.Join(all...)
}

// routeError is something about a key of a route, which is numbered from 1.
func routeError(c *config.Config, number int, key, format string, args ...any) *config.Error {
	return &config.Error{
		Place: c.Place(fmt.Sprintf("route.%d.%s", number-1, strings.Replace(key, " ", ".", 1))), // "header X-Env"
		Key:   fmt.Sprintf("route %d: %s", number, key), Problem: fmt.Sprintf(format, args...),
	}
}

// checkRoutes compares the configuration with the scripts there are. Errors are
// calls that nothing would answer; warnings are what has no effect.
func checkRoutes(c *config.Config, table *route.Table, scripts []string) (errs, warnings []*config.Error) {
	catchAll := slices.Contains(scripts, route.Fallback)
	shadowed := table.Shadowed()
	for i, r := range c.Routes {
		rule := route.Rule(r)
		catchAll = catchAll || rule.Conditions() == route.EveryCall
		if !slices.Contains(scripts, r.Script) {
			errs = append(errs, routeError(c, i+1, "script", "there is no script %q, only %s", r.Script, listed(scripts)))
		}
		if first, ok := shadowed[i+1]; ok {
			warnings = append(warnings, routeError(c, i+1, "script", "no call comes here: route %d matches all that this one would", first))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Script)) {
		if key := "script." + name; !slices.Contains(scripts, name) {
			warnings = append(warnings, &config.Error{Place: c.Place(key), Key: key, Problem: fmt.Sprintf("nobody reads these settings: there is no script %q, only %s", name, listed(scripts))})
		}
	}
	if !catchAll {
		warnings = append(warnings, &config.Error{Problem: fmt.Sprintf(
			"calls that no route matches get a 404: there is no script %q, only %s", route.Fallback, listed(scripts))})
	}
	return errs, warnings
}

// joined is all of them as one error, nil when there is none.
func joined(errs []*config.Error) error {
	all := make([]error, len(errs))
	for i, e := range errs {
		all[i] = e
	}
	return errors.Join(all...)
}

func listed(scripts []string) string {
	if len(scripts) == 0 {
		return "an empty folder"
	}
	return strings.Join(scripts, ", ")
}

// scriptHandler runs for each call the script that the routes name.
type scriptHandler struct {
	scripts *scripting.Engine
	routes  *route.Table
	limits  scriptLimits
	calls   *callCounter
	figures *callFigures
	log     *slog.Logger
	rules   *logRules // nil: none
}

// ServeCall runs on the call's own goroutine until the script has ended.
func (h scriptHandler) ServeCall(ctx context.Context, c *core.Call) {
	leave, ok := h.admit(c)
	if !ok {
		return
	}
	defer leave()
	h.rules.begin(c.ID(), route.Unescape(c.CalledUser()))
	defer h.rules.end(c.ID())
	outcome := h.scripts.Route(ctx, func(g *scripting.Generation) string {
		script, number := h.routes.Pick(factsOf(c), g.Has)
		if h.rules.debugs(c.ID()) {
			h.log.With("call", c.ID()).Debug("routed", "route", number, "script", script, "generation", g.Number)
		}
		return script
	}, call{c})
	conclude(c, outcome)
	h.calls.count(outcome)
	h.figures.observe(outcome, c.Stages(), c.Stats())
}

// factsOf is what routes look at in a call.
func factsOf(c *core.Call) route.Facts {
	source, _ := c.Source()
	return route.Facts{To: route.Unescape(c.CalledUser()), From: route.Unescape(c.CallingUser()), Source: source.Addr(), Trunk: c.Trunk(), Header: c.Header}
}
