package scripttest

import (
	lua "github.com/yuin/gopher-lua"

	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// library is what test files can call, made once and shared by all tests of a Run: nothing in it changes.
type library struct {
	shared  *sandbox.Shared
	newTest func(v any) lua.LValue
	newCall func(v any) lua.LValue
}

func newLibrary() (*library, error) {
	tests := NewReference().Tests
	l := &library{}
	l.newTest = tests.Objects[0].Offer(map[string]func(*scripting.Args) int{
		"call": on(l.call), "eq": on((*trial).eq), "set_config": on((*trial).setConfig), "set_time": on((*trial).setTime),
		"stub_http": on((*trial).stubHTTP),
	}, nil)
	l.newCall = tests.Objects[1].Offer(map[string]func(*scripting.Args) int{
		"expect_status": on((*conversation).expectStatus), "expect_tone": on((*conversation).expectTone),
		"expect_play": on((*conversation).expectPlay), "expect_log": on((*conversation).expectLog),
		"expect_dtmf":     on((*conversation).expectDTMF),
		"expect_transfer": on((*conversation).expectTransfer),
		"expect_bye":      on((*conversation).expectBye), "hear": on((*conversation).hear), "heard": on((*conversation).heard),
		"header": on((*conversation).header), "advance": on((*conversation).advance), "dtmf": on((*conversation).dtmf),
		"speak": on((*conversation).speak), "info": on((*conversation).info), "message": on((*conversation).text),
		"hangup": does((*conversation).hangup), "cancel": does(func(c *conversation) { c.caller.Cancel() }),
		"hold":   does(func(c *conversation) { c.caller.Hold() }),
		"resume": does(func(c *conversation) { c.caller.Resume() }),
	}, map[string]func(*lua.LState, any) lua.LValue{
		"record": func(L *lua.LState, self any) lua.LValue { return self.(*conversation).record(L) },
		"codec":  func(_ *lua.LState, self any) lua.LValue { return self.(*conversation).codec() },
	})
	runs := map[string]func(*scripting.Args) int{"test": declare, "require": require}
	functions := map[string]lua.LValue{}
	for i := range tests.Globals {
		fn := &tests.Globals[i]
		functions[fn.Name] = fn.Offer(runs[fn.Name])
	}
	var err error
	l.shared, err = sandbox.NewShared(sandbox.Options{Globals: functions, Print: printLine})
	return l, err
}

// on makes a method of one that gets its arguments.
func on[T any](method func(T, *scripting.Args) int) func(*scripting.Args) int {
	return func(a *scripting.Args) int { return method(a.Self().(T), a) }
}

// does makes a method of something that the caller does, and lets happen what it leads to.
func does(act func(*conversation)) func(*scripting.Args) int {
	return func(a *scripting.Args) int {
		act(a.Self().(*conversation))
		settle()
		return 0
	}
}

// trialOf is the test that L belongs to.
func trialOf(L *lua.LState) *trial { return sandbox.Owner(L).(*trial) }

func declare(a *scripting.Args) int {
	t := trialOf(a.LState)
	fn := scripting.Arg[*lua.LFunction](a, "fn")
	line := 0
	if !fn.IsG {
		line = fn.Proto.LineDefined
	}
	t.declared = append(t.declared, declared{scripting.Arg[string](a, "name"), line, fn})
	return 0
}

// printLine is what print does: the lines are shown with the result.
func printLine(L *lua.LState, line string) {
	t := trialOf(L)
	t.printed = append(t.printed, line)
}
