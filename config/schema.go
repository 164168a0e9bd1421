package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/pelletier/go-toml/v2/unstable"
)

// schema maps every key ("sip.port") to the type of its field.
type schema map[string]reflect.Type

func schemaOf(t reflect.Type) schema {
	s := schema{}
	for section := range fields(t) {
		if section.Type.Kind() != reflect.Struct {
			continue // the free [script.NAME] tables
		}
		for f := range fields(section.Type) {
			s[section.Tag.Get("koanf")+"."+f.Tag.Get("koanf")] = f.Type
		}
	}
	return s
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

// section tells whether there is a section of that name.
func (s schema) section(name string) bool {
	for key := range s {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

// unknown says what is wrong with a key that is not in the schema, with the
// nearest one that is.
func (s schema) unknown(key string) string {
	section, _, _ := strings.Cut(key, ".")
	for _, array := range []string{"route", "trunk"} {
		if levenshtein.ComputeDistance(section, array) == 1 {
			return fmt.Sprintf("unknown key, did you mean [[%s]]?", array)
		}
	}
	best, distance := "", len(key)
	for known := range s {
		d := levenshtein.ComputeDistance(key, known)
		if _, name, _ := strings.Cut(known, "."); name == key || strings.HasSuffix(key, "."+name) {
			d = 1 // the right name in the wrong section
		}
		if d < distance || d == distance && known < best {
			best, distance = known, d
		}
	}
	if best != "" && distance <= max(2, len(key)/3) {
		return fmt.Sprintf("unknown key, did you mean %s?", best)
	}
	return "unknown key; 'offhook config' prints them all"
}

// unknownIn says what is wrong with a name that is not among a few.
func unknownIn(names []string, name string) string {
	best, distance := "", 3
	for _, known := range names {
		if d := levenshtein.ComputeDistance(name, known); d < distance && d < len(known) {
			best, distance = known, d
		}
	}
	if best != "" {
		return fmt.Sprintf("unknown key, did you mean %s?", best)
	}
	return "unknown key: write " + strings.Join(names, ", ")
}

// coerce brings a value to type t. Text is parsed; other values must fit
// already, but for whole numbers where a fraction is allowed and one string
// where a list is.
func coerce(t reflect.Type, value any, isText bool) (any, error) {
	if s, ok := value.(string); ok && isText {
		return parse(t, s)
	}
	switch t.Kind() {
	case reflect.Bool:
		if v, ok := value.(bool); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s is not a boolean: write true or false", show(value))
	case reflect.Int:
		if v, ok := value.(int64); ok {
			return int(v), nil
		}
		return nil, fmt.Errorf("%s is not a whole number", show(value))
	case reflect.Float64:
		switch v := value.(type) {
		case int64:
			return float64(v), nil
		case float64:
			return v, nil
		}
		return nil, fmt.Errorf("%s is not a number", show(value))
	case reflect.String:
		if v, ok := value.(string); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s is not a string: write it in quotes", show(value))
	}
	return list(value)
}

func list(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return splitList(v), nil
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("%s is not a string: write a list of strings in quotes", show(e))
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s is not a list: write a list of strings in quotes", show(value))
}

func parse(t reflect.Type, s string) (any, error) {
	switch t.Kind() {
	case reflect.Bool:
		v, err := strconv.ParseBool(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a boolean: write true or false", s)
		}
		return v, nil
	case reflect.Int:
		v, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", s)
		}
		return v, nil
	case reflect.Float64:
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", s)
		}
		return v, nil
	case reflect.String:
		return s, nil
	}
	return splitList(s), nil
}

// likeBefore parses text to the type of the value that it takes the place of: settings of scripts have no other.
func likeBefore(before any, text string) (any, error) {
	switch before.(type) {
	case bool:
		return parse(reflect.TypeFor[bool](), text)
	case int64, float64:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
		return parse(reflect.TypeFor[float64](), text)
	case []any:
		return toAny(splitList(text)), nil
	}
	return text, nil
}

func toAny(list []string) []any {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return values
}

func splitList(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(p string) bool { return p == "" })
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}

// keyLines finds the line of every key of a TOML document that parses. The
// tables of an array are numbered from 0: "route.0.to".
func keyLines(data []byte) map[string]int {
	lines := map[string]int{}
	arrays := map[string]int{} // array of tables → how many there are so far
	p := unstable.Parser{}
	p.Reset(data)
	section := ""
	for p.NextExpression() {
		e := p.Expression()
		key, line := "", 0
		if e.Kind == unstable.KeyValue {
			key = section
		}
		for it := e.Key(); it.Next(); {
			n := it.Node()
			if line == 0 {
				line = 1 + bytes.Count(data[:n.Raw.Offset], []byte("\n"))
			}
			if count := arrays[key]; count > 0 && e.Kind != unstable.KeyValue {
				key = join(key, strconv.Itoa(count-1))
			}
			key = join(key, string(n.Data))
		}
		if e.Kind == unstable.ArrayTable {
			if arrays[key]++; arrays[key] == 1 {
				lines[key] = line
			}
			key = join(key, strconv.Itoa(arrays[key]-1))
		}
		if e.Kind != unstable.KeyValue {
			section = key
		}
		lines[key] = line
	}
	return lines
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "." + b
}
