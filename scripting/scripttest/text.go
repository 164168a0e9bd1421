package scripttest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteText writes a report for people: all of each failure, one line of each test that passed if verbose, and a summary.
func WriteText(w io.Writer, r Report, verbose bool) {
	for _, result := range r.Results {
		if result.Failure != nil || verbose {
			result.write(w)
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed (%s)\n", r.Passed(), r.Failed(), short(r.Elapsed))
}

func (r Result) write(w io.Writer) {
	mark := "ok  "
	if r.Failure != nil {
		mark = "FAIL"
	}
	fmt.Fprintf(w, "%s  %s: %s (%s, %s on its clock)\n", mark, place(r.File, r.Line), r.Name, short(r.Elapsed), short(r.Clock))
	for _, line := range r.Printed {
		fmt.Fprintf(w, "      | %s\n", line)
	}
	if r.Failure != nil {
		r.Failure.write(w)
	}
}

// write writes why, and the timelines of the calls.
func (f *Failure) write(w io.Writer) {
	at := ""
	if f.File != "" {
		at = place(f.File, f.Line) + ": "
	}
	if f.Expected != "" {
		fmt.Fprintf(w, "      %sexpected %s\n      %sgot %s\n", at, f.Expected, strings.Repeat(" ", len(at)+len("expected ")-len("got ")), f.Got)
	} else {
		fmt.Fprintf(w, "      %s%s\n", at, strings.ReplaceAll(f.Message, "\n", "\n      "))
	}
	for line := range strings.Lines(f.Traceback) {
		fmt.Fprintf(w, "      %s\n", strings.TrimSuffix(line, "\n"))
	}
	for _, c := range f.Calls {
		fmt.Fprintf(w, "      %s:\n", c.Call)
		for _, e := range c.Entries {
			fmt.Fprintf(w, "      %s\n", e)
		}
	}
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// short is a duration with three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= 10*time.Millisecond || d == 0:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
