package scripting

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

// maxTyped is how many digits nobody reads are kept.
const maxTyped = 64

func readDigit() Function {
	return Function{
		Name:   "read_digit",
		Doc:    "Waits for one digit, or takes one that was typed ahead.",
		Params: []Param{{Name: "timeout", Type: Duration, Doc: "how long; without it until the call ends"}},
		Returns: []Return{
			{Name: "digit", Type: Text, Doc: "nil when none came"},
			{Name: "info", Type: Table, Fields: digitFields()},
		},
		Example: `local digit = call:read_digit("5s")`,
		run: func(r *run, a *arguments) int {
			ev := r.nextDigit(a, a.timeout())
			if ev == nil {
				return a.returns(lua.LNil)
			}
			return a.returns(lua.LString(ev.Digit), digitInfo(ev))
		},
	}
}

func digitFields() []Param {
	return []Param{
		{Name: "duration_ms", Type: Number, Doc: "how long the key was down; 0 = not known"},
		{Name: "via", Type: Text, Choices: []string{"rfc4733", "info", "inband"}},
	}
}

// digitInfo is what on_dtmf and read_digit tell of a digit.
func digitInfo(ev *Event) *lua.LTable {
	info := newTable(0, 2)
	info.RawSetString("duration_ms", lua.LNumber(milliseconds(ev.Duration)))
	info.RawSetString("via", lua.LString(ev.Via))
	return info
}

func flushDigits() Function {
	return Function{
		Name:    "flush_digits",
		Doc:     "Forgets the digits that were typed ahead.",
		Returns: []Return{{Name: "count", Type: Integer, Doc: "how many there were"}},
		Example: `call:flush_digits()`,
		run: func(r *run, a *arguments) int {
			count := 0
			for {
				if r.typedDigit(digitIn(allDigits)) == nil {
					return a.returns(lua.LNumber(count))
				}
				count++
			}
		},
	}
}

// nextDigit returns the next digit of any kind, typed ahead or to come; nil when none came in time.
func (r *run) nextDigit(a *arguments, timeout time.Duration) *Event {
	any := digitIn(allDigits)
	if ev := r.typedDigit(any); ev != nil {
		return ev
	}
	_, ev := r.wait(a.LState, pause{timeout: timeout, take: any})
	return ev
}

// typeAhead keeps a digit that nobody waits for.
func (r *run) typeAhead(ev *Event) {
	if len(r.typed) < maxTyped {
		r.typed = append(r.typed, ev)
	}
}

// typedDigit takes the oldest digit that want accepts: of those typed ahead, then of those that still queue; nil = there is none.
func (r *run) typedDigit(want func(*Event) bool) *Event {
	if want == nil {
		return nil
	}
	for i, ev := range r.typed {
		if want(ev) {
			r.typed = append(r.typed[:i], r.typed[i+1:]...)
			return ev
		}
	}
	return r.queue.take(want)
}
