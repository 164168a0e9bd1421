package scripting

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// arguments are what a script passed to one function, checked and converted as the function's description says.
type arguments struct {
	*lua.LState // of the caller: a coroutine's own, perhaps
	fn          *Function
	self        any   // what a method is called on
	secret      bool  // the first value that it returns is
	values      []any // of Params, then of Options; nil = left out and without a default
}

// parse checks the arguments on the stack from index first on. Whatever the description does not allow is an error.
func (a *arguments) parse(first int) error {
	params := a.fn.Params
	a.values = make([]any, len(params)+len(a.fn.Options))
	for i := range params {
		if err := a.take(i, &params[i], a.Get(first+i)); err != nil {
			return fmt.Errorf("%s: %w", params[i].Name, err)
		}
	}
	most := len(params)
	if len(a.fn.Options) > 0 {
		if err := a.takeOptions(a.Get(first + most)); err != nil {
			return err
		}
		most++
	}
	if given := a.GetTop() - first + 1; given > most {
		return fmt.Errorf("takes at most %d arguments, got %d", most, given)
	}
	return nil
}

func (a *arguments) take(i int, p *Param, v lua.LValue) error {
	if v == lua.LNil {
		if p.Required {
			return fmt.Errorf("is missing: write a %s", p.Type)
		}
		a.values[i] = p.Default
		return nil
	}
	value, err := convert(p, v)
	a.values[i] = value
	return err
}

func (a *arguments) takeOptions(v lua.LValue) error {
	table, ok := v.(*lua.LTable)
	if !ok && v != lua.LNil {
		return fmt.Errorf("options are a table, as {%s = …}; got %s", a.fn.Options[0].Name, describe(v))
	}
	options := a.fn.Options
	for i := range options {
		value := lua.LValue(lua.LNil)
		if ok {
			value = table.RawGetString(options[i].Name)
		}
		if err := a.take(len(a.fn.Params)+i, &options[i], value); err != nil {
			return fmt.Errorf("option %s: %w", options[i].Name, err)
		}
	}
	if !ok {
		return nil
	}
	return checkNames(table, options)
}

// checkNames refuses options that the function does not have.
func checkNames(table *lua.LTable, options []Param) error {
	for key, _ := table.Next(lua.LNil); key != lua.LNil; key, _ = table.Next(key) {
		name, ok := key.(lua.LString)
		if !ok {
			return fmt.Errorf("options have names, as {%s = …}; got %s", options[0].Name, describe(key))
		}
		if !knows(options, string(name)) {
			return fmt.Errorf("no option %q%s", string(name), suggest(string(name), namesOf(options)))
		}
	}
	return nil
}

func knows(params []Param, name string) bool {
	for i := range params {
		if params[i].Name == name {
			return true
		}
	}
	return false
}

func namesOf(params []Param) []string {
	names := make([]string, len(params))
	for i := range params {
		names[i] = params[i].Name
	}
	return names
}

// arg returns a parameter or option as its description converts it; the zero T when it was left out.
func arg[T any](a *arguments, name string) T {
	value, _ := a.lookup(name).(T)
	return value
}

// has tells whether a parameter or option was given or has a default.
func (a *arguments) has(name string) bool { return a.lookup(name) != nil }

func (a *arguments) lookup(name string) any {
	for i := range a.values {
		p := a.param(i)
		if p.Name == name {
			return a.values[i]
		}
	}
	panic(fmt.Sprintf("%s has no parameter %q", a.fn.Name, name)) // a mistake in this package
}

func (a *arguments) param(i int) *Param {
	if n := len(a.fn.Params); i >= n {
		return &a.fn.Options[i-n]
	}
	return &a.fn.Params[i]
}

// timeout is the parameter or option of that name, how long to wait: forever without it.
func (a *arguments) timeout() time.Duration {
	if d, ok := a.lookup("timeout").(time.Duration); ok {
		return d
	}
	return forever
}

// returns pushes results.
func (a *arguments) returns(values ...lua.LValue) int {
	for _, v := range values {
		a.Push(v)
	}
	return len(values)
}
