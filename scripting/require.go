package scripting

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func require() Function {
	return Function{
		Name:    "require",
		Doc:     "Returns the value of another file of the scripts folder, which runs once for each call: require(\"lib.menu\") is lib/menu.lua. It is that of the call's own generation.",
		Params:  []Param{{Name: "name", Type: Text, Required: true, Doc: "folders and file, with dots between"}},
		Returns: []Return{{Name: "module", Type: Value, Doc: "what the file returns, or true"}},
		Example: `local menu = require("lib.menu")`,
		run:     (*run).require,
	}
}

func (r *run) require(a *arguments) int {
	name := arg[string](a, "name")
	path := modulePath(name)
	value, known := r.modules[path]
	if known && value == nil {
		r.raise(a, fmt.Errorf("%q requires itself, by way of others perhaps", name))
	}
	if !known {
		value = r.loadModule(a, name, path)
	}
	return a.returns(value)
}

// loadModule runs a file in the state of the caller, so that its limits and its errors are the script's.
func (r *run) loadModule(a *arguments, name, path string) lua.LValue {
	chunk, ok := r.generation.chunks[path]
	if !ok {
		r.raise(a, fmt.Errorf("no module %q (%s)%s", name, path, suggest(name, r.generation.modules())))
	}
	if r.modules == nil {
		r.modules = map[string]lua.LValue{}
	}
	r.modules[path] = nil // loading
	defer func() {
		if r.modules[path] == nil {
			delete(r.modules, path) // it failed
		}
	}()
	a.Push(r.state.Function(chunk))
	a.Call(0, 1)
	value := a.Get(-1)
	a.Pop(1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	r.modules[path] = value
	return value
}

// modules names what require finds.
func (g *Generation) modules() []string { return moduleNames(g.Files) }

// moduleNames are the names of files in require.
func moduleNames(paths []string) []string {
	var names []string
	for _, path := range paths {
		names = append(names, strings.ReplaceAll(strings.TrimSuffix(path, ".lua"), "/", "."))
	}
	return names
}

// modulePath is the file of a name in require.
func modulePath(name string) string { return strings.ReplaceAll(name, ".", "/") + ".lua" }
