package scripttest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteJSON writes a report as one object.
func WriteJSON(w io.Writer, r Report) error {
	out := jsonReport{Passed: r.Passed(), Failed: r.Failed(), Seconds: r.Elapsed.Seconds(), Tests: []jsonResult{}}
	for _, result := range r.Results {
		out.Tests = append(out.Tests, jsonOf(result))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// ReadJSON reads what WriteJSON wrote: the results, with what failed but without the timelines.
func ReadJSON(r io.Reader) (Report, error) {
	in := jsonReport{}
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return Report{}, fmt.Errorf("read test report: %w", err)
	}
	report := Report{}
	for _, test := range in.Tests {
		result := Result{File: test.File, Line: test.Line, Name: test.Name}
		if f := test.Failure; f != nil {
			result.Failure = &Failure{File: f.File, Line: f.Line, Message: f.Message, Expected: f.Expected, Got: f.Got, Traceback: f.Traceback}
		}
		report.Results = append(report.Results, result)
	}
	return report, nil
}

type jsonReport struct {
	Passed  int          `json:"passed"`
	Failed  int          `json:"failed"`
	Seconds float64      `json:"seconds"`
	Tests   []jsonResult `json:"tests"`
}

type jsonResult struct {
	File    string       `json:"file"`
	Line    int          `json:"line,omitempty"`
	Name    string       `json:"name"`
	Result  string       `json:"result"` // "pass" or "fail"
	Seconds float64      `json:"seconds"`
	Clock   float64      `json:"clock_seconds"`
	Printed []string     `json:"printed,omitempty"`
	Failure *jsonFailure `json:"failure,omitempty"`
}

type jsonFailure struct {
	File      string     `json:"file,omitempty"`
	Line      int        `json:"line,omitempty"`
	Message   string     `json:"message"`
	Expected  string     `json:"expected,omitempty"`
	Got       string     `json:"got,omitempty"`
	Traceback string     `json:"traceback,omitempty"`
	Calls     []jsonCall `json:"calls,omitempty"`
}

type jsonCall struct {
	Call     string      `json:"call"`
	Timeline []jsonEntry `json:"timeline"`
}

type jsonEntry struct {
	Seconds float64   `json:"seconds"`
	Kind    EntryKind `json:"kind"`
	At      string    `json:"at,omitempty"`
	Text    string    `json:"text"`
}

func jsonOf(r Result) jsonResult {
	out := jsonResult{
		File: r.File, Line: r.Line, Name: r.Name, Result: "pass",
		Seconds: r.Elapsed.Seconds(), Clock: r.Clock.Seconds(), Printed: r.Printed,
	}
	f := r.Failure
	if f == nil {
		return out
	}
	out.Result = "fail"
	out.Failure = &jsonFailure{File: f.File, Line: f.Line, Message: f.Message, Expected: f.Expected, Got: f.Got, Traceback: f.Traceback}
	for _, c := range f.Calls {
		call := jsonCall{Call: c.Call}
		for _, e := range c.Entries {
			call.Timeline = append(call.Timeline, jsonEntry{e.At.Seconds(), e.Kind, e.Line, e.Text})
		}
		out.Failure.Calls = append(out.Failure.Calls, call)
	}
	return out
}

// WriteJUnit writes a report as the XML that CI servers read: a testsuite for each file.
func WriteJUnit(w io.Writer, r Report) error {
	out := junitReport{Tests: len(r.Results), Failures: r.Failed(), Time: seconds(r.Elapsed)}
	for _, result := range r.Results {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != result.File {
			out.Suites = append(out.Suites, junitSuite{Name: result.File})
		}
		suite := &out.Suites[len(out.Suites)-1]
		suite.add(result)
	}
	encoded, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, encoded)
	return err
}

type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	elapsed time.Duration
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Printed string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(r Result) {
	s.elapsed += r.Elapsed
	s.Tests, s.Time = s.Tests+1, seconds(s.elapsed)
	c := junitCase{
		Name: r.Name, Class: strings.TrimSuffix(r.File, ".lua"), File: r.File, Line: r.Line,
		Time: seconds(r.Elapsed), Printed: strings.Join(r.Printed, "\n"),
	}
	if r.Failure != nil {
		s.Failures++
		var text bytes.Buffer
		r.Failure.write(&text)
		c.Failure = &junitFailure{Message: r.Failure.Message, Text: text.String()}
	}
	s.Cases = append(s.Cases, c)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
