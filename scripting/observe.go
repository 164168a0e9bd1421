package scripting

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// ObservationKind says what an Observation tells of.
type ObservationKind uint8

const (
	ObservedVerb ObservationKind = iota + 1 // a function was called
	ObservedPlay                            // a sound or a tone begins
	ObservedLog                             // a line was logged
	ObservedFail                            // a function of the script failed
)

// Observation is something that a script did in a call, as Options.Observe learns of it: for the call's timeline.
type Observation struct {
	Call string // Info.ID
	Kind ObservationKind
	At   string // the line of the script, as "default.lua:7"; "" = not known
	Text string // a verb with its arguments, the name of what is played, what was logged, the error
}

// observe tells of something in a call. L is the interpreter that runs, nil when none does.
func (r *run) observe(L *lua.LState, kind ObservationKind, text func() string) {
	if r.engine.options.Observe == nil || r.call == nil {
		return
	}
	o := Observation{Call: r.call.ID(), Kind: kind, Text: text()}
	if L != nil {
		o.At = where(L)
	}
	r.engine.options.Observe(o)
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
	var b strings.Builder
	b.WriteString(message)
	for i := 0; i+1 < len(attrs); i += 2 {
		fmt.Fprintf(&b, " %v=%v", attrs[i], attrs[i+1])
	}
	return b.String()
}
