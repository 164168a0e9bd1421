package sandbox

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

const (
	// registrySize is how many values a new stack has room for.
	registrySize = 64
	// maxRegistry is how many values a stack may grow to. It bounds the arguments that functions can be given; calls
	// within calls are bounded by CallDepth.
	maxRegistry  = 8192
	registryGrow = 64
	// numberPage is how many numbers are allocated at a time.
	numberPage = 32
)

// newTemplate makes an interpreter that others are copied from: what is no memory of its own is the same for all.
func newTemplate() *lua.LState {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 1, RegistrySize: 128, MinimizeStackMemory: true})
	L.SetContext(&budget{})
	L.Panic = func(L *lua.LState) { panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)}) }
	return L
}

// interpreter is an LState with what it points to, in one piece of memory.
type interpreter struct {
	lua.LState
	alloc  allocator
	reg    registry
	calls  growingFrames
	frames frameSegment // the first; more come when functions call each other deeper than most scripts do
}

// newInterpreter makes what lua.NewState and LState.NewThread make, in a third of the memory: for coroutines, g is that of
// the state. Captured variables are left to protect.
func newInterpreter(template *lua.LState, g *lua.Global, b *budget, depth int) *lua.LState {
	m := &interpreter{LState: *template}
	L := &m.LState
	L.G, L.Env = g, g.Global
	in := stateOf(L)
	in.alloc = &m.alloc
	m.alloc = allocator{size: numberPage, scratchValue: lua.LNumber(0)}
	m.alloc.fheader, m.alloc.scratchValueP = unsafe.Pointer(&m.alloc.fptrs), unsafe.Pointer(&m.alloc.scratchValue)
	handler := in.reg.handler
	handler.L = L
	m.reg = registry{
		array: make([]lua.LValue, registrySize), growBy: registryGrow, maxSize: maxRegistry, alloc: in.alloc, handler: handler,
	}
	in.reg = &m.reg
	n := (depth + segmentFrames - 1) / segmentFrames
	m.calls.segments = make([]*frameSegment, n, n+1) // withReserve gives the one more
	m.calls.segments[0] = &m.frames
	in.stack.growing = &m.calls
	in.ctx = b
	in.hasErrorFunc = true // so that raising an error closes no captured variables
	return L
}

// newGlobal makes what the coroutines of a state share. The metatables of strings are all states': nothing changes them.
func newGlobal(s *Shared) *lua.Global {
	env := newTable(0, 4)
	env.Metatable = s.environment
	env.RawSetString("_G", env)
	return (*lua.Global)(unsafe.Pointer(&global{Global: env, Registry: s.empty, builtinMts: s.builtin}))
}
