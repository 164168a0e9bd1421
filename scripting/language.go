package scripting

import (
	"errors"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// How results, errors and the end of the call pass between Go and a script stands in this file.

// invoke calls a function of the script. nil is also returned when the script was unwound: that is no error.
func (r *run) invoke(fn *lua.LFunction, args ...lua.LValue) error {
	_, err := r.state.Call(fn, args...)
	if errors.Is(err, sandbox.ErrUnwound) {
		return nil
	}
	return err
}

// unwind ends what the script does, because the call has ended; it does not return. pcall cannot keep the script: its next verb
// unwinds again.
func (r *run) unwind(L *lua.LState) {
	if r.closing {
		r.log().Warn("out of time after the end of the call", "at", where(L))
	}
	sandbox.Unwind(L)
}

// raise makes err an error of the script at the line that called the function; it does not return.
func (r *run) raise(a *arguments, err error) { a.RaiseError("%s: %s", a.fn.title, err) }

// refused raises what a method of the call returned, or unwinds the script when that is because the call has ended.
func (r *run) refused(a *arguments, err error) {
	if errors.Is(err, ErrEnded) || r.call.State() == StateEnded {
		r.unwind(a.LState)
	}
	r.raise(a, err)
}

// report logs the error of a handler.
func (r *run) report(name string, err error) {
	if err != nil {
		r.hideIn(err)
		r.tell(nil, Observation{Kind: ObservedFail, Text: name + ": " + err.Error(), Err: err})
		r.log().Error("script failed", append(stackOf(err), "handler", name, "error", err)...)
	}
}

// stackOf is the log attribute of a mistake of ours: where it was made.
func stackOf(err error) []any {
	if internal := (*sandbox.InternalError)(nil); errors.As(err, &internal) {
		return []any{"stack", string(internal.Stack)}
	}
	return nil
}

// where tells the line of the script that called the running function, as "default.lua:7".
func where(L *lua.LState) string {
	frame, ok := L.GetStack(1)
	if !ok {
		return ""
	}
	if _, err := L.GetInfo("Sl", frame, lua.LNil); err != nil || frame.CurrentLine < 0 {
		return "[G]" // a function of ours
	}
	return frame.Source + ":" + strconv.Itoa(frame.CurrentLine)
}

// Failure is an error of a script, taken apart.
type Failure struct {
	Message   string
	File      string // "" = not known
	Line      int
	Traceback string
}

// FailureOf takes err apart.
func FailureOf(err error) Failure {
	f := Failure{Message: err.Error()}
	if e := (*sandbox.Error)(nil); errors.As(err, &e) {
		f = Failure{e.Message, e.File, e.Line, e.Traceback}
	}
	if e := (*sandbox.LimitError)(nil); errors.As(err, &e) {
		f.File, f.Line = e.File, e.Line
	}
	return f
}

// errorFields is an error as on_hangup gets it.
func errorFields(err error) map[string]any {
	f := FailureOf(err)
	fields := map[string]any{"message": f.Message}
	if f.File != "" {
		fields["file"], fields["line"] = f.File, f.Line
	}
	if f.Traceback != "" {
		fields["traceback"] = f.Traceback
	}
	return fields
}

// errColon is the answer to call.verb(…).
var errColon = errors.New("write a colon, as call:ring(), not a dot")

// errAnswered refuses a final response that comes too late.
var errAnswered = errors.New("the call is answered: write call:hangup()")

// errNotAnswered refuses what only an answered call can do.
var errNotAnswered = errors.New("the call is not answered: write call:answer() before")

// errOver refuses verbs in on_hangup and in deferred functions.
var errOver = errors.New("cannot be used once the call has ended")

// errLoading keeps the trial of new scripts, and what is only checked, from reaching out into the world.
var errLoading = errors.New("cannot be used while the file loads: write it in on_call, on_load or another function")

// selfOf finds what a method is called on.
type selfOf func(v lua.LValue) (any, error)

// bind makes a Lua function of a description. self is nil for functions that are no methods.
func (fn *Function) bind(title string, self selfOf) lua.LGFunction {
	fn.title = title
	return func(L *lua.LState) int {
		r := sandbox.Owner(L).(*run)
		a := &arguments{LState: L, fn: fn}
		if fn.Live && r.loading {
			r.raise(a, errLoading)
		}
		first := 1
		if self != nil {
			var err error
			if a.self, err = self(L.Get(1)); err != nil {
				r.raise(a, err)
			}
			r.ready(a)
			first = 2
		}
		if err := a.parse(first); err != nil {
			r.raise(a, err)
		}
		return r.perform(a, first)
	}
}

// ready refuses verbs that come after the end of the call.
func (r *run) ready(a *arguments) {
	switch {
	case a.fn.After:
	case r.closing:
		r.raise(a, errOver)
	case r.over():
		r.unwind(a.LState)
	}
}
