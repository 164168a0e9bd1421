package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	gotoml "github.com/pelletier/go-toml/v2"
)

// Options says where a configuration comes from. The zero Options is the
// documented default with nothing on top.
type Options struct {
	File    string   // TOML file; empty: none
	Environ []string // "NAME=value" pairs, as from os.Environ
	Flags   []Flag   // command line, in order
}

// Flag is one key set on the command line.
type Flag struct {
	Name  string // how the user wrote it, for error messages: "--set", "--drain"
	Key   string
	Value string
}

// Error is one thing wrong with a configuration.
type Error struct {
	Place   string // "offhook.toml:12", "environment OFFHOOK_SIP__PORT", "flag --set"
	Key     string // "sip.port"; empty when the file itself does not parse
	Problem string // what is wrong and what to write
}

func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{e.Place, e.Key, e.Problem} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// Load merges all sources and validates the result. The error joins one
// *Error for each thing that is wrong, so that all can be mended at once.
func Load(o Options) (*Config, error) {
	l := &loader{k: koanf.New("."), schema: schemaOf(reflect.TypeFor[Config]()), place: map[string]string{}, environment: o.Environ}
	l.text("", []byte(Default))
	if o.File != "" {
		data, err := os.ReadFile(o.File)
		if err != nil {
			return nil, &Error{Problem: fmt.Sprintf("read configuration: %v", err)}
		}
		l.text(o.File, data)
	}
	for _, pair := range o.Environ {
		l.environ(pair)
	}
	for _, f := range o.Flags {
		l.set("flag "+f.Name, f.Key, f.Value, true)
	}
	c := l.config()
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return c, nil
}

// loader merges layers into k. Each value is checked against the schema as it
// comes in, while its place is still known.
type loader struct {
	k      *koanf.Koanf
	schema schema
	place  map[string]string // key → where its value came from
	list   []Route
	ports  []Listener
	errs   []error

	environment []string // for passwords of trunks
	arrays      []func() // the trunks, which are read when all else is known
	trunks      []Trunk
	scripted    []scripted
}

func (l *loader) fail(place, key, format string, args ...any) {
	l.errs = append(l.errs, &Error{place, key, fmt.Sprintf(format, args...)})
}

// text loads one TOML document; name is "" for the embedded default.
func (l *loader) text(name string, data []byte) {
	tree, err := toml.Parser().Unmarshal(data)
	if err != nil {
		place := name
		if bad := (*gotoml.DecodeError)(nil); errors.As(err, &bad) {
			row, column := bad.Position()
			place = fmt.Sprintf("%s:%d:%d", name, row, column)
		}
		l.fail(place, "", "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return
	}
	lines := keyLines(data)
	place := func(key string) string {
		if line := nearest(lines, key); name != "" && line > 0 {
			return fmt.Sprintf("%s:%d", name, line)
		}
		return name
	}
	if routes, ok := tree["route"]; ok {
		l.routes(routes, place)
		delete(tree, "route") // an array of tables is nothing for koanf
	}
	if listeners, ok := tree["listener"]; ok {
		l.listeners(listeners, place)
		delete(tree, "listener")
	}
	if trunks, ok := tree["trunk"]; ok {
		l.arrays = append(l.arrays, func() { l.trunkBlocks(trunks, place) })
		delete(tree, "trunk")
	}
	layer := koanf.New(".")
	if err := layer.Load(confmap.Provider(tree, ""), nil); err != nil {
		l.fail(name, "", "%v", err)
		return
	}
	for _, key := range layer.Keys() {
		if section, _, ok := script(key); ok {
			l.place[section] = place(section) // "offhook.toml:7", where the table begins
		}
		l.set(place(key), key, layer.Get(key), false)
	}
}

// script takes a key of a [script.NAME] table apart: its section is "script.NAME".
func script(key string) (section, rest string, ok bool) {
	parts := strings.SplitN(key, ".", 3)
	if len(parts) < 2 || parts[0] != "script" {
		return "", "", false
	}
	return parts[0] + "." + parts[1], strings.Join(parts[2:], "."), true
}

// nearest finds a key in m, or else the longest beginning of it that is there.
func nearest[T any](m map[string]T, key string) (value T) {
	for {
		value, ok := m[key]
		end := strings.LastIndexByte(key, '.')
		if ok || end < 0 {
			return value
		}
		key = key[:end]
	}
}

// environ loads one "NAME=value" pair. Only names with a double underscore are
// ours: Kubernetes sets OFFHOOK_PORT and OFFHOOK_SERVICE_HOST by itself for a
// service called offhook.
func (l *loader) environ(pair string) {
	name, value, _ := strings.Cut(pair, "=")
	path, ours := strings.CutPrefix(name, "OFFHOOK_")
	if !ours || !strings.Contains(path, "__") {
		return
	}
	key := strings.ToLower(strings.ReplaceAll(path, "__", "."))
	l.set("environment "+name, key, value, true)
}

// set checks one value and merges it. Text (environment, flags) is parsed to
// the type of the key; values of a file must have that type already.
func (l *loader) set(place, key string, value any, isText bool) {
	kind, known := l.schema[key]
	section, setting, isScript := script(key)
	table, isTable := value.(map[string]any) // an empty one: koanf takes others apart
	switch {
	case known:
		var err error
		if value, err = coerce(kind, value, isText); err != nil {
			l.fail(place, key, "%v", err)
			return
		}
	case isTable && len(table) == 0 && (key == "script" || l.schema.section(key)):
		return // a section with nothing in it
	case isScript && setting == "" && !isTable:
		l.fail(place, key, "settings of a script go into a table: write [script.NAME]")
		return
	case isScript:
		if l.place[section] == "" {
			l.place[section] = place
		}
		if before := l.k.Get(key); isText && before != nil {
			var err error
			if value, err = likeBefore(before, value.(string)); err != nil {
				l.fail(place, key, "%v", err)
				return
			}
		}
	case key == "route" || strings.HasPrefix(key, "route."):
		l.fail(place, key, "routes are a list: write [[route]] blocks into the configuration file")
		return
	case key == "listener" || strings.HasPrefix(key, "listener."):
		l.fail(place, key, "listeners are a list: write [[listener]] blocks into the configuration file")
		return
	case key == "trunk" || strings.HasPrefix(key, "trunk."):
		l.fail(place, key, "trunks are a list: write [[trunk]] blocks into the configuration file")
		return
	default:
		l.fail(place, key, "%s", l.schema.unknown(key))
		return
	}
	if err := l.k.Set(key, value); err != nil {
		l.fail(place, key, "%v", err)
		return
	}
	l.place[key] = place
}

// config builds the typed configuration and validates it as a whole.
func (l *loader) config() *Config {
	c := &Config{}
	if err := l.k.Unmarshal("", c); err != nil {
		l.fail("", "", "%v", err)
		return c
	}
	for _, read := range l.arrays {
		read()
	}
	l.finish()
	c.values, c.tree, c.places, c.Routes, c.Trunks = l.k.All(), l.k.Raw(), l.place, l.list, l.trunks
	c.Listeners = l.ports
	if len(l.errs) == 0 {
		c.validate(func(key, format string, args ...any) { l.fail(nearest(l.place, key), title(key), format, args...) })
	}
	return c
}

// placeOf is where a key was written, or what it is part of.
func (l *loader) placeOf(key string) string { return nearest(l.place, key) }

// realm is what trunks challenge with unless they say another one.
func (l *loader) realm() string {
	if domain := l.k.String("sip.domain"); domain != "" {
		return domain
	}
	return "offhook"
}
