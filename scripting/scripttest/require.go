package scripttest

import (
	"fmt"
	"io/fs"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// modules are the files that a test has required, by path; nil = it runs at the moment.
type modules map[string]lua.LValue

func require(a *scripting.Args) int {
	t, name := trialOf(a.LState), scripting.Arg[string](a, "name")
	path := strings.ReplaceAll(name, ".", "/") + ".lua"
	value, known := t.modules[path]
	if known && value == nil {
		a.Raise(fmt.Errorf("%q requires itself, by way of others perhaps", name))
	}
	if !known {
		value = t.load(a, name, path)
	}
	a.Push(value)
	return 1
}

// load runs a file in the state of the test.
func (t *trial) load(a *scripting.Args, name, path string) lua.LValue {
	if !fs.ValidPath(path) {
		a.Raise(fmt.Errorf("%q is no module", name))
	}
	text, err := fs.ReadFile(t.runner.FS, path)
	if err != nil {
		a.Raise(fmt.Errorf("no module %q (%s)", name, path))
	}
	chunk, err := sandbox.Compile(path, string(text), t.runner.Limits)
	if err != nil {
		a.Raise(err)
	}
	if t.modules == nil {
		t.modules = modules{}
	}
	t.modules[path] = nil
	defer func() {
		if t.modules[path] == nil {
			delete(t.modules, path) // it failed
		}
	}()
	a.LState.Push(t.state.Function(chunk))
	a.LState.Call(0, 1)
	value := a.Get(-1)
	a.Pop(1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	t.modules[path] = value
	return value
}

// Keep shows the sandbox the values of the test that are held here, so that they count as its memory.
func (t *trial) Keep(visit func(lua.LValue)) {
	for _, v := range t.modules {
		if v != nil {
			visit(v)
		}
	}
	for _, d := range t.declared {
		visit(d.fn)
	}
}
