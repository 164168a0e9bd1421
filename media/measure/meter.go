package measure

import (
	"math"
	"slices"
	"time"
)

const (
	defaultRate      = 8000  // Hz
	defaultSilence   = -55.0 // dBm0
	defaultMilliwatt = 22651 // µ-law's (G.711 Table 6)

	fullScale = 32768 // 0 dBov
	clipping  = 32124 // what µ-law's largest value decodes to; A-law's is larger

	maxTones = 64
	chunk    = 1024 // samples that are looked at together
)

// Options set up a Meter.
type Options struct {
	SampleRate int     // Hz; 0 = 8000
	Milliwatt  float64 // peak of a sine of 0 dBm0 in units of 16-bit samples: Codec.Amplitude(0); 0 = µ-law's
	Silence    float64 // dBm0 below which it is silent; 0 = -55
}

// Meter measures a stream of samples. Feed it with Write, ask Result at any time. Its memory does not grow with the stream.
type Meter struct {
	rate      int
	milliwatt float64
	silence   float64 // mean square

	count, clipped int64
	energy, peak   float64

	block       int     // samples of 20 ms
	blockEnergy float64 // of the block that is not full yet
	blockCount  int
	silent      int64 // samples of silent blocks
	spectrum    *spectrum
	pending     []float64 // samples that may yet belong to a tone
	first       int64     // number of the first of them
	tracking    bool
	track       tracker
	tones       []Tone
}

// New makes a meter.
func New(o Options) *Meter {
	o = o.withDefaults()
	return &Meter{
		rate:      o.SampleRate,
		milliwatt: o.Milliwatt,
		silence:   o.silence(),
		block:     o.SampleRate / 50,
		spectrum:  newSpectrum(o.SampleRate, window),
	}
}

func (o Options) withDefaults() Options {
	if o.SampleRate <= 0 {
		o.SampleRate = defaultRate
	}
	if o.Milliwatt <= 0 {
		o.Milliwatt = defaultMilliwatt
	}
	if o.Silence == 0 {
		o.Silence = defaultSilence
	}
	return o
}

// silence is the mean square below which it is silent.
func (o Options) silence() float64 {
	return o.Milliwatt * o.Milliwatt / 2 * math.Pow(10, o.Silence/10)
}

// Write takes in samples. For packets that were lost, write silence as long as they were, or times come out short.
func (m *Meter) Write(samples []int16) {
	for part := range slices.Chunk(samples, chunk) {
		for _, s := range part {
			x := float64(s)
			m.weigh(x)
			m.pending = append(m.pending, x)
		}
		m.advance()
	}
}

// weigh counts one sample in what is measured of the whole.
func (m *Meter) weigh(x float64) {
	m.count++
	m.energy += x * x
	m.peak = max(m.peak, math.Abs(x))
	if math.Abs(x) >= clipping {
		m.clipped++
	}
	m.blockEnergy += x * x
	if m.blockCount++; m.blockCount == m.block {
		if m.blockEnergy < m.silence*float64(m.block) {
			m.silent += int64(m.block)
		}
		m.blockEnergy, m.blockCount = 0, 0
	}
}

// advance searches and tracks as far as the samples go.
func (m *Meter) advance() {
	for more := true; more; {
		if m.tracking {
			more = m.follow()
		} else {
			more = m.search()
		}
	}
}

// search looks for a tone at the start of what is pending. It wants to see it in two windows, and then finds where it began.
func (m *Meter) search() bool {
	size := m.spectrum.size
	step := size / 2
	if len(m.pending) < size {
		return false
	}
	hz, found := m.spectrum.dominant(m.pending[:size], m.silence)
	if !found {
		m.drop(step)
		return true
	}
	if len(m.pending) < size+step {
		return false
	}
	again, found := m.spectrum.dominant(m.pending[step:step+size], m.silence)
	if !found || math.Abs(again-hz) > m.spectrum.resolution() {
		m.drop(step)
		return true
	}
	s := sharpen(again, m.pending[step:step+size], m.rate)
	s.centre += float64(step)
	m.drop(s.start(m.pending[:step+size]))
	m.track = tracker{start: m.first, reference: s.hz, amplitude: s.amplitude}
	m.tracking = true
	return true
}

// follow takes in the next block of a tone, or ends it. While it tracks, the pending samples are those of the latest
// block of the tone, then those of the blocks that were not of the tone, then new ones.
func (m *Meter) follow() bool {
	t := &m.track
	at := (t.blocks() + t.held) * m.block
	if len(m.pending) < at+m.block {
		return false
	}
	if t.take(m.pending[at:at+m.block], m.first+int64(at), m.rate) {
		m.drop(at) // all but the block that was just taken in
		return true
	}
	if t.held++; t.held > maxHeld {
		tone, end := t.finish(m.pending[:at+m.block], m.first, m)
		m.keep(tone)
		m.drop(max(end, 1))
		m.tracking = false
	}
	return true
}

// drop removes pending samples.
func (m *Meter) drop(n int) {
	m.pending = append(m.pending[:0], m.pending[n:]...)
	m.first += int64(n)
}

// keep adds a tone, and lets the shortest go if there are too many.
func (m *Meter) keep(t Tone) {
	if !t.real() {
		return
	}
	m.tones = append(m.tones, t)
	if len(m.tones) <= maxTones {
		return
	}
	shortest := 0
	for i, t := range m.tones {
		if t.Duration < m.tones[shortest].Duration {
			shortest = i
		}
	}
	m.tones = slices.Delete(m.tones, shortest, shortest+1)
}

// Result is what was measured so far; more samples may follow. A tone that still sounds is the last of the tones.
func (m *Meter) Result() Result {
	r := Result{
		Duration: m.duration(m.count),
		RMS:      math.Inf(-1),
		Peak:     20 * math.Log10(m.peak/fullScale),
		Tones:    slices.Clone(m.tones),
	}
	if m.count > 0 {
		r.RMS = 10 * math.Log10(m.energy/float64(m.count)/(fullScale*fullScale))
		r.Clipped = float64(m.clipped) / float64(m.count)
	}
	if whole := m.count - int64(m.blockCount); whole > 0 {
		r.Silence = float64(m.silent) / float64(whole)
	}
	if m.tracking {
		now := m.track // a copy: it goes on
		if t, _ := now.finish(m.pending, m.first, m); t.real() {
			r.Tones = append(r.Tones, t)
		}
	}
	return r
}

func (m *Meter) duration(samples int64) time.Duration {
	rate := int64(m.rate)
	return time.Duration(samples/rate)*time.Second + time.Duration(samples%rate)*time.Second/time.Duration(rate)
}
