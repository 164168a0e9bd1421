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
	l := &loader{k: koanf.New("."), schema: schemaOf(reflect.TypeFor[Config]()), place: map[string]string{}}
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
	errs   []error
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
	layer := koanf.New(".")
	if err := layer.Load(confmap.Provider(tree, ""), nil); err != nil {
		l.fail(name, "", "%v", err)
		return
	}
	lines := keyLines(data)
	for _, key := range layer.Keys() {
		place := name
		if line := lines[key]; line > 0 {
			place = fmt.Sprintf("%s:%d", name, line)
		}
		l.set(place, key, layer.Get(key), false)
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
	if !known && !strings.HasPrefix(key, "script.") {
		l.fail(place, key, "%s", l.schema.unknown(key))
		return
	}
	if known {
		var err error
		if value, err = coerce(kind, value, isText); err != nil {
			l.fail(place, key, "%v", err)
			return
		}
	} else if strings.Count(key, ".") < 2 {
		l.fail(place, key, "settings of a script go into a table: write [script.NAME]")
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
	c.values = l.k.All()
	if len(l.errs) == 0 {
		c.validate(func(key, format string, args ...any) { l.fail(l.place[key], key, format, args...) })
	}
	return c
}
