package detect

import (
	"math"
	"math/cmplx"
	"time"
)

const (
	toneBlock = 50 * time.Millisecond // frequencies 20 Hz apart are told from each other
	toneShare = 0.5                   // of a block's energy is the tone's
)

// ToneOptions say which tone is meant.
type ToneOptions struct {
	Frequencies []float64     // Hz; all of them sound together. Each may be off by 8 Hz.
	Min         time.Duration // how long it must last
	Level       float64       // dBm0 of the weakest frequency, at least
}

// Tone recognises a tone of one or several frequencies, by the algorithm of Goertzel.
type Tone struct {
	scale Scale
	want  ToneOptions
	block int
	least float64 // amplitude
	bins  []bin

	energy float64
	filled int
	total  int64 // samples of whole blocks
	run    int64 // blocks in a row with the tone
}

// bin is one frequency.
type bin struct {
	omega   float64 // radians per sample
	twice   float64 // of its cosine
	s1, s2  float64
	phase   float64 // of the latest block
	turned  float64 // radians that the phases moved beside the frequency, in the run
	squares float64 // of amplitudes, in the run
}

// NewTone makes a detector.
func NewTone(s Scale, o ToneOptions) *Tone {
	t := &Tone{scale: s, want: o, block: int(toneBlock * time.Duration(s.Rate) / time.Second)}
	t.least = s.Milliwatt * math.Pow(10, o.Level/20)
	for _, hz := range o.Frequencies {
		omega := 2 * math.Pi * hz / float64(s.Rate)
		t.bins = append(t.bins, bin{omega: omega, twice: 2 * math.Cos(omega)})
	}
	return t
}

// Write takes in samples and reports whether the tone has lasted for long enough.
func (t *Tone) Write(samples []int16) bool {
	for _, x := range samples {
		v := float64(x)
		t.energy += v * v
		for i := range t.bins {
			b := &t.bins[i]
			b.s1, b.s2 = v+b.twice*b.s1-b.s2, b.s1
		}
		if t.filled++; t.filled == t.block {
			t.judge()
			if t.run > 0 && t.Lasted() >= t.want.Min {
				return true
			}
		}
	}
	return false
}

// judge looks at a whole block.
func (t *Tone) judge() {
	n := float64(t.block)
	power, heard := 0.0, true
	for i := range t.bins {
		b := &t.bins[i]
		x := (complex(b.s1, 0) - complex(b.s2, 0)*cmplx.Rect(1, -b.omega)) * cmplx.Rect(1, -b.omega*(n-1))
		amplitude := 2 * cmplx.Abs(x) / n
		power += amplitude * amplitude / 2
		heard = heard && amplitude >= t.least
		if t.run == 0 {
			b.turned, b.squares = 0, 0
		} else {
			b.turned += math.Remainder(cmplx.Phase(x)-b.phase-b.omega*n, 2*math.Pi)
		}
		b.squares += amplitude * amplitude
		b.phase, b.s1, b.s2 = cmplx.Phase(x), 0, 0
	}
	if heard && power >= toneShare*t.energy/n && t.near() {
		t.run++
	} else {
		t.run = 0
	}
	t.total += int64(t.block)
	t.energy, t.filled = 0, 0
}

// near reports whether the phases move as slowly as those of frequencies that are as good as the ones wanted.
func (t *Tone) near() bool {
	const most = 8.0 // Hz
	for i := range t.bins {
		if t.run > 0 && math.Abs(t.off(&t.bins[i], t.run)) > most {
			return false
		}
	}
	return true
}

// off is by how many Hz a frequency is off, by how far its phase turned in so many blocks.
func (t *Tone) off(b *bin, blocks int64) float64 {
	return b.turned / (2 * math.Pi * float64(blocks) * toneBlock.Seconds())
}

// Lasted is how long the tone has lasted.
func (t *Tone) Lasted() time.Duration { return t.scale.duration(t.run * int64(t.block)) }

// Began is when the tone began, since the first sample.
func (t *Tone) Began() time.Duration { return t.scale.duration(t.total - t.run*int64(t.block)) }

// Frequency is what the first frequency was measured to be, in Hz.
func (t *Tone) Frequency() float64 {
	b := &t.bins[0]
	hz := b.omega * float64(t.scale.Rate) / (2 * math.Pi)
	if t.run < 2 {
		return hz
	}
	return hz + t.off(b, t.run-1)
}

// Level is that of the weakest frequency, in dBm0.
func (t *Tone) Level() float64 {
	least := math.Inf(1)
	for i := range t.bins {
		least = min(least, t.bins[i].squares/float64(max(t.run, 1)))
	}
	return 10 * math.Log10(least/(t.scale.Milliwatt*t.scale.Milliwatt))
}
