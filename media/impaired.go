package media

import (
	"fmt"
	"time"

	"offhook/media/impair"
)

// Impairment is what a bad network does to RTP; the zero value: nothing.
type Impairment = impair.Options

// mostHeld bounds the packets of a session that are on their way: 5 s of 10 ms each. More are lost.
const mostHeld = 500

// impaired is a bad network between a session and the far end.
type impaired struct {
	path *impair.Path // nil: a good one, which only has to deliver what is held
	held []held       // by the time they are due; beyond len lie buffers to be used again

	// When a held packet is due before the session is, its deadline is brought forward.
	early  instant // to here; 0: it was not
	resume instant // from here
}

// held is a packet on its way.
type held struct {
	at     instant
	packet []byte
}

// Impair sends RTP as over a bad network from now on; a harmless Impairment, as the zero one, ends that. What is on its way arrives. RTCP is spared,
// and counts lost packets as sent. The error says which value is out of range.
func (s *Session) Impair(o Impairment) error {
	if err := o.Check(); err != nil {
		return fmt.Errorf("impair: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("impair: %w", ErrClosed)
	}
	if s.impaired == nil {
		s.impaired = &impaired{}
	}
	s.impaired.path = nil
	if !o.Harmless() {
		s.impaired.path = impair.New(o)
	}
	return nil
}

// convey sends a packet over the network that there is, when it is due; 0 is now.
func (s *Session) convey(b []byte, due instant) error {
	if s.impaired == nil || s.impaired.path == nil {
		return s.wire.sendRTP(b, due)
	}
	now := due
	if due == 0 {
		now = s.driver.now()
	}
	fate := s.impaired.path.Next(time.Duration(now), s.params.Ptime)
	copies := 1
	if fate.Duplicated {
		copies = 2
	}
	at := instant(fate.At)
	for ; copies > 0; copies-- {
		switch {
		case fate.Lost || at > now && !s.impaired.hold(at, b):
			s.sender.sent.Dropped++
		case at <= now:
			if err := s.wire.sendRTP(b, due); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold keeps a packet until it is due; false: too many are.
func (q *impaired) hold(at instant, b []byte) bool {
	n := len(q.held)
	if n == mostHeld {
		return false
	}
	if n < cap(q.held) {
		q.held = q.held[:n+1]
	} else {
		q.held = append(q.held, held{})
	}
	packet := append(q.held[n].packet[:0], b...)
	for n > 0 && q.held[n-1].at > at {
		q.held[n] = q.held[n-1]
		n--
	}
	q.held[n] = held{at, packet}
	return true
}

// next takes the first packet if it is due; it is valid until the next hold.
func (q *impaired) next(now instant) (packet []byte, ok bool) {
	n := len(q.held)
	if n == 0 || q.held[0].at > now {
		return nil, false
	}
	first := q.held[0]
	copy(q.held, q.held[1:])
	q.held[n-1] = first
	q.held = q.held[:n-1]
	return first.packet, true
}

// release sends the packets that are due, and reports whether the session was woken for them alone.
func (s *Session) release(now instant) (only bool) {
	q := s.impaired
	if q == nil {
		return false
	}
	for {
		b, ok := q.next(now)
		if !ok {
			break
		}
		if err := s.wire.sendRTP(b, 0); err != nil {
			s.sender.sent.Errors++
		}
	}
	woken := q.early != 0 && s.deadline == q.early
	q.early = 0
	if woken {
		s.deadline = q.resume
	}
	return woken && now < s.deadline
}

// hasten brings the deadline forward to when the next held packet is due.
func (s *Session) hasten() {
	q := s.impaired
	if q == nil || len(q.held) == 0 || q.held[0].at >= s.deadline {
		return
	}
	q.resume, q.early = s.deadline, q.held[0].at
	s.deadline = q.early
}
