package core

import (
	"fmt"
	"time"

	"offhook/media"
)

// EventKind says what an Event reports.
type EventKind uint8

// What can happen to a call besides its end.
const (
	EventDigit        EventKind = iota + 1 // a telephone key was pressed
	EventAnswered                          // the ACK to our 200 came
	EventHold                              // a re-INVITE took away our direction to send
	EventResume                            // a re-INVITE gave it back
	EventInfo                              // an INFO that is no digit
	EventMediaTimeout                      // no RTP came for Options.MediaSilent
	EventMessage                           // a MESSAGE
	EventTone                              // a steady tone was heard; after TellTones
)

// Event is something that happened to a call.
type Event struct {
	Kind        EventKind
	Digit       byte          // EventDigit: '0'–'9', '*', '#', 'A'–'D'
	Duration    time.Duration // EventDigit: how long the key was down; 0: unknown. EventTone: how long it has lasted
	Via         string        // EventDigit: "rfc4733", "info" or "inband"
	ContentType string        // EventInfo, EventMessage
	Body        string        // EventInfo, EventMessage
	Frequency   float64       // EventTone: Hz
	Level       float64       // EventTone: dBm0
}

// maxHeldEvents bounds what a peer can make a call hold before its handler
// listens.
const maxHeldEvents = 256

// Notify sets the function that gets the call's events, in order, those that
// happened before first. It may be called with the call's lock held or on a
// pacing thread: it takes the event and returns at once.
func (c *Call) Notify(sink func(Event)) {
	q := &c.events
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.held {
		sink(e)
	}
	q.sink, q.held = sink, nil
}

func (c *Call) emit(e Event) {
	q := &c.events
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.sink != nil:
		q.sink(e)
	case len(q.held) < maxHeldEvents:
		q.held = append(q.held, e)
	}
}

// mediaEvent takes an event of the media session, on its pacing thread.
func (c *Call) mediaEvent(e media.Event) {
	switch e.Kind {
	case media.EventDigit:
		c.digit(e)
	case media.EventTimeout:
		c.noteMedia("no RTP for " + e.Duration.Round(time.Second).String())
		c.emit(Event{Kind: EventMediaTimeout, Duration: e.Duration})
	case media.EventResumed:
		c.noteMedia("RTP again")
	case media.EventTone:
		if c.journal != nil {
			c.noteMedia(fmt.Sprintf("hears a tone of %.1f Hz at %.1f dBm0", e.Frequency, e.Level))
		}
		c.emit(Event{Kind: EventTone, Duration: e.Duration, Frequency: e.Frequency, Level: e.Level})
	}
}
