package media

import (
	"time"

	"offhook/media/dtmf"
)

const (
	// idlePeriod is how often a session that plays nothing is served: what Play begins must leave within 20 ms.
	idlePeriod = 10 * time.Millisecond
	// drainPeriod is how often the RTP socket is read, rtcpPeriod the RTCP socket. To read two packets at a time costs little
	// more than to read one, and their arrival is the kernel's time stamp anyway. From a far end that is silent, the first
	// packet is read within quietPeriod: to find nothing costs as much as to find something.
	drainPeriod = 40 * time.Millisecond
	quietPeriod = 200 * time.Millisecond
	rtcpPeriod  = time.Second
	// echoLead is the most that an echo is made before it is due: it delays it as much.
	echoLead = 10 * time.Millisecond
	// maxBehind is how many frames late a playback catches up; from there on it leaves frames out.
	maxBehind = 3
)

// serve does what is due at s.deadline and sets the next one. It returns false once the session is closed. s.mu is held.
func (s *Session) serve(now instant, w *work) bool {
	if s.closed {
		return false
	}
	defer s.hasten()
	if s.release(now) {
		return true
	}
	at := s.deadline
	hears := s.hearing != nil && at >= s.hearing.next
	if hears {
		s.nextDrain = at // what was heard until now may be an echo's next frame
		s.drain(at, now, w)
		s.hear(at)
		s.tellPresses(w)
		s.tellTones(w)
	}
	s.deadline = s.sendFrame(at, now, w)
	if !hears {
		s.drain(at, now, w)
	}
	if s.configured && at >= s.nextReport {
		s.nextReport = at.add(reportDelay(false))
		s.sendReport(now, w, false)
	}
	s.expireKey(now, w)
	s.watchSilence(now, w)
	return true
}

// drain reads the sockets that are to be read.
func (s *Session) drain(due, now instant, w *work) {
	if due >= s.nextRTCP {
		s.nextRTCP = due.add(rtcpPeriod)
		s.drainRTCP(w)
	}
	if due >= s.nextDrain {
		period := drainPeriod
		if s.drainRTP(now, w) == 0 {
			period = min(due.sub(s.drained), quietPeriod)
		} else {
			s.drained = due
		}
		s.nextDrain = due.add(max(period, drainPeriod))
	}
}

// serveLocked is serve for a driver that holds s.mu; it opens it, also when a panic passes.
func (s *Session) serveLocked(now instant, w *work) bool {
	defer s.mu.Unlock()
	return s.serve(now, w)
}

// sendFrame sends the frame that is due s.ahead after at, and returns when the session is to be served next. The first frame
// of a stream is due at once, the others s.lead later.
func (s *Session) sendFrame(at, now instant, w *work) instant {
	due := at.add(s.ahead)
	p := s.playback
	if s.ahead > 0 && (p == nil || p.paused || p.ended()) { // what was made before is still on its way
		step := min(s.ahead, idlePeriod)
		s.ahead -= step
		return at.add(step)
	}
	if p != nil && p.ended() {
		s.finish(p, PlayDone)
		p = nil
	}
	if p == nil || p.paused {
		s.sender.talking = false
		return at.add((max(now.sub(at), 0)/idlePeriod + 1) * idlePeriod)
	}
	late := now.sub(due)
	if late > maxBehind*p.ptime {
		missed := int64(late / p.ptime)
		s.sender.sent.Skipped += uint64(p.skip(missed))
		due = due.add(time.Duration(missed) * p.ptime)
		s.sender.talking = false
		if p.ended() {
			s.ahead = 0
			return due
		}
	}
	w.paced = s.ahead == 0 // else the outbox tells
	var payload []byte
	switch {
	case p.echo != nil:
		payload = p.echo.frame(s.params.Codec)
	case p.source != nil:
		payload = p.payload()
	}
	switch {
	case !s.params.sends():
		s.sender.talking = false
	case payload != nil:
		s.sendSound(p, due, payload)
	default:
		s.sendKey(p, due)
	}
	length := p.ptime - p.cut
	p.frame, p.cut = p.frame+1, 0
	s.ahead = s.lead
	if p.echo != nil {
		s.ahead = min(s.ahead, echoLead)
	}
	return due.add(length - s.ahead)
}

func (s *Session) sendSound(p *Playback, due instant, payload []byte) {
	s.transmit(p, due, s.params.PayloadType, !s.sender.talking, s.sender.timestamp(due), payload)
	s.sender.talking = true
	s.say(payload)
}

// sendKey sends the telephone-event packet of the frame, if there is one.
func (s *Session) sendKey(p *Playback, due instant) {
	s.sender.talking = false
	packet, ok := p.keys.At(p.frame)
	if !ok || s.params.DTMFPayloadType == 0 {
		return
	}
	unit := time.Second / time.Duration(s.sender.clockRate) // telephone-event has the clock of the audio (RFC 4733 §2.1)
	since := time.Duration(p.frame-packet.Began) * p.ptime
	var payload [dtmf.Size]byte
	s.transmit(p, due, s.params.DTMFPayloadType, packet.Marker, s.sender.timestamp(due)-uint32(since/unit),
		packet.Payload.Append(payload[:0]))
}

// transmit sends a packet of p at once or, in a stream, when it is due.
func (s *Session) transmit(p *Playback, due instant, payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	if s.ahead == 0 {
		due = 0
	}
	err := s.sendRTP(s.sender.next(payloadType, marker, timestamp, payload), due)
	s.sender.count(len(payload), err)
	if err == nil {
		p.packets++
	}
}

// sendReport sends RTCP. A report that the kernel refuses is not repeated: the next one says the same and more.
func (s *Session) sendReport(now instant, w *work, bye bool) {
	if _, to := s.destinations(); !to.IsValid() {
		return
	}
	s.sender.settle(s.wire.refused())
	b := s.reporter.report(w.report[:0], &s.sender, &s.receiver, s.sender.timestamp(now), time.Now(), bye)
	if err := s.sendRTCP(b); err != nil {
		s.sender.sent.Errors++
	}
}
