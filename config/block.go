package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
)

// block reads one block of an array of tables, or a table in it.
type block struct {
	loader *loader
	title  string                   // "route 2", "trunk 1: auth"
	place  func(name string) string // of a key in it
}

// blocks takes an array of tables apart; read gets each with its key: "route.0".
func (l *loader) blocks(name string, value any, place func(key string) string, read func(key string, b block, table map[string]any)) {
	all, ok := value.([]any)
	if !ok {
		l.fail(place(name), name, "is a list: write [[%s]], with two brackets, above each", name)
		return
	}
	for i, one := range all {
		key := fmt.Sprintf("%s.%d", name, i)
		table, ok := one.(map[string]any)
		if !ok {
			l.fail(place(key), name, "%s is not a %s: write a [[%s]] block for each", show(one), name, name)
			continue
		}
		l.place[key] = place(key)
		b := block{l, fmt.Sprintf("%s %d", name, i+1), func(name string) string { return place(key + "." + name) }}
		for _, name := range slices.Sorted(maps.Keys(table)) {
			l.place[key+"."+name] = b.place(name)
		}
		read(key, b, table)
	}
}

func (b block) fail(name, format string, args ...any) {
	b.loader.fail(b.place(name), b.title+": "+name, format, args...)
}

// known refuses keys that are not among those.
func (b block) known(table map[string]any, keys []string) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(keys, name) {
			b.fail(name, "%s", unknownIn(keys, name))
		}
	}
}

// text takes a string that is not empty; cure says what to write instead of that.
func (b block) text(name string, value any, cure string) string {
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

// required is a string that must be there.
func (b block) required(table map[string]any, name string) string {
	value, ok := table[name]
	if !ok {
		b.fail(name, "is missing: write %s = \"…\"", name)
		return ""
	}
	return b.text(name, value, "write what it is")
}

// optional is a string that may be left out, but not be empty.
func (b block) optional(table map[string]any, name string) string {
	if value, ok := table[name]; ok {
		return b.text(name, value, "leave it out")
	}
	return ""
}

// texts are a list of strings, or one; nil when it is left out.
func (b block) texts(table map[string]any, name string) []string {
	value, ok := table[name]
	if !ok {
		return nil
	}
	all, err := list(value)
	if err != nil {
		b.fail(name, "%v", err)
		return nil
	}
	if slices.Contains(all, "") || len(all) == 0 && name != "trust_identity" {
		b.fail(name, "is empty: leave it out, or write what it is")
	}
	if all == nil {
		all = []string{}
	}
	return all
}

// choices are texts that must be among some.
func (b block) choices(table map[string]any, name string, among []string) []string {
	all := b.texts(table, name)
	for _, one := range all {
		if !slices.Contains(among, one) {
			b.fail(name, "%q is not a choice: write one or more of %s", one, strings.Join(among, ", "))
		}
	}
	return all
}

// number is one that is at least that; 0 when it is left out.
func (b block) number(table map[string]any, name string, least float64, whole bool) float64 {
	value, ok := table[name]
	if !ok {
		return 0
	}
	kind := reflect.TypeFor[float64]()
	if whole {
		kind = reflect.TypeFor[int]()
	}
	v, err := coerce(kind, value, false)
	if err != nil {
		b.fail(name, "%v", err)
		return 0
	}
	n, isFloat := v.(float64)
	if !isFloat {
		n = float64(v.(int))
	}
	if !(n >= least) {
		b.fail(name, "%g is too small: write %g or more, or leave it out", n, least)
	}
	return n
}

func (b block) yes(table map[string]any, name string) bool {
	value, ok := table[name]
	if !ok {
		return false
	}
	v, err := coerce(reflect.TypeFor[bool](), value, false)
	if err != nil {
		b.fail(name, "%v", err)
		return false
	}
	return v.(bool)
}

// table is a table in the block.
func (b block) table(table map[string]any, name string) (block, map[string]any, bool) {
	value, ok := table[name]
	if !ok {
		return b, nil, false
	}
	inner, ok := value.(map[string]any)
	if !ok { // not shown: it may be a password in the wrong place
		b.fail(name, "is not a table: write %s = { … }", name)
		return b, nil, false
	}
	return block{b.loader, b.title + ": " + name, func(key string) string { return b.place(name + "." + key) }}, inner, true
}

// secret is the password of a table: written there, in an environment variable or in
// a file. No error shows it.
func (b block) secret(table map[string]any) Secret {
	found := presentIn(table, "password", "password_env", "password_file")
	if len(found) != 1 {
		name := "password"
		if len(found) > 1 {
			name = found[1]
		}
		b.fail(name, "write one of password, password_env and password_file")
		return Secret{}
	}
	name := found[0]
	text, ok := table[name].(string)
	if !ok || text == "" {
		b.fail(name, "is not a string, or empty: write it in quotes")
		return Secret{}
	}
	switch name {
	case "password_env":
		text = b.environ(text)
	case "password_file":
		data, err := os.ReadFile(text)
		if err != nil {
			b.fail(name, "%v", err)
			return Secret{}
		}
		if text = strings.TrimRight(string(data), "\r\n"); text == "" {
			b.fail(name, "the file is empty")
		}
	}
	if strings.ContainsAny(text, "\r\n") {
		b.fail(name, "must be one line")
	}
	return Secret{text}
}

// environ is the value of an environment variable of ours.
func (b block) environ(name string) string {
	if !strings.HasPrefix(name, "OFFHOOK_") || strings.Contains(name, "__") {
		b.fail("password_env", "%q: write a name like OFFHOOK_CARRIER_PASSWORD, without two underscores in a row, which mean a key", name)
		return ""
	}
	for _, pair := range b.loader.environment {
		if value, ok := strings.CutPrefix(pair, name+"="); ok && value != "" {
			return value
		}
	}
	b.fail("password_env", "the environment variable %s is not set", name)
	return ""
}

// presentIn are those names that a table has.
func presentIn(table map[string]any, names ...string) (found []string) {
	for _, name := range names {
		if _, ok := table[name]; ok {
			found = append(found, name)
		}
	}
	return found
}
