package sandbox

import (
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// State is the world of one script: its globals and what it has used. It belongs to one goroutine.
type State struct {
	main    *lua.LState
	current *lua.LState // of the coroutine that runs, or main
	shared  *Shared
	owner   any
	limits  Limits
	budget  budget

	running    *coroutine                 // nil = none
	coroutines map[*lua.LState]*coroutine // that are not dead
	nesting    int                        // of protect and of coroutines in each other
	fault      error                      // the script was ended for good
	failure    *Error                     // the last that Call returned
}

// Keeper is implemented by an owner, or the value of a userdata, that keeps values of the script: Keep calls visit for each of
// them, so that they are counted in the memory that the script takes.
type Keeper interface {
	Keep(visit func(lua.LValue))
}

// NewState makes a state with no globals of its own. owner is what Owner finds from Go functions. A new slice of time
// begins with it. Close it in the end.
func NewState(s *Shared, l Limits, owner any) *State {
	st := &State{shared: s, owner: owner, limits: l.withDefaults()}
	st.budget = budget{state: st, begin: time.Now(), step: lookFirst, left: lookFirst}
	st.main = newInterpreter(s.template, newGlobal(s), &st.budget, st.limits.CallDepth)
	st.main.G.MainThread, st.main.G.CurrentThread = st.main, st.main
	st.current = st.main
	return st
}

// Close ends the coroutines that are left, whose functions unwind as by Unwind, and waits for them. It must not be called
// by a Go function that a script called. After it the state is not to be used.
func (s *State) Close() {
	for _, co := range s.coroutines {
		co.stop()
	}
	s.coroutines = nil
}

// Lua returns the interpreter of the state: of the coroutine that runs, if one does.
func (s *State) Lua() *lua.LState { return s.current }

// Owner returns what NewState was given.
func (s *State) Owner() any { return s.owner }

// Do runs a chunk. Its results are dropped. The error is as Call's.
func (s *State) Do(c *Chunk) error {
	_, err := s.Call(s.Function(c))
	return err
}

// Function makes a function of a chunk, to be called on this state.
func (s *State) Function(c *Chunk) *lua.LFunction { return s.main.NewFunctionFromProto(c.proto) }

// Call calls a function with arguments and returns its results. A Go function that the script has called may use it:
// the function runs on the same coroutine, cannot yield from it, and what it raises comes back as an error. The
// outermost Call begins a new slice of time.
//
// The error is an *Error, a *LimitError, an *InternalError, or ErrUnwound.
func (s *State) Call(fn lua.LValue, args ...lua.LValue) (results []lua.LValue, err error) {
	if s.fault != nil {
		return nil, s.fault
	}
	L := s.current
	if stateOf(L).currentFrame == nil {
		s.budget.renew()
	}
	co := s.running
	if co != nil {
		co.held++
	}
	top := L.GetTop()
	L.Push(fn)
	pushAll(L, args...)
	_, end, ok := s.attempt(L, len(args), keepError)
	if co != nil {
		co.held--
	}
	switch {
	case end != nil:
		return nil, end.err
	case !ok:
		return nil, s.failure
	}
	results = arguments(L, top+1)
	L.SetTop(top)
	return results, nil
}

// keepError makes the error that Call returns, with the stack as it was.
func keepError(L *lua.LState, raised lua.LValue) lua.LValue {
	StateOf(L).failure = newError(L, raised)
	return raised
}

// Global returns a global that the script or SetGlobal has set, LNil otherwise. The library is not looked at.
func (s *State) Global(name string) lua.LValue { return s.main.Env.RawGetString(name) }

// SetGlobal sets a global.
func (s *State) SetGlobal(name string, v lua.LValue) { s.main.Env.RawSetString(name, v) }

// Globals names the globals that the script or SetGlobal has set, sorted.
func (s *State) Globals() []string {
	var names []string
	for key := range tableOf(s.main.Env).strdict {
		if key != "_G" {
			names = append(names, key)
		}
	}
	slices.Sort(names)
	return names
}

// Resume begins a new slice of time and instructions. A Go function that made the script wait calls it when the wait is over.
func (s *State) Resume() { s.budget.renew() }

// Usage is what a state has used.
type Usage struct {
	Time         time.Duration // in all slices; measured every 100 instructions or so
	Instructions int           // in all slices; counted as Time
	Memory       int           // bytes reachable when it was looked at last
}

// Usage tells what the state has used so far.
func (s *State) Usage() Usage {
	b := &s.budget
	b.account()
	return Usage{Time: b.before.Time + b.time, Instructions: b.before.Instructions + b.instructions, Memory: b.memory}
}

// StateOf returns the state that L belongs to. L must come from this package.
func StateOf(L *lua.LState) *State { return L.Context().(*budget).state }

// Owner returns the owner of the state that L belongs to.
func Owner(L *lua.LState) any { return StateOf(L).owner }

// LimitsOf returns the limits of the state that L belongs to, defaults filled in.
func LimitsOf(L *lua.LState) Limits { return StateOf(L).limits }

// Unwind ends what the script does, in a way that the script cannot catch, up to the innermost Do or Call, which returns
// ErrUnwound. It does not return. A Go function that is called from a script calls it.
func Unwind(L *lua.LState) { panic(escape{ErrUnwound}) }

// Spend counts work that a Go function did for a script as so many instructions. It ends the script (and does not
// return) if that was too much.
func Spend(L *lua.LState, instructions int) { StateOf(L).budget.spend(instructions) }

// Charge tells that a Go function made values of so many bytes for a script, so that memory is looked at in time. It ends
// the script (and does not return) if that was too much.
func Charge(L *lua.LState, bytes int) { StateOf(L).budget.charge(bytes) }
