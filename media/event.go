package media

import "time"

// EventKind says what an Event reports.
type EventKind uint8

const (
	// EventDigit is one press of a telephone key, told by RFC 4733 or heard in the sound, reported once, when the press ended.
	EventDigit EventKind = iota + 1
	// EventTimeout says that no RTP came for SessionOptions.Timeout. It is reported once per silence.
	EventTimeout
	// EventResumed says that RTP came again after an EventTimeout.
	EventResumed
	// EventTone is one steady tone that was heard, reported once, when it had lasted for 100 ms; see Session.TellTones.
	EventTone
)

// String names the kind as logs and scripts do.
func (k EventKind) String() string {
	switch k {
	case EventDigit:
		return "digit"
	case EventTimeout:
		return "timeout"
	case EventResumed:
		return "resumed"
	case EventTone:
		return "tone"
	}
	return "unknown"
}

// Event is something that a session noticed in what it received.
type Event struct {
	Kind     EventKind
	Digit    byte          // EventDigit: '0'–'9', '*', '#', 'A'–'D'
	Duration time.Duration // EventDigit: how long the key was down, as the sender says or as it sounded; EventTimeout: how long nothing came; EventTone: how long it has lasted
	Inband   bool          // EventDigit: it was heard in the sound

	Frequency float64 // EventTone: Hz, as measured
	Level     float64 // EventTone: dBm0
}

// Received is one valid RTP packet as Session.Capture hands it over.
type Received struct {
	Payload     []byte // only valid during the call: copy what must stay
	PayloadType uint8
	Marker      bool
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32
	Arrival     time.Time // when the kernel took the packet in (SO_TIMESTAMPNS)
}
