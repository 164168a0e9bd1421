package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"offhook/core"
	"offhook/media"
	"offhook/media/measure"
)

// outcome is what offhook call measured, as --json prints it.
type outcome struct {
	Result   string       `json:"result"` // "pass" or "fail"
	Failure  string       `json:"failure,omitempty"`
	URI      string       `json:"uri"`
	Status   int          `json:"status"` // final response to the INVITE
	Answered float64      `json:"answered_after_seconds,omitempty"`
	Seconds  float64      `json:"seconds"` // from the answer to the end
	Codec    string       `json:"codec,omitempty"`
	Tone     *heardTone   `json:"tone,omitempty"` // the one that was heard longest
	Received *rtpReceived `json:"received,omitempty"`
	Sent     *rtpSent     `json:"sent,omitempty"`
	EndedBy  string       `json:"ended_by"` // "far end", "us" or "nobody answered"
}

type heardTone struct {
	Hz      float64 `json:"hz"`
	DBm0    float64 `json:"dbm0"`
	Seconds float64 `json:"seconds"`
	SINAD   float64 `json:"sinad_db"`
}

type rtpReceived struct {
	Packets  uint64  `json:"packets"`
	Lost     int64   `json:"lost"`
	JitterMs float64 `json:"jitter_ms"`
}

type rtpSent struct {
	Packets uint64 `json:"packets"`
}

func (o *outcome) answered(after time.Duration) { o.Answered = after.Seconds() }

// measure completes the outcome of a call that has ended.
func (o *outcome) measure(c *core.Call, r measure.Result, options *callOptions) {
	e, stats := c.Ending(), c.Stats()
	o.Status, o.Seconds, o.EndedBy = e.Code, e.Duration.Seconds(), "us"
	if e.Cause == core.ErrRemoteHangup || e.Cause == core.ErrRefused && o.Answered == 0 {
		o.EndedBy = "far end"
	}
	if o.Answered > 0 {
		o.media(c.Codec(), stats, r)
	} else if o.Failure == "" {
		o.Failure = strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, e.Reason))
	}
	if want := options.expectTone; want > 0 && o.Failure == "" {
		o.Failure = missing(want, r)
	}
	o.Result = "pass"
	if o.Failure != "" {
		o.Result = "fail"
	}
}

func (o *outcome) media(codec string, s media.Stats, r measure.Result) {
	o.Codec = codec
	o.Received = &rtpReceived{s.Received.Packets, s.Received.Lost, round(float64(s.Received.Jitter)/float64(time.Millisecond), 2)}
	o.Sent = &rtpSent{s.Sent.Packets}
	if t, ok := r.Longest(); ok {
		o.Tone = &heardTone{round(t.Frequency, 2), round(t.Level, 2), round(t.Duration.Seconds(), 3), round(t.SINAD, 1)}
	}
}

// toneTolerance is how far a tone may be from the one expected, in Hz.
const toneTolerance = 1.0

// missing says why an expected tone was not heard; it is empty when it was.
func missing(want float64, r measure.Result) string {
	for _, t := range r.Tones {
		if math.Abs(t.Frequency-want) <= toneTolerance {
			return ""
		}
	}
	if t, ok := r.Longest(); ok {
		return fmt.Sprintf("expected a tone of %g Hz, heard %.1f Hz", want, t.Frequency)
	}
	return fmt.Sprintf("expected a tone of %g Hz, heard none", want)
}

func round(v float64, digits int) float64 {
	p := math.Pow(10, float64(digits))
	return math.Round(v*p) / p
}

// sentence says it all in a line.
func (o *outcome) sentence() string {
	if o.Answered == 0 {
		return "not answered · " + o.Failure
	}
	parts := []string{fmt.Sprintf("answered after %.2f s", o.Answered), o.Codec}
	if o.Tone != nil {
		parts = append(parts, fmt.Sprintf("%.1f Hz at %.1f dBm0 for %.1f s", o.Tone.Hz, o.Tone.DBm0, o.Tone.Seconds))
	} else {
		parts = append(parts, "no tone")
	}
	parts = append(parts, fmt.Sprintf("%d packets, %d lost, jitter %.1f ms", o.Received.Packets, o.Received.Lost, o.Received.JitterMs))
	return strings.Join(append(parts, "BYE from "+o.EndedBy), " · ")
}

func (o *outcome) writeJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(o)
}
