package scripting

import (
	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// deepestJSON is how deep lists and objects may be nested in each other.
const deepestJSON = 64

// null stands for JSON's null where a nil would leave nothing.
var null = &lua.LUserData{Metatable: nameOnly("json.null")}

// emptyList is the metatable of tables that stand for [] as long as they are empty.
var emptyList = nameOnly("list")

func nameOnly(name string) *lua.LTable {
	t := newTable(0, 2)
	t.RawSetString("__metatable", lua.LString(name))
	t.RawSetString("__tostring", newFunction(func(L *lua.LState) int {
		L.Push(lua.LString(name))
		return 1
	}))
	return t
}

func jsonModule() Module {
	return Module{
		Name: "json",
		Doc: "Converts between values and JSON. A table whose keys are 1 to n is a list; an empty one is an object, {}, but for one that json.decode made of []. " +
			"A null in an object is decoded as nothing, elsewhere as json.null.",
		Functions: []Function{
			{
				Name: "encode", Doc: "Returns a value as JSON, the keys of objects in order.",
				Params:  []Param{{Name: "value", Type: Value}},
				Returns: []Return{{Name: "text", Type: Text}},
				Example: `local text = json.encode({ from = call.cli, digits = { 1, 2, 3 } })`,
				run: func(r *run, a *arguments) int {
					text, err := encodeJSON(a.LState, toLua(a.lookup("value")))
					if err != nil {
						r.raise(a, err)
					}
					sandbox.Charge(a.LState, len(text))
					return a.returns(lua.LString(text))
				},
			},
			{
				Name: "decode", Doc: "Returns the value of a JSON text. A text that is no JSON raises nothing: the first result is nil and the second one tells why.",
				Params: []Param{{Name: "text", Type: Text, Required: true}},
				Returns: []Return{
					{Name: "value", Type: Value},
					{Name: "err", Type: Text, Doc: "what is wrong, and where: line 3, column 7"},
				},
				Example: `local plan, err = json.decode('{"queue": "sales"}')`,
				run: func(r *run, a *arguments) int {
					value, err := decodeJSON(a.LState, arg[string](a, "text"))
					if err != nil {
						return a.returns(lua.LNil, lua.LString(err.Error()))
					}
					return a.returns(value)
				},
			},
		},
		Constants: []Constant{{Name: "null", Doc: "JSON's null, where a nil would leave nothing: in { name = json.null }.", value: null}},
	}
}
