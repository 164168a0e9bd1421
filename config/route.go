package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Route is one [[route]] block: the calls it means, by patterns, and the script
// that answers them. A condition that is not written is empty.
type Route struct {
	To     string            // user part of the Request-URI
	From   string            // user part of From
	Source string            // address or CIDR prefix the call comes from
	Header map[string]string // header field name → pattern
	Script string
}

var routeKeys = []string{"to", "from", "source", "header", "script"}

// routes loads all [[route]] blocks of a file. place finds "route.0.to".
func (l *loader) routes(value any, place func(key string) string) {
	blocks, ok := value.([]any)
	if !ok {
		l.fail(place("route"), "route", "is a list: write [[route]], with two brackets, above each")
		return
	}
	for i, block := range blocks {
		key := fmt.Sprintf("route.%d", i)
		table, ok := block.(map[string]any)
		if !ok {
			l.fail(place(key), "route", "%s is not a route: write a [[route]] block for each", show(block))
			continue
		}
		l.place[key] = place(key)
		b := routeBlock{l, fmt.Sprintf("route %d", i+1), func(name string) string { return place(key + "." + name) }}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			l.place[key+"."+name] = b.place(name)
		}
		r := b.read(table)
		for field := range r.Header {
			l.place[key+".header."+field] = b.place("header." + field)
		}
		l.list = append(l.list, r)
	}
}

// routeBlock reads one [[route]] block.
type routeBlock struct {
	loader *loader
	title  string                   // "route 2"
	place  func(name string) string // of a key in it
}

func (b routeBlock) fail(name, format string, args ...any) {
	b.loader.fail(b.place(name), b.title+": "+name, format, args...)
}

func (b routeBlock) read(table map[string]any) (r Route) {
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
		case "script":
			r.Script = b.text(name, value, "write the name of the script that answers")
			if stem, ok := strings.CutSuffix(r.Script, ".lua"); ok {
				b.fail(name, "is a name, not a file: write %q", stem)
			}
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

// text takes a string that is not empty; cure says what to write instead of that.
func (b routeBlock) text(name string, value any, cure string) string {
	v, err := coerce(reflect.TypeFor[string](), value, false)
	if err != nil {
		b.fail(name, "%v", err)
		return ""
	}
	if v == "" {
		b.fail(name, "is empty: %s", cure)
	}
	return v.(string)
}

func (b routeBlock) header(value any) map[string]string {
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
