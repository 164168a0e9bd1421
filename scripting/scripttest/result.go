package scripttest

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"offhook/scripting/sandbox"
)

// Report is what came of a Run.
type Report struct {
	Results []Result // by file, and in the order they stand there
	Elapsed time.Duration
}

// Passed counts the tests that passed.
func (r Report) Passed() int { return len(r.Results) - r.Failed() }

// Failed counts the tests that failed.
func (r Report) Failed() (n int) {
	for _, result := range r.Results {
		if result.Failure != nil {
			n++
		}
	}
	return n
}

// Result is what came of one test.
type Result struct {
	File    string
	Line    int // of test(…)
	Name    string
	Elapsed time.Duration // that it took
	Clock   time.Duration // that passed for its calls
	Printed []string      // by print, in the test
	Failure *Failure      // nil = it passed
}

func (r Result) compare(o Result) int {
	return cmp.Or(cmp.Compare(r.File, o.File), cmp.Compare(r.Line, o.Line))
}

// Failure is why a test failed.
type Failure struct {
	File          string // where; "" = not known
	Line          int
	Message       string // in one line
	Expected, Got string // "" when it was no expectation
	Traceback     string // of an error; "" when it was an expectation
	Calls         []Timeline
}

// failureOf makes a failure of what a file of tests, or the sandbox, said. expectation is the last one that was not met.
func failureOf(err error, expectation *Failure) *Failure {
	f := &Failure{Message: err.Error()}
	if raised := (*sandbox.Error)(nil); errors.As(err, &raised) {
		f.File, f.Line, f.Message, f.Traceback = raised.File, raised.Line, raised.Message, raised.Traceback
		if strings.Count(raised.Traceback, "\n") < 3 { // it tells no more than the line
			f.Traceback = ""
		}
		if expectation != nil && expectation.Message == raised.Message {
			f.Expected, f.Got, f.Traceback = expectation.Expected, expectation.Got, ""
		}
	}
	if limit := (*sandbox.LimitError)(nil); errors.As(err, &limit) {
		f.File, f.Line, f.Message = limit.File, limit.Line, strings.TrimPrefix(f.Message, place(limit.File, limit.Line)+": ")
	}
	if syntax := (*sandbox.SyntaxError)(nil); errors.As(err, &syntax) {
		f.File, f.Line, f.Message = syntax.File, syntax.Line, syntax.Message
	}
	return f
}
