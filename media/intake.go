package media

import (
	"net/netip"
	"time"

	"offhook/media/dtmf"
)

// keyTimeout is how long after a telephone-event a press may still be open: longer than dtmf.Receiver waits.
const keyTimeout = time.Second

// drainRTP takes in what waits in the RTP socket, up to a batch, and returns how many: a flood of one session does not starve the others.
// Captured payloads lie in the inbox until they are delivered, so this is the last to fill it.
func (s *Session) drainRTP(now instant, w *work) int {
	n := s.wire.receiveRTP(w.inbox)
	for i := range n {
		b, arrival := w.inbox.packet(i)
		s.takeRTP(b, w.inbox.from(i), stamped(arrival), now, w)
	}
	return n
}

// takeRTP takes in one datagram of the RTP port that arrived at a Unix time in nanoseconds.
func (s *Session) takeRTP(b []byte, from netip.AddrPort, arrival int64, now instant, w *work) {
	if s.params.Mux && isControl(b) {
		s.takeRTCP(b, from, arrival)
		return
	}
	b, ok := s.open(b, false)
	if !ok {
		return
	}
	h, payload, ok := parseRTP(b)
	if !ok {
		s.receiver.past.invalid++
		return
	}
	if s.tap != nil {
		s.tap(Tapped{b, false, from, time.Unix(0, arrival)})
	}
	if !s.fromFarEnd(from, h, now) {
		return
	}
	if !s.resolveCollision(from, h, now, w) {
		s.receiver.past.invalid++
		return
	}
	isKey := s.params.isKey(h.payloadType)
	if !s.receiver.receive(h, len(payload), arrival, !isKey) {
		return
	}
	s.heard = now
	if s.silent {
		s.silent = false
		w.events = append(w.events, Event{Kind: EventResumed})
	}
	if isKey {
		s.takeKey(h.timestamp, payload, now, w)
	} else {
		s.listenForKeys()
		s.listenForTones()
	}
	if s.hearing != nil {
		s.put(h, payload, !isKey)
		s.hearing.time(arrival, now)
	}
	if s.capture != nil {
		w.capture = s.capture
		w.received = append(w.received, Received{
			Payload: payload, PayloadType: h.payloadType, Marker: h.marker, Sequence: h.sequence,
			Timestamp: h.timestamp, SSRC: h.ssrc, Arrival: time.Unix(0, arrival),
		})
	}
}

// takeKey takes in a telephone-event payload.
func (s *Session) takeKey(timestamp uint32, payload []byte, now instant, w *work) {
	p, err := dtmf.Parse(payload)
	if err != nil {
		return // too short to be an event; it counted as RTP
	}
	pressed, n := s.keys.Receive(p, timestamp, int(s.receiver.clockRate), time.Duration(now))
	for _, press := range pressed[:n] {
		w.events = append(w.events, keyEvent(press))
	}
	s.keyUntil, s.keyed = now.add(keyTimeout), true
	s.leaveKeys()
}

// expireKey ends a press whose end was lost.
func (s *Session) expireKey(now instant, w *work) {
	if s.keyUntil == 0 {
		return
	}
	if press, ok := s.keys.Expire(time.Duration(now)); ok {
		w.events = append(w.events, keyEvent(press))
	}
	if now >= s.keyUntil {
		s.keyUntil = 0
	}
}

func keyEvent(p dtmf.Press) Event {
	return Event{Kind: EventDigit, Digit: p.Digit, Duration: p.Duration}
}

// drainRTCP takes in what waits in the RTCP socket.
func (s *Session) drainRTCP(w *work) {
	n := s.wire.receiveRTCP(w.inbox)
	for i := range n {
		b, arrival := w.inbox.packet(i)
		s.takeRTCP(b, w.inbox.from(i), stamped(arrival))
	}
}

// stamped is an arrival in Unix nanoseconds; what the kernel did not stamp arrives now.
func stamped(arrival int64) int64 {
	if arrival == 0 {
		return time.Now().UnixNano()
	}
	return arrival
}

// takeRTCP takes in one compound packet. After a BYE of the stream that the session listens to, another address may send.
func (s *Session) takeRTCP(b []byte, from netip.AddrPort, arrival int64) {
	b, ok := s.open(b, true)
	if !ok || !s.fromFarEndControl(from) {
		return
	}
	if s.reporter.receive(b, arrival, streams{s.sender.ssrc, s.receiver.current.ssrc, s.sender.clockRate}) {
		s.latch.left = true
	}
}

// watchSilence reports once that no RTP came for the session's timeout.
func (s *Session) watchSilence(now instant, w *work) {
	if s.options.Timeout <= 0 || !s.params.expectsSound() || s.silent {
		return
	}
	if since := now.sub(s.heard); since >= s.options.Timeout {
		s.silent = true
		w.events = append(w.events, Event{Kind: EventTimeout, Duration: since})
	}
}
