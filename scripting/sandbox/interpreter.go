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
	L := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 1, RegistrySize: 128})
	L.SetContext(&budget{})
	L.Panic = func(L *lua.LState) { panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)}) }
	return L
}

// newInterpreter makes what lua.NewState and LState.NewThread make, in a third of the memory: for coroutines, g is that of
// the state. Captured variables are left to protect.
func newInterpreter(template *lua.LState, g *lua.Global, b *budget, depth int) *lua.LState {
	L := new(lua.LState)
	*L = *template
	L.G, L.Env = g, g.Global
	in := stateOf(L)
	in.alloc = &allocator{size: numberPage, scratchValue: lua.LNumber(0)}
	in.alloc.fheader, in.alloc.scratchValueP = unsafe.Pointer(&in.alloc.fptrs), unsafe.Pointer(&in.alloc.scratchValue)
	handler := in.reg.handler
	handler.L = L
	in.reg = &registry{
		array: make([]lua.LValue, registrySize), growBy: registryGrow, maxSize: maxRegistry, alloc: in.alloc, handler: handler,
	}
	calls := make([]callFrame, depth+reserve)
	in.stack.fixed = &fixedFrames{array: calls[:depth]} // withReserve gives the rest
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
