package media

import "net/netip"

// wire carries the datagrams of one session. It is called with the session's lock held.
type wire interface {
	// direct sets where packets go from now on.
	direct(rtp, rtcp netip.AddrPort)
	// sendRTP sends b when it is due, or at once; 0 is at once.
	sendRTP(b []byte, due instant) error
	sendRTCP(b []byte) error
	// receiveRTP and receiveRTCP fill the inbox and return how many datagrams they put there.
	receiveRTP(in *inbox) int
	receiveRTCP(in *inbox) int
	// refused counts the packets that sendRTP took and the kernel refused later.
	refused() uint64
	// recall gives up the packets that are not due yet, the latest that sendRTP took, and returns how many.
	recall() uint64
	close()
	// flush hands out what sending kept back until the session's lock is open again; it is called without the lock.
	flush()
}

// driver paces sessions: it serves each at its deadline.
type driver interface {
	now() instant
	add(s *Session)
	// kick says that an idle session has something to do; s.mu is held.
	kick(s *Session)
	// remove says that s was closed.
	remove(s *Session)
}

// work is what serving one session after another needs: buffers that the sessions share, and what is handed
// out once the session's lock is open again, so that Event and Capture functions may call the session's methods.
type work struct {
	inbox    *inbox
	report   [maxReport]byte
	received []Received
	capture  func(Received)
	events   []Event
	paced    bool // a packet of the stream was due
}

func newWork() *work {
	return &work{inbox: newInbox(), received: make([]Received, 0, inboxPackets), events: make([]Event, 0, 8)}
}

// deliver hands out what serving s left; s.mu is open.
func (w *work) deliver(s *Session) {
	s.wire.flush()
	for _, p := range w.received {
		w.capture(p)
	}
	if s.options.Event != nil {
		for _, e := range w.events {
			s.options.Event(e)
		}
	}
	clear(w.received) // the payloads are the inbox's
	w.received, w.events, w.capture, w.paced = w.received[:0], w.events[:0], nil, false
}
