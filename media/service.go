package media

import (
	"time"

	"offhook/media/dtmf"
)

const (
	// idlePeriod is how often a session that plays nothing is served: what Play begins must leave within 20 ms.
	idlePeriod = 10 * time.Millisecond
	// drainPeriod is how often the RTP socket is read, rtcpPeriod the RTCP socket. To read two packets at a time costs little
	// more than to read one, and their arrival is the kernel's time stamp anyway.
	drainPeriod = 40 * time.Millisecond
	rtcpPeriod  = time.Second
	// maxBehind is how many frames late a playback catches up; from there on it leaves frames out.
	maxBehind = 3
	// keyTimeout is how long after a telephone-event a press may still be open: longer than dtmf.Receiver waits.
	keyTimeout = time.Second
	// eventClockRate is the clock rate of telephone-event in Hz, the only one that goes with G.711 (RFC 4733 §2.1).
	eventClockRate = 8000
)

// serve does what is due at s.deadline and sets the next one. It returns false once the session is closed. s.mu is held.
func (s *Session) serve(now instant, w *work) bool {
	if s.closed {
		return false
	}
	due := s.deadline
	s.deadline = s.sendFrame(due, now, w)
	if due >= s.nextRTCP {
		s.nextRTCP = due.add(rtcpPeriod)
		s.drainRTCP(w)
	}
	if due >= s.nextDrain {
		s.nextDrain = due.add(drainPeriod)
		s.drainRTP(now, w)
	}
	if s.configured && due >= s.nextReport {
		s.nextReport = max(s.nextReport, due.add(-reportInterval)).add(reportInterval)
		s.sendReport(now, w, false)
	}
	s.expireKey(now, w)
	s.watchSilence(now, w)
	return true
}

// serveLocked is serve for a driver that holds s.mu; it opens it, also when a panic passes.
func (s *Session) serveLocked(now instant, w *work) bool {
	defer s.mu.Unlock()
	return s.serve(now, w)
}

// sendFrame sends the frame that is due and returns when the next one is.
func (s *Session) sendFrame(due, now instant, w *work) instant {
	late := now.sub(due)
	p := s.playback
	if p != nil && p.ended() {
		s.finish(p, PlayDone)
		p = nil
	}
	if p == nil {
		s.sender.talking = false
		return due.add((max(late, 0)/idlePeriod + 1) * idlePeriod)
	}
	if late > maxBehind*p.ptime {
		missed := int64(late / p.ptime)
		s.sender.sent.Skipped += uint64(p.skip(missed))
		due = due.add(time.Duration(missed) * p.ptime)
		s.sender.talking = false
		if p.ended() {
			return due
		}
	}
	w.paced = true
	if !s.params.Send || !s.params.Remote.IsValid() {
		s.sender.talking = false
	} else if p.source != nil {
		s.sendSound(p, due)
	} else {
		s.sendKey(p, due)
	}
	p.frame++
	return due.add(p.ptime)
}

func (s *Session) sendSound(p *Playback, due instant) {
	s.transmit(p, s.params.PayloadType, !s.sender.talking, s.sender.timestamp(due), p.clip.Frame(p.frame))
	s.sender.talking = true
}

// sendKey sends the telephone-event packet of the frame, if there is one.
func (s *Session) sendKey(p *Playback, due instant) {
	s.sender.talking = false
	packet, ok := p.keys.At(p.frame)
	if !ok || s.params.DTMFPayloadType == 0 {
		return
	}
	const unit = time.Second / eventClockRate
	since := time.Duration(p.frame-packet.Began) * p.ptime
	var payload [dtmf.Size]byte
	s.transmit(p, s.params.DTMFPayloadType, packet.Marker, s.sender.timestamp(due)-uint32(since/unit),
		packet.Payload.Append(payload[:0]))
}

func (s *Session) transmit(p *Playback, payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	err := s.wire.sendRTP(s.sender.next(payloadType, marker, timestamp, payload))
	s.sender.count(len(payload), err)
	if err == nil {
		p.packets++
	}
}

// drainRTP takes in what waits in the RTP socket, up to a batch: a flood of one session does not starve the others.
// Captured payloads lie in the inbox until they are delivered, so this is the last to fill it.
func (s *Session) drainRTP(now instant, w *work) {
	n := s.wire.receiveRTP(w.inbox)
	for i := range n {
		b, arrival := w.inbox.packet(i)
		s.takeRTP(b, stamped(arrival), now, w)
	}
}

// takeRTP takes in one datagram that arrived at a Unix time in nanoseconds.
func (s *Session) takeRTP(b []byte, arrival int64, now instant, w *work) {
	h, payload, ok := parseRTP(b)
	if !ok {
		s.receiver.past.invalid++
		return
	}
	isKey := s.params.DTMFPayloadType != 0 && h.payloadType == s.params.DTMFPayloadType
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
	pressed, n := s.keys.Receive(p, timestamp, eventClockRate, time.Duration(now))
	for _, press := range pressed[:n] {
		w.events = append(w.events, keyEvent(press))
	}
	s.keyUntil = now.add(keyTimeout)
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
		s.takeRTCP(b, stamped(arrival))
	}
}

// stamped is an arrival in Unix nanoseconds; what the kernel did not stamp arrives now.
func stamped(arrival int64) int64 {
	if arrival == 0 {
		return time.Now().UnixNano()
	}
	return arrival
}

func (s *Session) takeRTCP(b []byte, arrival int64) {
	s.reporter.receive(b, arrival, s.sender.ssrc, s.sender.clockRate)
}

// sendReport sends RTCP. A report that the kernel refuses is not repeated: the next one says the same and more.
func (s *Session) sendReport(now instant, w *work, bye bool) {
	if !s.params.RemoteRTCP.IsValid() {
		return
	}
	b := s.reporter.report(w.report[:0], &s.sender, &s.receiver, s.sender.timestamp(now), time.Now(), bye)
	if err := s.wire.sendRTCP(b); err != nil {
		s.sender.sent.Errors++
	}
}

// watchSilence reports once that no RTP came for the session's timeout.
func (s *Session) watchSilence(now instant, w *work) {
	if s.options.Timeout <= 0 || !s.params.Receive || s.silent {
		return
	}
	if since := now.sub(s.heard); since >= s.options.Timeout {
		s.silent = true
		w.events = append(w.events, Event{Kind: EventTimeout, Duration: since})
	}
}
