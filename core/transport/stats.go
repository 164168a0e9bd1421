package transport

import "sync/atomic"

// Stats counts what went through a layer since it was made.
type Stats struct {
	Received    uint64 // messages handed to Receive
	KeepAlives  uint64 // CRLF keep-alives
	Dropped     uint64 // STUN, junk, and what could not be answered
	Malformed   uint64 // requests and responses that did not parse or broke a limit
	Answered    uint64 // malformed requests answered with 400, 413, 416 or 505
	SendErrors  uint64 // messages that did not leave
	Connections int    // stream connections open now
	Accepted    uint64 // stream connections accepted
	Refused     uint64 // stream connections closed at once because of a cap
	Overflows   uint64 // stream connections closed because the peer did not read
	TimedOut    uint64 // stream connections closed because a message did not come to its end
	Unshaken    uint64 // stream connections that ended in the handshake of TLS or WebSocket
	AcceptFails uint64 // failed Accepts, for want of file descriptors for instance
}

// counters are the live form of Stats.
type counters struct {
	received, keepAlives, dropped, malformed, answered, sendErrors atomic.Uint64
	accepted, refused, overflows, timedOut, unshaken, acceptFails  atomic.Uint64
}

// Stats returns the counts so far.
func (l *Layer) Stats() Stats {
	l.mu.Lock()
	open := l.streams.len()
	l.mu.Unlock()
	c := &l.count
	return Stats{
		Received:    c.received.Load(),
		KeepAlives:  c.keepAlives.Load(),
		Dropped:     c.dropped.Load(),
		Malformed:   c.malformed.Load(),
		Answered:    c.answered.Load(),
		SendErrors:  c.sendErrors.Load(),
		Connections: open,
		Accepted:    c.accepted.Load(),
		Refused:     c.refused.Load(),
		Overflows:   c.overflows.Load(),
		TimedOut:    c.timedOut.Load(),
		Unshaken:    c.unshaken.Load(),
		AcceptFails: c.acceptFails.Load(),
	}
}
