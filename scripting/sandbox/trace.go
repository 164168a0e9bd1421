package sandbox

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxTrace is how many lines a traceback has at most.
const maxTrace = 20

// position is the line of the innermost Lua function that runs.
func position(L *lua.LState) (file string, line int) {
	for f := stateOf(L).currentFrame; f != nil; f = f.Parent {
		if !f.Fn.IsG {
			return f.Fn.Proto.SourceName, f.line()
		}
	}
	return "", 0
}

// line is the one that a Lua function is at, 0 before its first instruction.
func (f *callFrame) line() int {
	if f.Pc == 0 {
		return 0
	}
	return f.Fn.Proto.DbgSourcePositions[f.Pc-1]
}

// where is "file:line: " of the function that level calls up from the running one, "" if that is a Go function or there is none.
func where(L *lua.LState, level int) string {
	f := stateOf(L).currentFrame
	for ; f != nil && level > 0; f = f.Parent {
		level--
		if !f.Fn.IsG {
			level -= f.TailCall // of a function that is not on the stack any more
		}
	}
	if f == nil || level < 0 || f.Fn.IsG {
		return ""
	}
	return f.Fn.Proto.SourceName + ":" + strconv.Itoa(f.line()) + ": "
}

// traceback lists the functions that run, from the one level calls up from the running one.
func traceback(L *lua.LState, level int) string {
	lines := []string{"stack traceback:"}
	for f := stateOf(L).currentFrame; f != nil; f = f.Parent {
		if level > 0 {
			level--
			continue
		}
		if len(lines) > maxTrace {
			lines = append(lines, "...")
			break
		}
		lines = append(lines, f.describe())
		if !f.Fn.IsG && f.TailCall > 0 {
			lines = append(lines, "(tail calls)")
		}
	}
	return strings.Join(lines, "\n\t")
}

// describe is "file:line: in function 'name'".
func (f *callFrame) describe() string {
	if f.Fn.IsG {
		return fmt.Sprintf("[Go]: in function '%s'", f.name())
	}
	place := fmt.Sprintf("%s:%d: in ", f.Fn.Proto.SourceName, f.line())
	switch name := f.name(); {
	case name != "?" && f.TailCall == 0:
		return fmt.Sprintf("%sfunction '%s'", place, name)
	case f.Fn.Proto.LineDefined == 0:
		return place + "main chunk"
	}
	return fmt.Sprintf("%sfunction <%s:%d>", place, f.Fn.Proto.SourceName, f.Fn.Proto.LineDefined)
}

// name is what the caller calls the function, "?" if it has no name there.
func (f *callFrame) name() string {
	if p := f.Parent; p != nil && !p.Fn.IsG {
		for _, call := range p.Fn.Proto.DbgCalls {
			if call.Pc == p.Pc-1 && call.Name != "(anonymous)" {
				return call.Name
			}
		}
	}
	return "?"
}

// newError makes the error that Call returns of what was raised, while the stack is as it was then.
func newError(L *lua.LState, raised lua.LValue) *Error {
	e := &Error{Value: raised, Traceback: traceback(L, 0)}
	e.File, e.Line = position(L)
	text, ok := raised.(lua.LString)
	if !ok {
		e.Message = fmt.Sprintf("error value is a %s", raised.Type())
		if lua.LVCanConvToString(raised) {
			e.Message = raised.String()
		}
		return e
	}
	e.Message = string(text)
	if file, rest, ok := strings.Cut(e.Message, ":"); ok {
		number, message, found := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); found && err == nil {
			e.File, e.Line, e.Message = file, line, message
		}
	}
	return e
}
