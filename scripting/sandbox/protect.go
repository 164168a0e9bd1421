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
	raised, end, ok := s.attempt(L, nargs, h)
	if end != nil {
		panic(*end)
	}
	return raised, ok
}

// attempt is protect that returns an escape, too.
func (s *State) attempt(L *lua.LState, nargs int, h handler) (raised lua.LValue, end *escape, ok bool) {
	in := stateOf(L)
	frame, sp, base := in.currentFrame, in.stack.growing.depth(), in.reg.top-nargs-1
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
		raised, end = s.caught(L, thrown)
		if end == nil && h != nil {
			raised = in.withReserve(func() lua.LValue { return h(L, raised) })
		}
		closeUpvalues(in, base)
		in.stack.growing.cut(sp)
		in.currentFrame = frame
		L.SetTop(base - localBase(frame))
	}()
	L.Call(nargs, lua.MultRet)
	return nil, nil, true
}

// caught tells an error of the script from what ends it.
func (s *State) caught(L *lua.LState, thrown any) (raised lua.LValue, end *escape) {
	switch t := thrown.(type) {
	case escape:
		return nil, &t
	case *lua.ApiError:
		return t.Object, nil
	case string:
		if t == stackOverflow {
			return lua.LString(where(L, 0) + "stack overflow"), nil
		}
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

// stackOverflow is the panic of upstream's stack that cannot grow any more: what is to raise an error before that has no effect.
const stackOverflow = "lua callstack overflow"

// withReserve lets the handler of an error go a segment deeper than CallDepth: the error may be that the stack is full.
func (in *luaState) withReserve(handle func() lua.LValue) lua.LValue {
	calls := in.stack.growing
	defer func(within []*frameSegment) { calls.segments = within }(calls.segments)
	calls.segments = calls.segments[:cap(calls.segments)]
	return handle()
}

// depth is how many frames there are.
func (f *growingFrames) depth() int { return int(f.segIdx)*segmentFrames + int(f.segSp) }

// cut takes away all frames but the first n. Upstream's SetSp loses a segment when n fills one. The segments are left to the
// garbage collector, as the functions that unwind may point into them.
func (f *growingFrames) cut(n int) {
	last := max(n-1, 0) / segmentFrames
	clear(f.segments[last+1:])
	f.segIdx, f.segSp = uint16(last), uint8(n-last*segmentFrames)
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
