package dtmf

import "time"

const (
	// silenceEnds is how long no packet of a press may come until it counts as over. Senders repeat an event every 20 to
	// 50 ms (RFC 4733 §2.5.1.2 recommends 50), so several in a row were lost.
	silenceEnds = 300 * time.Millisecond
	// overtaken is how far back a timestamp may lie to count as a late copy of an earlier press; beyond that, the sender's
	// timestamps were set anew.
	overtaken = 5 * time.Second
)

// Press is one press of a key.
type Press struct {
	Digit    byte
	Duration time.Duration // how long the key was down, as the sender says
	Volume   uint8         // −dBm0
}

// Receiver makes key presses of telephone-event packets. The zero value is ready.
//
//	state    packet                                        becomes  reports
//	up       of a press not seen before                    down     –
//	down     same press, no end                            down     –
//	down     same press, end                               up       the press
//	down     of another press (the end was lost)           down     the press before
//	down     none for 300 ms (Expire)                      up       the press, as long as it was known to be
//	up       copy of the end, or late packet of the press  up       –
//
// Each packet tells all there is to know, so any of them may be lost but one. Which press a packet belongs to is told by
// event and RTP timestamp, which stays the same while the key is down; see belongs for the exceptions.
type Receiver struct {
	known bool // there was a press
	down  bool

	event     uint8
	timestamp uint32 // of the event, or of its latest segment
	before    uint32 // length of the segments before that, in timestamp units
	lasted    uint32 // of the latest segment
	volume    uint8
	clockRate int
	heard     time.Duration
}

// Receive takes in the payload of a packet with its RTP timestamp, in units of clockRate Hz (above 0), arrived at an
// instant on any clock that does not go back. It returns what presses are now over: none, one, or two when the packet
// both shows that the end of an earlier press was lost and ends its own.
func (r *Receiver) Receive(p Payload, timestamp uint32, clockRate int, at time.Duration) (ended [2]Press, n int) {
	if _, ok := Digit(p.Event); !ok {
		return ended, 0
	}
	switch r.belongs(p, timestamp) {
	case late:
		return ended, 0
	case another:
		if r.down {
			ended[0], n = r.end(), 1
		}
		*r = Receiver{known: true, down: true, event: p.Event, timestamp: timestamp}
	}
	if !r.down {
		return ended, n
	}
	r.lasted = max(r.lasted, uint32(p.Duration))
	r.volume, r.clockRate, r.heard = p.Volume, clockRate, at
	if p.End {
		ended[n] = r.end()
		n++
	}
	return ended, n
}

// Expire ends a press whose packets ceased to come without an end; false: there is none. Call it every so often.
func (r *Receiver) Expire(now time.Duration) (Press, bool) {
	if !r.down || now-r.heard < silenceEnds {
		return Press{}, false
	}
	return r.end(), true
}

type relation uint8

const (
	same relation = iota
	another
	late
)

// belongs says whether a packet is of the latest press. Besides the same event at the same timestamp it knows the next
// segment of a press longer than the duration field can say (RFC 4733 §2.5.1.3), and senders that against §2.5.1.2 let
// the timestamp run while the key is down: what begins before the latest press can have ended is the latest press.
func (r *Receiver) belongs(p Payload, timestamp uint32) relation {
	if !r.known {
		return another
	}
	ahead := int32(timestamp - r.timestamp)
	switch {
	case ahead == 0 && p.Event == r.event:
		return same
	case ahead < 0 && ahead > -int32(overtaken.Seconds())*int32(r.clockRate):
		return late
	case ahead <= 0 || p.Event != r.event:
		return another
	case r.down && p.Duration <= uint16(r.lasted) && (uint32(ahead) == r.lasted || ahead == 0xffff):
		r.before += uint32(ahead)
		r.timestamp, r.lasted = timestamp, 0
		return same
	case uint32(ahead) < r.lasted && (r.down || p.End), r.down && uint32(ahead) == r.lasted:
		r.timestamp = timestamp
		return same
	}
	return another
}

// end ends the latest press.
func (r *Receiver) end() Press {
	r.down = false
	digit, _ := Digit(r.event)
	units := time.Duration(r.before) + time.Duration(r.lasted)
	return Press{Digit: digit, Duration: units * time.Second / time.Duration(r.clockRate), Volume: r.volume}
}
