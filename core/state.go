package core

// State is where a call stands.
type State uint8

// The states of a call.
const (
	Incoming  State = iota // the INVITE has come (or gone out); no response but 100
	Early                  // a provisional response with a To-tag was sent (or came)
	Accepted               // 200 was sent, its ACK has not come
	Confirmed              // the ACK has come (or gone out)
	Ended
)

// String names a state as scripts see it: Accepted and Confirmed are both
// "answered".
func (s State) String() string {
	return [...]string{"incoming", "early", "answered", "answered", "ended"}[s]
}

// journaled names a state as the journal has it.
func (s State) journaled() string {
	if s == Confirmed {
		return "confirmed"
	}
	return s.String()
}

// Answered tells whether a 2xx was sent or came.
func (s State) Answered() bool { return s == Accepted || s == Confirmed }

// event is what can change the state of a call.
type event uint8

const (
	evProvisional event = iota // 180 or 183
	evAnswer                   // 200
	evAck
	evEnd // CANCEL, BYE, a final response other than 2xx, any limit
)

// next is the state after an event, and whether the event is possible at all:
//
//	            provisional   200         ACK         end
//	Incoming    Early         Accepted    -           Ended
//	Early       Early         Accepted    -           Ended
//	Accepted    -             -           Confirmed   Ended
//	Confirmed   -             -           -           Ended
//	Ended       -             -           -           -
func next(s State, e event) (State, bool) {
	switch {
	case s == Ended:
		return s, false
	case e == evEnd:
		return Ended, true
	case e == evProvisional && s <= Early:
		return Early, true
	case e == evAnswer && s <= Early:
		return Accepted, true
	case e == evAck && s == Accepted:
		return Confirmed, true
	}
	return s, false
}
