package scripting

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// What another package offers to Lua is described, checked and documented as the verbs are: script tests do so.

// Args are the arguments of a function that another package offers, checked and converted as its description says.
type Args struct{ arguments }

// Arg returns a parameter or an option as the conversion of its Type gives it: a Duration as time.Duration, a Number as
// float64, an Integer as int, a Text as string, Texts as []string, Func as *lua.LFunction, Table as *lua.LTable, HeaderTable
// as []Header, CodecList as []media.Codec; the zero T when it was left out.
func Arg[T any](a *Args, name string) T { return arg[T](&a.arguments, name) }

// Has tells whether a parameter or an option was given or has a default.
func (a *Args) Has(name string) bool { return a.has(name) }

// Self is what a method is called on.
func (a *Args) Self() any { return a.self }

// Raise makes err an error of the script at the line that called the function; it does not return.
func (a *Args) Raise(err error) { a.RaiseError("%s: %s", a.fn.title, err) }

// ToLua makes a Lua value of a Go value: of nil, a bool, a number, a string, a duration (seconds), or lists and maps of them.
func ToLua(v any) lua.LValue { return toLua(v) }

// Offer makes a Lua function of a description; run is called with its arguments, pushes results and returns how many.
// A description serves one Offer.
func (fn *Function) Offer(run func(*Args) int) lua.LValue { return fn.offer(fn.Name, nil, run) }

// Offer makes Lua values with the methods and fields of a description, for which it returns the constructor: each holds a
// Go value, which the methods find with Args.Self. Every method needs a run, and every field a get, by name.
func (o *Object) Offer(run map[string]func(*Args) int, get map[string]func(L *lua.LState, self any) lua.LValue) func(v any) lua.LValue {
	var mt *lua.LTable
	self := func(v lua.LValue) (any, error) {
		if ud, ok := v.(*lua.LUserData); ok && ud.Metatable == mt {
			return ud.Value, nil
		}
		return nil, fmt.Errorf("write a colon, as %s:%s(), not a dot", o.Name, o.Methods[0].Name)
	}
	members := newTable(0, len(o.Methods))
	names := namesOf(o.Fields)
	for i := range o.Methods {
		fn := &o.Methods[i]
		members.RawSetString(fn.Name, fn.offer(o.Name+":"+fn.Name, self, run[fn.Name]))
		names = append(names, fn.Name)
	}
	mt = metatable(o.Name, func(L *lua.LState) int {
		key := L.Get(2).String()
		value := members.RawGetString(key)
		if field, ok := get[key]; ok {
			value = field(L, L.CheckUserData(1).Value)
		} else if value == lua.LNil {
			L.RaiseError("%s has no %q%s", o.Name, key, suggest(key, names))
		}
		L.Push(value)
		return 1
	}, "a "+o.Name+" cannot be written to")
	return func(v any) lua.LValue { return &lua.LUserData{Value: v, Metatable: mt} }
}

func (fn *Function) offer(title string, self selfOf, run func(*Args) int) *lua.LFunction {
	fn.title = title
	return newFunction(func(L *lua.LState) int {
		a := &Args{arguments{LState: L, fn: fn}}
		first := 1
		if self != nil {
			var err error
			if a.self, err = self(L.Get(1)); err != nil {
				a.Raise(err)
			}
			first = 2
		}
		if err := a.parse(first); err != nil {
			a.Raise(err)
		}
		return run(a)
	})
}
