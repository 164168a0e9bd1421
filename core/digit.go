package core

import (
	"sync"
	"time"

	"offhook/media"
)

// informedAfter is how long after a digit was heard in the sound an INFO may tell of the same press.
const informedAfter = time.Second

// heardDigits keeps a press that is sent both as sound and in an INFO from being two events. From the first INFO on the sound is
// not believed: such a far end tells every press by INFO.
type heardDigits struct {
	mu       sync.Mutex
	informed bool
	last     byte // that was heard before
	at       time.Time
}

// hears takes a digit of the sound; false: INFO tells of it.
func (h *heardDigits) hears(digit byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, h.at = digit, time.Now()
	return !h.informed
}

// informs takes a digit of an INFO; true: it is the press that was heard.
func (h *heardDigits) informs(digit byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.informed
	h.informed = true
	return first && h.last == digit && time.Since(h.at) < informedAfter
}

// digit takes a digit of the media session, on its pacing thread.
func (c *Call) digit(e media.Event) {
	via := "rfc4733"
	if e.Inband {
		via = "inband"
		if !c.heard.hears(e.Digit) {
			return
		}
	}
	c.journal.Digit(e.Digit)
	c.emit(Event{Kind: EventDigit, Digit: e.Digit, Duration: e.Duration, Via: via})
}
