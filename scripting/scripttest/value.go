package scripttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// deepest is how deep tables are looked at: one that contains itself has an end.
const deepest = 20

// equal compares values, tables by what is in them.
func equal(a, b lua.LValue, depth int) bool {
	x, isTable := a.(*lua.LTable)
	y, both := b.(*lua.LTable)
	if !isTable || !both || x == y || depth > deepest {
		return a == b
	}
	same, count := true, 0
	x.ForEach(func(key, value lua.LValue) {
		count++
		same = same && equal(value, y.RawGet(key), depth+1)
	})
	y.ForEach(func(_, _ lua.LValue) { count-- })
	return same && count == 0
}

// show writes a value as Lua does.
func show(v lua.LValue, depth int) string {
	switch v := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", string(v))
	case *lua.LTable:
		if depth > deepest {
			return "{…}"
		}
		var list, fields []string
		length := v.Len()
		for i := 1; i <= length; i++ {
			list = append(list, show(v.RawGetInt(i), depth+1))
		}
		v.ForEach(func(key, value lua.LValue) {
			if n, ok := key.(lua.LNumber); ok && n >= 1 && n <= lua.LNumber(length) {
				return
			}
			fields = append(fields, fmt.Sprintf("%s = %s", key, show(value, depth+1)))
		})
		slices.Sort(fields)
		return "{" + strings.Join(append(list, fields...), ", ") + "}"
	case *lua.LNilType, lua.LBool, lua.LNumber:
		return v.String()
	}
	return "a " + v.Type().String()
}

// toGo makes a value for encoding/json of one of Lua: a table with elements is a list, any other an object.
func toGo(v lua.LValue, depth int) (any, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LTable:
		if depth > deepest {
			return nil, fmt.Errorf("tables nested more than %d deep", deepest)
		}
		return tableToGo(v, depth)
	}
	return nil, fmt.Errorf("a %s cannot be written as JSON", v.Type())
}

func tableToGo(t *lua.LTable, depth int) (any, error) {
	var list []any
	for i := 1; i <= t.Len(); i++ {
		element, err := toGo(t.RawGetInt(i), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	object := map[string]any{}
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		if n, ok := key.(lua.LNumber); ok && n >= 1 && int(n) <= len(list) {
			continue
		}
		field, err := toGo(value, depth+1)
		if err != nil {
			return nil, err
		}
		object[key.String()] = field
	}
	switch {
	case list == nil:
		return object, nil
	case len(object) > 0:
		return nil, errors.New("a table that is a list and has names, too, cannot be written as JSON")
	}
	return list, nil
}
