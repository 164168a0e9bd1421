package scripting

import (
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// ObservationKind says what an Observation tells of.
type ObservationKind uint8

const (
	ObservedVerb    ObservationKind = iota + 1 // a function was called
	ObservedPlay                               // a sound or a tone begins
	ObservedLog                                // a line was logged
	ObservedFail                               // a function of the script failed
	ObservedReturn                             // a function that was called has returned, after a while
	ObservedMark                               // call:mark
	ObservedCheck                              // a call:check failed
	ObservedVerdict                            // the verdict on the call, at its end
	ObservedSecret                             // from now on digits are secret, and the last Unread ones
	ObservedOpen                               // they are not any more
)

// noticed is how long a function takes whose return is observed.
const noticed = time.Millisecond

// Observation is something that a script did in a call, as Options.Observe learns of it: for the call's timeline.
type Observation struct {
	Call string // Info.ID
	Kind ObservationKind
	At   string // the line of the script, as "default.lua:7"; "" = not known
	// Text is a verb with its arguments, or with what it returned; the name of what is played, what was logged, the error, what
	// was checked, the verdict.
	Text   string
	Took   time.Duration // ObservedReturn
	Name   string        // ObservedMark
	Data   string        // ObservedMark: name=value pairs
	Err    error         // ObservedFail
	Unread int           // ObservedSecret
}

// observe tells of something in a call. L is the interpreter that runs, nil when none does.
func (r *run) observe(L *lua.LState, kind ObservationKind, text func() string) {
	if r.observed() {
		r.tell(L, Observation{Kind: kind, Text: text()})
	}
}

// observed tells whether somebody observes the call.
func (r *run) observed() bool { return r.engine.options.Observe != nil && r.call != nil }

// tell completes an observation and hands it on, if somebody observes.
func (r *run) tell(L *lua.LState, o Observation) {
	if !r.observed() {
		return
	}
	o.Call = r.call.ID()
	o.Text, o.Data = r.hidden(o.Text), r.hidden(o.Data)
	if L != nil {
		o.At = where(L)
	}
	r.engine.options.Observe(o)
}

// perform runs a function that a script calls, and tells of it, also when it returns after a while; the call's end may keep
// it from returning.
func (r *run) perform(a *arguments, first int) int {
	if within := first == 1 && !a.fn.Live; !r.observed() || within && r.engine.options.ObserveVerbs {
		return a.fn.run(r, a)
	}
	r.tell(a.LState, Observation{Kind: ObservedVerb, Text: a.written(first)})
	began := time.Now()
	n := a.fn.run(r, a)
	if took := time.Since(began); took >= noticed {
		r.tell(a.LState, Observation{Kind: ObservedReturn, Text: a.returned(n), Took: took})
	}
	return n
}

// returned is a function with the last n values of the stack, which it returns.
func (a *arguments) returned(n int) string {
	if n == 0 {
		return a.fn.title
	}
	var values []string
	for i := -n; i < 0; i++ {
		value := literal(a.Get(i))
		if a.secret && i == -n {
			value = strings.Repeat("•", max(0, len([]rune(value))-2)) // without its quotes
		}
		values = append(values, value)
	}
	return a.fn.title + " → " + strings.Join(values, ", ")
}

// written is a function call as it would be written with the values it got.
func (a *arguments) written(first int) string {
	var args []string
	for i := first; i <= a.GetTop(); i++ {
		args = append(args, literal(a.Get(i)))
	}
	return a.fn.title + "(" + strings.Join(args, ", ") + ")"
}

// literal is a value as a script writes it; what is in tables within tables is left out.
func literal(v lua.LValue) string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return describe(v)
	}
	var list, fields []string
	t.ForEach(func(key, value lua.LValue) {
		if name, ok := key.(lua.LString); ok {
			fields = append(fields, fmt.Sprintf("%s = %s", string(name), describe(value)))
		} else {
			list = append(list, describe(value))
		}
	})
	slices.Sort(fields)
	return "{" + strings.Join(append(list, fields...), ", ") + "}"
}

// attributes is a log line in one piece: its message, and name=value pairs.
func attributes(message string, attrs []any) string {
	if len(attrs) == 0 {
		return message
	}
	return message + " " + pairs(attrs)
}

// pairs is the attributes of a log line as name=value.
func pairs(attrs []any) string {
	var b strings.Builder
	for i := 0; i+1 < len(attrs); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%v=%v", attrs[i], attrs[i+1])
	}
	return b.String()
}
