package record

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"offhook/core/journal"
)

// columns are those of the CSV export.
var columns = []struct {
	name string
	of   func(*journal.Call) string
}{
	{"id", func(c *journal.Call) string { return c.ID }},
	{"sip_call_id", func(c *journal.Call) string { return c.SIPCallID }},
	{"direction", func(c *journal.Call) string { return map[bool]string{true: "out", false: "in"}[c.Outgoing] }},
	{"from", func(c *journal.Call) string { return c.From }},
	{"to", func(c *journal.Call) string { return c.To }},
	{"did", func(c *journal.Call) string { return c.DID }},
	{"cli", func(c *journal.Call) string { return c.CLI }},
	{"trunk", func(c *journal.Call) string { return c.Trunk }},
	{"source", func(c *journal.Call) string { return c.Source }},
	{"transport", func(c *journal.Call) string { return c.Transport }},
	{"script", func(c *journal.Call) string { return c.Script }},
	{"generation", func(c *journal.Call) string { return strconv.FormatUint(c.Generation, 10) }},
	{"start", func(c *journal.Call) string { return instant(c.Start) }},
	{"ring", func(c *journal.Call) string { return instant(c.Ring) }},
	{"answer", func(c *journal.Call) string { return instant(c.Answer) }},
	{"end", func(c *journal.Call) string { return instant(c.End) }},
	{"duration", func(c *journal.Call) string { return number(c.Duration) }},
	{"by", func(c *journal.Call) string { return c.By }},
	{"code", func(c *journal.Call) string { return strconv.Itoa(c.Code) }},
	{"reason", func(c *journal.Call) string { return c.Reason }},
	{"q850", func(c *journal.Call) string { return strconv.Itoa(c.Q850) }},
	{"codec", func(c *journal.Call) string { return c.Codec }},
	{"srtp", func(c *journal.Call) string { return c.SRTP }},
	{"rx_packets", received(func(r *journal.Received) string { return strconv.FormatUint(r.Packets, 10) })},
	{"rx_lost", received(func(r *journal.Received) string { return strconv.FormatInt(r.Lost, 10) })},
	{"rx_jitter_ms", received(func(r *journal.Received) string { return number(r.JitterMs) })},
	{"tx_packets", func(c *journal.Call) string {
		if c.Sent == nil {
			return ""
		}
		return strconv.FormatUint(c.Sent.Packets, 10)
	}},
	{"rtt_ms", func(c *journal.Call) string { return number(c.RoundTripMs) }},
	{"mos", func(c *journal.Call) string { return number(c.MOS) }},
	{"verdict", func(c *journal.Call) string {
		if c.Verdict == nil {
			return ""
		}
		return c.Verdict.Result
	}},
	{"digits", func(c *journal.Call) string { return c.Digits }},
	{"recordings", func(c *journal.Call) string { return strings.Join(c.Recordings, " ") }},
	{"error", func(c *journal.Call) string {
		if c.Error == nil {
			return ""
		}
		return c.Error.Message
	}},
	{"vars", func(c *journal.Call) string {
		if len(c.Vars) == 0 {
			return ""
		}
		b, _ := json.Marshal(c.Vars) // it was read from JSON
		return string(b)
	}},
}

func received(of func(*journal.Received) string) func(*journal.Call) string {
	return func(c *journal.Call) string {
		if c.Received == nil {
			return ""
		}
		return of(c.Received)
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// CSV writes records as CSV (RFC 4180) with a header line.
type CSV struct {
	w *csv.Writer
}

// NewCSV writes the header line to w.
func NewCSV(w io.Writer) *CSV {
	c := &CSV{csv.NewWriter(w)}
	header := make([]string, len(columns))
	for i := range columns {
		header[i] = columns[i].name
	}
	_ = c.w.Write(header) // Flush tells
	return c
}

// Add writes one record. A spreadsheet must not take what a caller sent for a formula.
func (c *CSV) Add(call *journal.Call) {
	fields := make([]string, len(columns))
	for i := range columns {
		fields[i] = columns[i].of(call)
		if fields[i] != "" && strings.IndexByte("=+-@\t\r", fields[i][0]) >= 0 && !isNumber(fields[i]) {
			fields[i] = "'" + fields[i]
		}
	}
	_ = c.w.Write(fields) // Flush tells
}

// isNumber tells whether all of it is digits after a sign, as in +4930123456.
func isNumber(s string) bool { return strings.Trim(s[1:], "0123456789.") == "" }

// Flush writes what is buffered.
func (c *CSV) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// Read hands each record of a file to fn; name is for errors.
func Read(r io.Reader, name string, fn func(*journal.Call)) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 64<<10), longestLine)
	for line := 1; scan.Scan(); line++ {
		var c journal.Call
		if err := json.Unmarshal(scan.Bytes(), &c); err != nil {
			return fmt.Errorf("%s:%d: not a call record: %w", name, line, err)
		}
		fn(&c)
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
