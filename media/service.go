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
	due := s.deadline
	hears := s.hearing != nil && due >= s.hearing.next
	if hears {
		s.nextDrain = due // what was heard until now may be an echo's next frame
		s.drain(due, now, w)
		s.hear(due)
		s.tellPresses(w)
	}
	s.deadline = s.sendFrame(due, now, w)
	if !hears {
		s.drain(due, now, w)
	}
	if s.configured && due >= s.nextReport {
		s.nextReport = due.add(reportDelay(false))
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
		s.nextDrain = due.add(drainPeriod)
		s.drainRTP(now, w)
	}
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
	if p == nil || p.paused {
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
	var payload []byte
	switch {
	case p.echo != nil:
		payload = p.echo.frame(s.params.Codec)
	case p.source != nil:
		payload = p.payload()
	}
	switch {
	case !s.params.Send || !s.params.Remote.IsValid():
		s.sender.talking = false
	case payload != nil:
		s.sendSound(p, due, payload)
	default:
		s.sendKey(p, due)
	}
	p.frame++
	return due.add(p.ptime)
}

func (s *Session) sendSound(p *Playback, due instant, payload []byte) {
	s.transmit(p, s.params.PayloadType, !s.sender.talking, s.sender.timestamp(due), payload)
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
	s.transmit(p, s.params.DTMFPayloadType, packet.Marker, s.sender.timestamp(due)-uint32(since/unit),
		packet.Payload.Append(payload[:0]))
}

func (s *Session) transmit(p *Playback, payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	err := s.sendRTP(s.sender.next(payloadType, marker, timestamp, payload))
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
	b := s.reporter.report(w.report[:0], &s.sender, &s.receiver, s.sender.timestamp(now), time.Now(), bye)
	if err := s.sendRTCP(b); err != nil {
		s.sender.sent.Errors++
	}
}
