package sandbox

import (
	"iter"

	lua "github.com/yuin/gopher-lua"
)

// coroutine is a function with a stack of its own, in Lua and in Go. Upstream's coroutines leave the Go stack when they
// yield, which loses what pcall, an iterator, a metamethod, sort or gsub was doing there, and crash when a yield is
// called in tail position or gets fewer values than it wants.
type coroutine struct {
	state  *State
	thread *lua.LState
	fn     *lua.LFunction
	parent *coroutine // that resumed it; nil = the main function
	status string     // "suspended", "running", "normal" or "dead"
	held   int        // State.Calls on its stack: their Go callers must not be left

	nesting int // its part of State.nesting, while suspended

	next     func() (struct{}, bool)
	end      func()
	yield    func(struct{}) bool
	transfer []lua.LValue // what the last resume, yield or return passes
	raised   lua.LValue   // nil = the function returned
	escaped  *escape      // the function was ended
}

const errDead = lua.LString("cannot resume dead coroutine")

func (s *State) newCoroutine(L *lua.LState, fn *lua.LFunction) *coroutine {
	if len(s.coroutines) >= s.limits.Coroutines {
		L.RaiseError("more than %d unfinished coroutines", s.limits.Coroutines)
	}
	s.budget.charge(threadBytes)
	thread := newInterpreter(s.shared.template, L.G, &s.budget, s.limits.CallDepth)
	co := &coroutine{state: s, thread: thread, fn: fn, status: "suspended"}
	if s.coroutines == nil {
		s.coroutines = map[*lua.LState]*coroutine{}
	}
	s.coroutines[thread] = co
	return co
}

// resume runs the coroutine until it yields, returns or raises something. It returns what it passed or raised.
func (co *coroutine) resume(L *lua.LState, args []lua.LValue) (values []lua.LValue, raised lua.LValue) {
	s := co.state
	if co.status == "dead" {
		return nil, errDead
	}
	if co.status != "suspended" {
		return nil, lua.LString("cannot resume non-suspended coroutine")
	}
	if s.nesting >= s.limits.Nesting {
		return nil, lua.LString("coroutines nested too deep")
	}
	if co.next == nil {
		// The goroutine ends when run returns; State.Close makes it return.
		co.next, co.end = iter.Pull(co.run)
	}
	co.parent, co.transfer = s.running, args
	if co.parent != nil {
		co.parent.status = "normal"
	}
	s.enter(co)
	outside := s.nesting
	s.nesting += 1 + co.nesting
	_, suspended := co.next()
	s.nesting, co.nesting = outside, s.nesting-outside-1
	s.enter(co.parent)
	if suspended {
		co.status = "suspended"
		return co.transfer, nil
	}
	co.status = "dead"
	delete(s.coroutines, co.thread)
	if co.escaped != nil {
		panic(*co.escaped)
	}
	return co.transfer, co.raised
}

// enter makes a coroutine the running one; nil = the main function.
func (s *State) enter(co *coroutine) {
	s.running, s.current = co, s.main
	if co != nil {
		co.status, s.current = "running", co.thread
	}
}

// run is what the coroutine's goroutine does.
func (co *coroutine) run(yield func(struct{}) bool) {
	co.yield = yield
	defer func() { co.escaped = escaped(recover()) }()
	L := co.thread
	L.Push(co.fn)
	for _, arg := range co.transfer {
		L.Push(arg)
	}
	raised, ok := co.state.protect(L, len(co.transfer), nil)
	if !ok {
		co.transfer, co.raised = nil, raised
		return
	}
	co.transfer = arguments(L, 1)
}

// pause gives values to whoever resumed the coroutine, and returns what the next resume gives.
func (co *coroutine) pause(values []lua.LValue) []lua.LValue {
	co.transfer = values
	if !co.yield(struct{}{}) {
		panic(escape{ErrUnwound}) // the state is closed
	}
	return co.transfer
}

// stop makes the function of a suspended coroutine unwind, and waits for it.
func (co *coroutine) stop() {
	if co.end != nil {
		co.end()
	}
}

func coroutineLibrary() library {
	return library{
		"create":  coroutineCreate,
		"resume":  coroutineResume,
		"running": coroutineRunning,
		"status":  coroutineStatus,
		"wrap":    coroutineWrap,
		"yield":   coroutineYield,
	}
}

func coroutineCreate(L *lua.LState) int {
	L.Push(StateOf(L).newCoroutine(L, L.CheckFunction(1)).thread)
	return 1
}

func coroutineResume(L *lua.LState) int {
	co, ok := StateOf(L).coroutines[L.CheckThread(1)]
	if !ok {
		return pushAll(L, lua.LFalse, errDead)
	}
	values, raised := co.resume(L, arguments(L, 2))
	if raised != nil {
		return pushAll(L, lua.LFalse, raised)
	}
	L.Push(lua.LTrue)
	return 1 + pushAll(L, values...)
}

func coroutineWrap(L *lua.LState) int {
	co := StateOf(L).newCoroutine(L, L.CheckFunction(1))
	L.Push(newFunction(func(L *lua.LState) int {
		values, raised := co.resume(L, arguments(L, 1))
		if raised != nil {
			L.Error(raised, 0)
		}
		return pushAll(L, values...)
	}))
	return 1
}

func coroutineYield(L *lua.LState) int {
	co := StateOf(L).running
	switch {
	case co == nil:
		L.RaiseError("attempt to yield from outside a coroutine")
	case co.held > 0:
		L.RaiseError("attempt to yield out of a function that was called by the host, not by its coroutine")
	}
	return pushAll(L, co.pause(arguments(L, 1))...)
}

func coroutineStatus(L *lua.LState) int {
	status := "dead"
	if co, ok := StateOf(L).coroutines[L.CheckThread(1)]; ok {
		status = co.status
	} else if L.CheckThread(1) == StateOf(L).main {
		status = "normal"
	}
	L.Push(lua.LString(status))
	return 1
}

func coroutineRunning(L *lua.LState) int {
	if co := StateOf(L).running; co != nil {
		L.Push(co.thread)
		return 1
	}
	L.Push(lua.LNil)
	return 1
}
