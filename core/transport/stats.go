package transport

import "sync/atomic"

// Stats counts what went through a layer since it was made.
type Stats struct {
	Received    uint64 // messages handed to Receive
	KeepAlives  uint64 // CRLF keep-alives
	Dropped     uint64 // STUN, junk, and what could not be answered
	Malformed   uint64 // requests and responses that did not parse or broke a limit
	Answered    uint64 // malformed requests answered with 400, 413 or 505
	SendErrors  uint64 // messages that did not leave
	Connections uint64 // stream connections open now
	Accepted    uint64 // stream connections accepted
	Refused     uint64 // stream connections closed at once because of a cap
	Overflows   uint64 // stream connections closed because the peer did not read
	TimedOut    uint64 // stream connections closed because a message did not come to its end
	AcceptFails uint64 // failed Accepts, for want of file descriptors for instance
}

// counters are the live form of Stats.
type counters struct {
	received, keepAlives, dropped, malformed, answered, sendErrors atomic.Uint64
	accepted, refused, overflows, timedOut, acceptFails            atomic.Uint64
}
