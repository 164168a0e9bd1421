package sandbox

import (
	"runtime"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// handler sees an error where it was raised, with the stack as it was, and may replace it.
type handler func(L *lua.LState, raised lua.LValue) lua.LValue

// protect calls the function that is on L's stack below its nargs arguments. If that goes well its results take their
// place, and ok is true. Otherwise the stack is left without them, and what was raised is returned. An escape passes
// through, with the stack cleared up.
//
// It stands in for LState.PCall, which on an error closes the captured variables of all functions on the stack, so that
// those of the callers of pcall come apart from their closures (gopher-lua issue 448), and with a handler those of none
// (the closures then read other registers). PCall must not be used on a State.
func (s *State) protect(L *lua.LState, nargs int, h handler) (raised lua.LValue, ok bool) {
	in := stateOf(L)
	frame, sp, base := in.currentFrame, in.stack.fixed.sp, in.reg.top-nargs-1
	s.nesting++
	defer func() {
		s.nesting--
		if ok {
			return
		}
		thrown := recover()
		if thrown == nil {
			return // the goroutine exits, by t.FailNow in a test
		}
		value, end := s.caught(L, thrown)
		if end == nil && h != nil {
			value = in.withReserve(func() lua.LValue { return h(L, value) })
		}
		closeUpvalues(in, base)
		in.stack.fixed.sp, in.currentFrame = sp, frame
		L.SetTop(base - localBase(frame))
		if end != nil {
			panic(*end)
		}
		raised = value
	}()
	L.Call(nargs, lua.MultRet)
	return nil, true
}

// caught tells an error of the script from what ends it.
func (s *State) caught(L *lua.LState, thrown any) (raised lua.LValue, end *escape) {
	switch t := thrown.(type) {
	case escape:
		return nil, &t
	case *lua.ApiError:
		return t.Object, nil
	case runtime.Error:
		// When the arguments of a tail call do not fit, upstream fails to tell the line, as none has run (issue 282).
		if f := stateOf(L).currentFrame; f != nil && !f.Fn.IsG && f.Pc == 0 {
			return lua.LString(f.Fn.Proto.SourceName + ": registry overflow"), nil
		}
	}
	file, line := position(L)
	s.fault = &InternalError{File: file, Line: line, Value: thrown, Stack: debug.Stack()}
	return nil, &escape{s.fault}
}

// reserve is how many calls deeper than CallDepth the handler of an error may go: the error may be that the stack is full.
const reserve = 4

// withReserve lets a handler use the reserve.
func (in *luaState) withReserve(handle func() lua.LValue) lua.LValue {
	calls := in.stack.fixed
	defer func(within []callFrame) { calls.array = within }(calls.array)
	calls.array = calls.array[:cap(calls.array)]
	return handle()
}

func localBase(frame *callFrame) int {
	if frame == nil {
		return 0
	}
	return frame.LocalBase
}

// closeUpvalues gives closures that captured registers from base on variables of their own, as the return of a function does.
func closeUpvalues(in *luaState, base int) {
	var before *upvalue
	uv := in.uvcache // sorted by register
	for uv != nil && uv.index < base {
		before, uv = uv, uv.next
	}
	if before == nil {
		in.uvcache = nil
	} else {
		before.next = nil
	}
	for ; uv != nil; uv = uv.next {
		uv.upstream().Close()
	}
}
