package sandbox

import lua "github.com/yuin/gopher-lua"

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
// print rawequal rawget rawset select setmetatable (tables only) tonumber tostring type unpack xpcall _G _VERSION
// string.* (but dump) table.* math.* coroutine.* os.clock os.date os.difftime os.time debug.traceback.
type Shared struct{}

// NewShared builds the library. It fails only if the gopher-lua it was built with is not the one it was written for.
func NewShared(o Options) (*Shared, error) { panic("sandbox: not yet") }
