package scripting

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"offhook/scripting/sandbox"
)

// Finding is one thing wrong with a script.
type Finding struct {
	File    string // below the scripts folder
	Line    int    // from 1; 0 = not known
	Column  int    // from 1; 0 = not known
	Message string
}

// Error is "file:line:column: message", without what is not known.
func (f *Finding) Error() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, f.Line)
	}
	if f.Column > 0 {
		place = fmt.Sprintf("%s:%d", place, f.Column)
	}
	if place == "" {
		return f.Message
	}
	return place + ": " + f.Message
}

// Findings are all the things wrong with a folder of scripts.
type Findings []*Finding

// Error gives the first of them.
func (f Findings) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", f[0], len(f)-1)
}

// Unwrap returns all of them.
func (f Findings) Unwrap() []error {
	all := make([]error, len(f))
	for i := range f {
		all[i] = f[i]
	}
	return all
}

// orNil makes an error of them, nil when there are none.
func (f Findings) orNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// sort puts them in the order of their places.
func (f Findings) sort() {
	slices.SortStableFunc(f, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// findingOf takes an error of the sandbox apart; path is the file when the error knows none.
func findingOf(path string, err error) *Finding {
	f := &Finding{File: path}
	if e := (*Finding)(nil); errors.As(err, &e) {
		return e
	}
	if e := (*sandbox.SyntaxError)(nil); errors.As(err, &e) {
		return &Finding{e.File, e.Line, e.Column, e.Message}
	}
	if e := (*sandbox.Error)(nil); errors.As(err, &e) {
		f.File, f.Line = e.File, e.Line
	}
	if e := (*sandbox.LimitError)(nil); errors.As(err, &e) {
		f.File, f.Line = e.File, e.Line
	}
	if e := (*sandbox.InternalError)(nil); errors.As(err, &e) {
		f.File, f.Line = e.File, e.Line
	}
	f.File = cmp.Or(f.File, path)
	f.Message = strings.TrimPrefix(err.Error(), fmt.Sprintf("%s:%d: ", f.File, f.Line))
	return f
}
