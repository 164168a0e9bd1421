package scripting

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// library is what scripts can call, made of the reference once and shared by all calls: nothing in it changes.
type library struct {
	shared  *sandbox.Shared
	call    *lua.LTable            // the metatable of calls
	objects map[string]*lua.LTable // the metatables of objects, by name
}

func newLibrary(ref Reference) (*library, error) {
	l := &library{objects: map[string]*lua.LTable{}}
	globals := map[string]lua.LValue{}
	for _, m := range ref.Modules {
		table := methods(m.Name+".", m.Functions, nil)
		for _, c := range m.Constants {
			table.RawSetString(c.Name, c.value)
		}
		globals[m.Name] = table
	}
	for i := range ref.Globals {
		fn := &ref.Globals[i]
		globals[fn.Name] = newFunction(fn.bind(fn.Name, nil))
	}
	l.call = callMetatable(ref)
	for _, o := range ref.Objects {
		l.objects[o.Name] = objectMetatable(o)
	}
	var err error
	l.shared, err = sandbox.NewShared(sandbox.Options{Globals: globals, Print: printLine})
	return l, err
}

// newCall makes the value that a script knows its call by.
func (l *library) newCall(r *run) *lua.LUserData {
	return &lua.LUserData{Value: r, Metatable: l.call}
}

// newObject makes a value with the methods of an Object.
func (l *library) newObject(name string, v any) lua.LValue {
	return &lua.LUserData{Value: v, Metatable: l.objects[name]}
}

// methods makes a table of functions.
func methods(prefix string, functions []Function, self selfOf) *lua.LTable {
	t := newTable(0, len(functions))
	for i := range functions {
		fn := &functions[i]
		t.RawSetString(fn.Name, newFunction(fn.bind(prefix+fn.Name, self)))
	}
	return t
}

// callMetatable has the verbs and the fields of the call.
func callMetatable(ref Reference) *lua.LTable {
	isCall := func(v lua.LValue) (any, error) {
		if ud, ok := v.(*lua.LUserData); ok {
			if r, ok := ud.Value.(*run); ok {
				return r, nil
			}
		}
		return nil, errColon
	}
	verbs := methods("call:", ref.Verbs, isCall)
	getters := map[string]func(*run) any{}
	var names []string
	for _, f := range ref.Fields {
		getters[f.Name] = f.get
		names = append(names, f.Name)
	}
	for _, v := range ref.Verbs {
		names = append(names, v.Name)
	}
	index := func(L *lua.LState) int {
		key := L.Get(2).String()
		if verb := verbs.RawGetString(key); verb != lua.LNil {
			L.Push(verb)
			return 1
		}
		get, ok := getters[key]
		r, err := isCall(L.Get(1))
		if !ok || err != nil {
			L.RaiseError("call has no %q%s", key, suggest(key, names))
		}
		L.Push(toLua(get(r.(*run))))
		return 1
	}
	return metatable("call", index, "the fields of call are read only; call.vars is a table of your own")
}

// objectMetatable has the methods of an object.
func objectMetatable(o Object) *lua.LTable {
	var own *lua.LTable
	isObject := func(v lua.LValue) (any, error) {
		if ud, ok := v.(*lua.LUserData); ok && ud.Metatable == lua.LValue(own) {
			return ud.Value, nil
		}
		return nil, fmt.Errorf("write a colon, as %s:%s(), not a dot", o.Name, o.Methods[0].Name)
	}
	table := methods(o.Name+":", o.Methods, isObject)
	var names []string
	for _, m := range o.Methods {
		names = append(names, m.Name)
	}
	index := func(L *lua.LState) int {
		key := L.Get(2).String()
		method := table.RawGetString(key)
		if method == lua.LNil {
			L.RaiseError("%s has no %q%s", o.Name, key, suggest(key, names))
		}
		L.Push(method)
		return 1
	}
	own = metatable(o.Name, index, "a "+o.Name+" cannot be written to")
	return own
}

// metatable makes the metatable of a userdata: with index, read only, and hidden from scripts.
func metatable(name string, index lua.LGFunction, readOnly string) *lua.LTable {
	t := newTable(0, 4)
	t.RawSetString("__index", newFunction(index))
	t.RawSetString("__newindex", newFunction(func(L *lua.LState) int {
		L.RaiseError("%s", readOnly)
		return 0
	}))
	t.RawSetString("__tostring", newFunction(func(L *lua.LState) int {
		L.Push(lua.LString(name))
		return 1
	}))
	t.RawSetString("__metatable", lua.LString(name))
	return t
}

// newFunction makes a function without a state: it needs no environment.
func newFunction(fn lua.LGFunction) *lua.LFunction {
	return &lua.LFunction{IsG: true, GFunction: fn, Env: newTable(0, 0)}
}
