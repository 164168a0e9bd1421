package journal

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// ArrowWidth is the columns of an Arrow, but for long names.
	ArrowWidth = 34
	textWidth  = 56 // of what stands beside the arrows, when the line of the script follows
)

// Arrow draws a message that goes to the right, or comes from there.
func Arrow(name string, right bool) string {
	line := "── " + name + " "
	line += strings.Repeat("─", max(2, ArrowWidth-1-utf8.RuneCountInString(line)))
	if right {
		return line + "▶"
	}
	return "◀" + line
}

// signs stand before entries that are no messages.
var signs = map[Kind]string{KindState: "● ", KindReturn: "  ", KindMedia: "♪ ", KindDigit: "# ", KindMark: "⚑ ", KindCheck: "✗ ", KindVerdict: "⚖ ", KindError: "✗ "}

// WriteLadder draws a call for people: the far end on the left, and beside the messages what the script did and what was
// played and heard, all with seconds since the call began.
func WriteLadder(w io.Writer, r Record) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, r.Call.Headline())
	fmt.Fprintf(&b, "%10s  %-*s%s\n", "seconds", ArrowWidth-2, r.Call.Source, "us")
	points := r.Points
	for _, e := range r.Entries {
		for len(points) > 0 && points[0].At <= e.At.Seconds() {
			writePoint(&b, points[0])
			points = points[1:]
		}
		writeEntry(&b, e)
	}
	for _, p := range points {
		writePoint(&b, p)
	}
	if n := r.Call.LeftOut; n > 0 {
		fmt.Fprintf(&b, "%10s  %d entries are left out: the journal of a call is bounded\n", "", n)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writePoint(b *bytes.Buffer, p Point) {
	fmt.Fprintf(b, "%10.3f  %*s♪ RTP: %d sent, %d received, %d lost, jitter %.1f ms, MOS %.2f\n", p.At, ArrowWidth+2, "",
		p.Sent, p.Received, p.Lost, p.JitterMs, p.MOS)
}

func writeEntry(b *bytes.Buffer, e Entry) {
	if e.Kind == KindMessage {
		name := e.Text
		if e.Again {
			name += " (again)"
		}
		fmt.Fprintf(b, "%10.3f  %s\n", e.At.Seconds(), Arrow(name, !e.Sent))
		return
	}
	for i, line := range strings.Split(Printable(e.Text), "\n") { // an error has its traceback
		text := signs[e.Kind] + line
		if e.Kind == KindReturn {
			text += " after " + e.Took.Round(time.Millisecond).String()
		}
		if i > 0 {
			fmt.Fprintf(b, "%*s  %s\n", 12+ArrowWidth, "", line)
			continue
		}
		if e.Place != "" {
			text += strings.Repeat(" ", max(1, textWidth-utf8.RuneCountInString(text))) + " " + e.Place
		}
		fmt.Fprintf(b, "%10.3f  %*s%s\n", e.At.Seconds(), ArrowWidth+2, "", text)
	}
}

// Printable leaves out what a terminal would obey: what scripts log may come from callers.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '·'
		}
		return r
	}, text)
}

// Headline is the call in a line.
func (c *Call) Headline() string {
	parts := []string{"call " + c.ID, c.From + " → " + c.To}
	if c.Script != "" {
		parts = append(parts, fmt.Sprintf("%s (generation %d)", c.Script, c.Generation))
	}
	if c.Codec != "" {
		parts = append(parts, c.Codec)
	}
	switch {
	case c.Ended() && c.Answer.IsZero():
		parts = append(parts, fmt.Sprintf("not answered: %d %s", c.Code, c.Reason))
	case c.Ended():
		parts = append(parts, fmt.Sprintf("%.1f s", c.Duration))
	default:
		parts = append(parts, c.State)
	}
	if c.By != "" {
		parts = append(parts, "ended by "+c.By)
	}
	return Printable(strings.TrimSpace(strings.Join(parts, " · ")))
}
