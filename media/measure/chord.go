package measure

import (
	"cmp"
	"math"
	"slices"
)

const (
	chordWindow = 128 // ms of the piece that is looked at
	mostSines   = 4
	leastPart   = 0.2 // of what is left, that a sine must have
	purity      = 0.9 // of the energy, that the sines must have together
	rounds      = 2   // of fitting each sine to what the others leave
	apart       = 4   // bins that sines are apart at least: closer ones model a tone that swells or ends
)

// Sine is one of the frequencies that sound together.
type Sine struct {
	Frequency float64 // Hz
	Level     float64 // dBm0
}

// ChordLength is how many samples Chord looks at: 128 ms, rounded up to a power of two.
func ChordLength(o Options) int {
	return spectrumSize(o.withDefaults().SampleRate, chordWindow)
}

// Chord tells the frequencies, up to four, that sound together in the last ChordLength samples, the strongest first. They
// are none where it is silent, where there are fewer samples, and where something else sounds as well: noise, speech, or a
// tone that begins or ends. Frequencies 40 Hz apart are within 0.5 Hz and 0.2 dB. Unlike a Meter it tells of one moment only.
func Chord(samples []int16, o Options) []Sine {
	o = o.withDefaults()
	s := newSpectrum(o.SampleRate, chordWindow)
	if len(samples) < s.size {
		return nil
	}
	rest := make([]float64, s.size)
	energy := 0.0
	for i, v := range samples[len(samples)-s.size:] {
		rest[i] = float64(v)
		energy += rest[i] * rest[i]
	}
	if energy < o.silence()*float64(s.size) {
		return nil
	}
	found := s.pursue(rest, energy)
	if len(found) == 0 || square(rest) > (1-purity)*energy {
		return nil
	}
	sines := make([]Sine, len(found))
	for i, f := range found {
		sines[i] = Sine{f.hz, 20 * math.Log10(f.amplitude/o.Milliwatt)}
	}
	return sines
}

// pursue takes sines off x, the strongest first, and returns them; x keeps what they leave.
func (s *spectrum) pursue(x []float64, energy float64) (found []sine) {
	for len(found) < mostSines && square(x) > (1-purity)/10*energy {
		hz, part := s.strongest(x)
		if part < leastPart {
			break
		}
		next := sharpen(hz, x, s.rate)
		if slices.ContainsFunc(found, func(f sine) bool { return math.Abs(f.hz-next.hz) < apart*s.resolution() }) {
			break
		}
		next.add(x, -1)
		found = append(found, next)
		for range min(rounds, rounds*(len(found)-1)) { // one alone is fitted already
			for i := range found {
				found[i].add(x, 1)
				found[i] = sharpen(found[i].hz, x, s.rate)
				found[i].add(x, -1)
			}
		}
	}
	slices.SortFunc(found, func(a, b sine) int { return cmp.Compare(b.amplitude, a.amplitude) })
	return found
}

// add adds the sine to x so many times.
func (s sine) add(x []float64, times float64) {
	for i := range x {
		x[i] += times * s.at(i)
	}
}

func square(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}
