package measure

import "slices"

// Spotter tells of steady tones while they sound: of each one once, when it has lasted for 100 ms and is purer than speech gets
// (SINAD of 15 dB). Two frequencies at once, as those of a telephone key, are none. It is a Meter that is asked every 20 ms, and
// what that takes for one tone is one here.
type Spotter struct {
	meter *Meter
	told  int64 // first sample of the tone that was told last; -1 = none was
}

// NewSpotter makes a spotter.
func NewSpotter(o Options) *Spotter { return &Spotter{meter: New(o), told: -1} }

// Write takes in samples and returns the tones that were spotted in them, as they were then.
func (s *Spotter) Write(samples []int16) (found []Tone) {
	m := s.meter
	for part := range slices.Chunk(samples, m.block) {
		m.Write(part)
		if !m.tracking || m.track.start == s.told {
			continue
		}
		if tone, ok := m.steady(); ok {
			s.told = m.track.start
			found = append(found, tone)
		}
	}
	return found
}

// steady is the tone that is tracked, if it is long and pure enough by now.
func (m *Meter) steady() (Tone, bool) {
	now := m.track // a copy: it goes on
	if now.line.n < 2 || now.sinad(float64(m.block)) < cleanSINAD {
		return Tone{}, false
	}
	tone, _ := now.finish(m.pending, m.first, m)
	return tone, tone.Duration >= shortestTone
}
