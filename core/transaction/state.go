package transaction

// A state is a state of any of the four machines of RFC 3261 §17, with Accepted from RFC 6026 §7.
type state uint8

const (
	calling    state = iota // INVITE client
	trying                  // non-INVITE
	proceeding              // all
	completed               // all but the non-INVITE client, whose Completed is of no use here
	confirmed               // INVITE server
	accepted                // INVITE
	terminated              // all
)

// An event is what a machine reacts to. A status is one that came (client) or that the TU sends (server).
type event uint8

const (
	requestCopy     event = iota // the request again
	ackRequest                   // an ACK that matches the INVITE
	provisional                  // 100–199
	success                      // 200–299
	failure                      // 300–699
	timerRetransmit              // A, E, G
	timerTimeout                 // B, F, H, or the TU left a non-INVITE request unanswered
	timerEnd                     // D, I, J, L, M
)

// An action is a set of effects that a transition asks for.
type action uint8

const (
	send     action = 1 << iota // send the TU's response
	repeat                      // send the last response, or the request, again
	pass                        // give the message to the TU
	sendACK                     // acknowledge a non-2xx final response, or do so again
	timedOut                    // tell the TU ErrTimeout
	nothing  action = 0
)

// statusEvent is the event of a status code from 100 to 699.
func statusEvent(code int) event {
	switch {
	case code < 200:
		return provisional
	case code < 300:
		return success
	}
	return failure
}
