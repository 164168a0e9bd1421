package sandbox

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

// State is the world of one script: its globals and what it has used. It belongs to one goroutine.
type State struct{}

// NewState makes a state with no globals of its own. owner is what Owner finds from Go functions. A new slice of time
// begins with it. Close it in the end.
func NewState(s *Shared, l Limits, owner any) *State { panic("sandbox: not yet") }

// Close ends the coroutines that are left, whose functions unwind as by Unwind, and waits for them. It must not be called
// by a Go function that a script called. After it the state is not to be used.
func (s *State) Close() { panic("sandbox: not yet") }

// Lua returns the interpreter of the state: of the coroutine that runs, if one does.
func (s *State) Lua() *lua.LState { panic("sandbox: not yet") }

// Owner returns what NewState was given.
func (s *State) Owner() any { panic("sandbox: not yet") }

// Do runs a chunk. Its results are dropped. The error is as Call's.
func (s *State) Do(c *Chunk) error { panic("sandbox: not yet") }

// Function makes a function of a chunk, to be called on this state.
func (s *State) Function(c *Chunk) *lua.LFunction { panic("sandbox: not yet") }

// Call calls a function with arguments and returns its results. It may be called by a Go function that the script has called:
// then it runs on the same coroutine, and what the function raises comes back as an error instead of passing through.
//
// The error is an *Error, a *LimitError, an *InternalError, or ErrUnwound.
func (s *State) Call(fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
	panic("sandbox: not yet")
}

// Global returns a global that the script or SetGlobal has set, LNil otherwise. The library is not looked at.
func (s *State) Global(name string) lua.LValue { panic("sandbox: not yet") }

// SetGlobal sets a global.
func (s *State) SetGlobal(name string, v lua.LValue) { panic("sandbox: not yet") }

// Globals names the globals that the script or SetGlobal has set, sorted.
func (s *State) Globals() []string { panic("sandbox: not yet") }

// Resume begins a new slice of time and instructions. A Go function that made the script wait calls it when the wait is over.
func (s *State) Resume() { panic("sandbox: not yet") }

// Usage is what a state has used.
type Usage struct {
	Time         time.Duration // in all slices; measured every 100 instructions or so
	Instructions int           // in all slices; counted as Time
	Memory       int           // bytes reachable when it was looked at last
}

// Usage tells what the state has used so far.
func (s *State) Usage() Usage { panic("sandbox: not yet") }

// Measure looks at the memory that the state's values take now, in bytes, by estimate.
func (s *State) Measure() int { panic("sandbox: not yet") }

// StateOf returns the state that L belongs to. L must come from this package.
func StateOf(L *lua.LState) *State { panic("sandbox: not yet") }

// Owner returns the owner of the state that L belongs to.
func Owner(L *lua.LState) any { panic("sandbox: not yet") }

// Unwind ends what the script does, in a way that the script cannot catch, up to the innermost Do or Call, which returns
// ErrUnwound. It does not return. A Go function that is called from a script calls it.
func Unwind(L *lua.LState) { panic("sandbox: not yet") }

// Spend counts work that a Go function did for a script as so many instructions. It ends the script (and does not
// return) if that was too much.
func Spend(L *lua.LState, instructions int) { panic("sandbox: not yet") }

// Charge tells that a Go function made values of so many bytes for a script, so that memory is looked at in time.
func Charge(L *lua.LState, bytes int) { panic("sandbox: not yet") }
