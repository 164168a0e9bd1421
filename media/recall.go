package media

import "time"

// This file takes back packets that were made ahead of their time, so that what is stopped is not heard any longer.

// recall gives up the packets that are not due yet, and returns how many. Those that come next take their numbers.
func (s *Session) recall() int64 {
	n := s.wire.recall()
	s.sender.uncount(n)
	s.sender.sequence -= uint16(n)
	if p := s.playback; p != nil {
		p.packets -= min(n, p.packets)
		s.unsay(time.Duration(n) * p.ptime)
	}
	return int64(n)
}

// rewind puts what plays n frames back: they were recalled, and are due again.
func (s *Session) rewind(n int64) {
	if p := s.playback; p != nil && p.keys == nil {
		p.frame -= min(n, p.frame)
		s.ahead = max(0, s.ahead-time.Duration(n)*p.ptime)
	}
}

// hush takes back what plays, as far as it is not due yet.
func (s *Session) hush() {
	if s.recallable() {
		s.rewind(s.recall())
	}
}

// recallable tells whether what plays may be taken back: digits are not cut short, and what Tap has handed over or Impair has on its
// way is sent.
func (s *Session) recallable() bool {
	return s.playback != nil && s.playback.keys == nil && s.tap == nil && s.impaired == nil
}
