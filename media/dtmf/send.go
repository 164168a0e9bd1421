package dtmf

import "time"

// Packet is what a Sequence sends in one frame.
type Packet struct {
	Payload Payload
	Marker  bool  // the first packet of an event (RFC 4733 §2.5.1.1)
	Began   int64 // the frame whose RTP timestamp the packet carries: that in which the event, or its segment, began
}

// Sequence is a string of digits laid out in frames.
type Sequence struct{}

// Lay lays out digits in frames of ptime, each down for on and followed by gap; zero: 100 ms both. 'w' is a pause of 500 ms.
func Lay(digits string, on, gap, ptime time.Duration) (*Sequence, error) { panic("dtmf: not yet") }

// Len is the number of frames.
func (s *Sequence) Len() int64 { panic("dtmf: not yet") }

// At returns the packet of a frame; false: it is quiet.
func (s *Sequence) At(frame int64) (Packet, bool) { panic("dtmf: not yet") }
