package dtmf

import "time"

// Press is one press of a key.
type Press struct {
	Digit    byte
	Duration time.Duration // how long the key was down, as the sender says
	Volume   uint8         // −dBm0
}

// Receiver makes key presses of telephone-event packets. The zero value is ready.
type Receiver struct{}

// Receive takes in the payload of a packet with its RTP timestamp, in units of clockRate Hz, arrived at an instant on any
// clock that does not go back. It returns what presses are now over: none, one, or two when the packet both shows that
// the end of an earlier press was lost and ends its own.
func (r *Receiver) Receive(p Payload, timestamp uint32, clockRate int, at time.Duration) (ended [2]Press, n int) {
	panic("dtmf: not yet")
}

// Expire ends a press whose packets ceased to come without an end; false: there is none. Call it every so often.
func (r *Receiver) Expire(now time.Duration) (Press, bool) { panic("dtmf: not yet") }
