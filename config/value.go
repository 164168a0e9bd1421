package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Keys lists all keys there are, sorted, but for those of [script.NAME] and [[route]].
func Keys() []string { return slices.Sorted(maps.Keys(schemaOf(reflect.TypeFor[Config]()))) }

// Value is the value of a key as text; lists have commas. A key that is not there is an *Error with a suggestion.
func (c *Config) Value(key string) (string, error) {
	value, ok := c.values[key]
	if !ok {
		if _, _, isScript := script(key); isScript {
			return "", &Error{Key: key, Problem: "is not set"}
		}
		return "", &Error{Key: key, Problem: schemaOf(reflect.TypeFor[Config]()).unknown(key)}
	}
	if list, ok := value.([]string); ok {
		return strings.Join(list, ","), nil
	}
	return fmt.Sprint(value), nil
}
