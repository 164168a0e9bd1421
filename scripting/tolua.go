package scripting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// toLua converts a Go value for scripts. Tables get just the space they need: an empty one that grows takes 2 KB.
func toLua(v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case lua.LValue:
		return v
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int:
		return lua.LNumber(v)
	case int64:
		return lua.LNumber(v)
	case uint64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case time.Duration:
		return lua.LNumber(v.Seconds())
	case []string:
		return listToLua(v)
	case []any:
		return listToLua(v)
	case map[string]string:
		return mapToLua(v)
	case map[string]any:
		return mapToLua(v)
	}
	return lua.LString(fmt.Sprint(v))
}

func listToLua[T any](list []T) *lua.LTable {
	t := newTable(len(list), 0)
	for _, v := range list {
		t.Append(toLua(v))
	}
	return t
}

// mapToLua keeps to the order of the keys, so that pairs gives the same each time.
func mapToLua[T any](m map[string]T) *lua.LTable {
	t := newTable(0, len(m))
	for _, k := range slices.SortedFunc(maps.Keys(m), cmp.Compare[string]) {
		t.RawSetString(k, toLua(m[k]))
	}
	return t
}

// newTable makes a table without a state.
func newTable(array, hash int) *lua.LTable { return sandbox.NewTable(array, hash) }

// tableOf makes a table of names and their values in turn, without those that are nil.
func tableOf(pairs ...any) *lua.LTable {
	t := newTable(0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if v := toLua(pairs[i+1]); v != lua.LNil {
			t.RawSetString(pairs[i].(string), v)
		}
	}
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
