package sandbox

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// SyntaxError says that a file is no program, or one that the compiler refuses.
type SyntaxError struct {
	File    string
	Line    int // from 1
	Column  int // from 1; 0 = not known
	Message string
}

// Error is "file:line:column: message", without what is not known.
func (e *SyntaxError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}

// Error is an error that a script raised, by mistake or with error(), and did not catch.
type Error struct {
	File      string // where it was raised, as given to Compile; "" = not known
	Line      int
	Message   string     // without the position
	Traceback string     // "stack traceback:\n\t…", from the innermost call on
	Value     lua.LValue // what was given to error(); the message with its position otherwise
}

// Error is "file:line: message".
func (e *Error) Error() string { return at(e.File, e.Line, e.Message) }

// Limit names what a script had too much of.
type Limit string

const (
	LimitTime         Limit = "time"         // Limits.Slice
	LimitInstructions Limit = "instructions" // Limits.Instructions
	LimitMemory       Limit = "memory"       // Limits.Memory
)

// LimitError says that a script was ended because it went over a limit. Its state runs nothing after that: Do and Call
// return the same error again.
type LimitError struct {
	Limit Limit
	Max   string // the limit, as "50ms" or "1048576 bytes"
	File  string // the line that ran
	Line  int
}

// Error is "file:line: what was too much".
func (e *LimitError) Error() string {
	what := map[Limit]string{
		LimitTime:         "ran for more than %s without waiting",
		LimitInstructions: "ran for more than %s without waiting",
		LimitMemory:       "uses more memory than %s",
	}[e.Limit]
	return at(e.File, e.Line, fmt.Sprintf(what, e.Max))
}

// InternalError is a Go panic in a function called from a script, or in the interpreter. As after a LimitError the state
// runs nothing any more.
type InternalError struct {
	File  string // the line that ran
	Line  int
	Value any    // what was given to panic
	Stack []byte // of the goroutine
}

// Error is "file:line: internal error: value".
func (e *InternalError) Error() string {
	return at(e.File, e.Line, fmt.Sprintf("internal error: %v", e.Value))
}

// Unwrap returns the value of the panic when it is an error.
func (e *InternalError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ErrUnwound is returned by Do and Call when the script was ended by Unwind. The state can be used again.
var ErrUnwound = errors.New("script unwound")

func at(file string, line int, message string) string {
	if file == "" {
		return message
	}
	return fmt.Sprintf("%s:%d: %s", file, line, message)
}
