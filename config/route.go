package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Route is one [[route]] block: the calls it means, by patterns, and the script
// that answers them. A condition that is not written is empty.
type Route struct {
	To     string            // user part of the Request-URI
	From   string            // user part of From
	Source string            // address or CIDR prefix the call comes from
	Trunk  string            // name of the trunk it comes in on
	Header map[string]string // header field name → pattern
	Script string
}

var routeKeys = []string{"to", "from", "source", "trunk", "header", "script"}

// routes loads all [[route]] blocks of a file. place finds "route.0.to".
func (l *loader) routes(value any, place func(key string) string) {
	l.blocks("route", value, place, func(key string, b block, table map[string]any) {
		r := b.route(table)
		for field := range r.Header {
			l.place[key+".header."+field] = b.place("header." + field)
		}
		l.list = append(l.list, r)
	})
}

func (b block) route(table map[string]any) (r Route) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		switch value := table[name]; name {
		case "to", "from":
			text := b.text(name, value, `leave it out to mean every call, or write "/^$/" for calls without a user`)
			if name == "to" {
				r.To = text
			} else {
				r.From = text
			}
		case "source":
			r.Source = b.text(name, value, "leave it out to mean every address")
		case "trunk":
			r.Trunk = b.text(name, value, "leave it out to mean every call")
		case "script":
			r.Script = b.script(value)
		case "header":
			r.Header = b.header(value)
		default:
			b.fail(name, "%s", unknownIn(routeKeys, name))
		}
	}
	if _, ok := table["script"]; !ok {
		b.fail("script", "is missing: write script = \"NAME\" for the script NAME.lua")
	}
	return r
}

// script is the name of one.
func (b block) script(value any) string {
	name := b.text("script", value, "write the name of the script that answers")
	if stem, ok := strings.CutSuffix(name, ".lua"); ok {
		b.fail("script", "is a name, not a file: write %q", stem)
	}
	return name
}

func (b block) header(value any) map[string]string {
	table, ok := value.(map[string]any)
	if !ok || len(table) == 0 {
		field, pattern, _ := strings.Cut(fmt.Sprint(value), ":")
		if !ok && pattern != "" {
			b.fail("header", "%s is not a table: write header = { %s = %q }", show(value), strings.TrimSpace(field), strings.TrimSpace(pattern))
		} else {
			b.fail("header", "names no header field: write header = { X-Env = \"test\" }")
		}
		return nil
	}
	header := map[string]string{}
	for _, field := range slices.Sorted(maps.Keys(table)) {
		text, ok := table[field].(string)
		if !ok {
			b.fail("header."+field, "%s is not a string: write the pattern in quotes", show(table[field]))
		}
		header[field] = text
	}
	return header
}
