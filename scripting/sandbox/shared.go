package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// Options say what scripts find besides Lua's own library.
type Options struct {
	// Globals are more global names. A table becomes a module that scripts can call and read, and not change: it must
	// not change after NewShared either. Functions find their state with Owner or StateOf, as they are shared by all.
	Globals map[string]lua.LValue
	// Print gets what a script prints, as one line without a newline; nil = print does nothing. It is called on the
	// script's goroutine.
	Print func(L *lua.LState, line string)
}

// Shared is what all states have in common: the library. It never changes, so any number of goroutines may use it.
//
// The library is Lua 5.1's, less what reaches outside or can hurt: assert error getmetatable ipairs next pairs pcall
// print rawequal rawget rawset select setmetatable (tables only) tonumber tostring type unpack xpcall _VERSION
// string.* (but dump) table.* math.* coroutine.* os.clock os.date os.difftime os.time debug.traceback, and _G, which
// is the script's own globals.
type Shared struct {
	environment *lua.LTable        // the metatable of each state's globals
	builtin     map[int]lua.LValue // the metatables of types: that of strings
	empty       *lua.LTable        // the registry of all states: nothing uses it
	template    *lua.LState
}

// library is a table of functions, by name.
type library map[string]lua.LGFunction

// configure sets the two variables of gopher-lua, which are the process's. They must not change once a state runs.
var configure = sync.OnceFunc(func() {
	// A table keeps values under the keys 1 to this in an array, with all the places before them, however few are set.
	lua.MaxArrayIndex = maxArray + 1
	// In Lua 5.1 a function with "..." had its arguments in arg, too, if built for compatibility with 5.0.
	lua.CompatVarArg = false
})

// maxArray is the length of the longest array. Its memory, 512 KiB, can be taken by one instruction.
const maxArray = 32768

// NewShared builds the library. It fails only if the gopher-lua it was built with is not the one it was written for.
func NewShared(o Options) (*Shared, error) {
	configure()
	if err := checkLayout(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	base := newLibrary(baseLibrary(o.Print))
	base.RawSetString("_VERSION", lua.LString(lua.LuaVersion))
	base.RawSetString(concatName, newFunction(concat))
	base.RawSetString(tableName, newFunction(sizedTable))
	text := newLibrary(stringLibrary())
	for name, lib := range map[string]*lua.LTable{
		"string":    text,
		"table":     newLibrary(tableLibrary()),
		"math":      mathModule(),
		"coroutine": newLibrary(coroutineLibrary()),
		"os":        newLibrary(osLibrary()),
		"debug":     newLibrary(library{"traceback": debugTraceback}),
	} {
		base.RawSetString(name, readOnly(name, lib))
	}
	for name, v := range o.Globals {
		if t, ok := v.(*lua.LTable); ok {
			v = readOnly(name, t)
		}
		base.RawSetString(name, v)
	}
	return &Shared{
		environment: hidden("_G", base),
		builtin:     map[int]lua.LValue{int(lua.LTString): hidden("string", text)},
		empty:       newTable(0, 0),
		template:    newTemplate(),
	}, nil
}

// Names lists what scripts find without defining it: the global names, each with the names in it if it is a module.
func (s *Shared) Names() map[string][]string {
	names := map[string][]string{"_G": nil}
	for name, v := range tableOf(s.environment.RawGetString("__index").(*lua.LTable)).strdict {
		if name == concatName || name == tableName {
			continue // no script can name it
		}
		names[name] = nil
		if module, ok := v.(*lua.LUserData); ok {
			members := module.Metatable.(*lua.LTable).RawGetString("__index").(*lua.LTable)
			names[name] = slices.Sorted(maps.Keys(tableOf(members).strdict))
		}
	}
	return names
}

// newTable makes a table. Upstream's method needs no state.
func newTable(array, hash int) *lua.LTable { return (*lua.LState)(nil).CreateTable(array, hash) }

// newFunction makes a function that any state can call: it needs no environment of its own.
func newFunction(fn lua.LGFunction) *lua.LFunction {
	return &lua.LFunction{IsG: true, GFunction: fn}
}

func newLibrary(lib library) *lua.LTable {
	t := newTable(0, len(lib))
	for name, fn := range lib {
		t.RawSetString(name, newFunction(fn))
	}
	return t
}

// hidden is a metatable that looks names up in t and that scripts can neither see nor change.
func hidden(name string, t *lua.LTable) *lua.LTable {
	mt := newTable(0, 4)
	mt.RawSetString("__index", t)
	mt.RawSetString("__metatable", lua.LString(name))
	return mt
}

// readOnly is a userdata in place of a table, as rawset, next and table functions refuse it: no script comes by the table.
func readOnly(name string, t *lua.LTable) *lua.LUserData {
	mt := hidden(name, t)
	mt.RawSetString("__newindex", newFunction(func(L *lua.LState) int {
		L.RaiseError("%s is read-only: cannot set %s", name, describeKey(L.Get(2)))
		return 0
	}))
	mt.RawSetString("__tostring", newFunction(func(L *lua.LState) int {
		L.Push(lua.LString("module: " + name))
		return 1
	}))
	return &lua.LUserData{Metatable: mt}
}

// describeKey is a key in an error.
func describeKey(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok && len(s) <= 40 {
		return "'" + string(s) + "'"
	}
	return "a " + v.Type().String()
}
