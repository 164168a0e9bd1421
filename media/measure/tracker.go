package measure

import "math"

const (
	maxHeld     = 4   // blocks that a tone may be gone for, as when packets are lost: three packets touch four
	heldShare   = 0.3 // of a block's energy that must be the tone's
	maxTurn     = 1.0 // radians that the phase may be off
	leastLevel  = 0.7 // of the mean amplitude
	mostLevel   = 1.4
	almostWhole = 0.9 // of the mean amplitude: from here on nothing is missing
	bestSINAD   = 100 // dB
)

// tracker follows one tone block by block. A block counts in the statistics only if those before and after it are of the
// tone as well: the first and the last, and those beside a gap, may be filled with it in part.
type tracker struct {
	start     int64   // number of the first sample
	reference float64 // Hz that phases are counted against
	amplitude float64 // of a typical block

	held   int  // blocks since the latest one of the tone
	begun  bool // there was a block of the tone, and
	whole  bool // there was another right before it
	latest block
	line   regression

	missing  float64 // samples
	blocks2  float64 // sum of squared amplitudes
	energy   float64
	residual float64
	samples  float64 // of the blocks that count
}

// block is a fitted block: its sine, with the phase counted against the reference and unwrapped.
type block struct {
	sine
	seconds float64 // of its centre, since the tone's start
	turn    float64 // radians
}

// blocks is 1 once there is a block of the tone.
func (t *tracker) blocks() int {
	if t.begun {
		return 1
	}
	return 0
}

// hz is the best estimate of the frequency.
func (t *tracker) hz() float64 { return t.reference + t.line.slope()/(2*math.Pi) }

// take takes in a block whose first sample has a number; false: it is not of the tone.
func (t *tracker) take(x []float64, first int64, rate int) bool {
	b := block{sine: fit(x, t.hz(), rate)}
	b.seconds = (float64(first-t.start) + b.centre) / float64(rate)
	expected := t.latest.turn + t.line.slope()*(b.seconds-t.latest.seconds)
	off := wrap(b.phase - 2*math.Pi*math.Mod(t.reference*b.seconds, 1) - expected)
	b.turn = expected + off

	level := b.amplitude / t.amplitude
	switch {
	case b.energy == 0 || b.energy-b.residual < heldShare*b.energy:
		return false
	case level < leastLevel || level > mostLevel:
		return false
	case t.begun && math.Abs(off) > maxTurn:
		return false
	}
	t.accept(b, len(x))
	return true
}

// accept makes b the latest block, and lets the one before it count.
func (t *tracker) accept(b block, size int) {
	if t.begun && t.held == 0 {
		if t.whole {
			t.count(size)
		}
		t.whole = true
	} else {
		t.whole = false
	}
	t.missing += float64(t.held * size)
	if level := b.amplitude / t.amplitude; level < almostWhole && t.begun {
		t.missing += (1 - level) * float64(size)
	}
	t.held, t.begun, t.latest = 0, true, b
}

// count adds the latest block to the statistics.
func (t *tracker) count(size int) {
	b := t.latest
	t.line.add(b.seconds, b.turn)
	t.blocks2 += b.amplitude * b.amplitude
	t.energy += b.energy
	t.residual += b.residual
	t.samples += float64(size)
	t.amplitude = math.Sqrt(t.blocks2 / t.line.n)
}

// finish ends the tone within x, the samples from its latest block on, of which the first has a number, and says after
// how many of them.
func (t *tracker) finish(x []float64, first int64, m *Meter) (tone Tone, end int) {
	if t.line.n < 2 {
		return Tone{}, 0
	}
	s := t.latest.sine
	s.hz, s.amplitude = t.hz(), t.amplitude
	end = s.end(x, t.next(x, m.block))
	return Tone{
		Start:     m.duration(t.start),
		Duration:  m.duration(first + int64(end) - t.start),
		Frequency: t.hz(),
		Level:     20 * math.Log10(t.amplitude/m.milliwatt),
		SINAD:     t.sinad(float64(m.block)),
		Missing:   m.duration(int64(t.missing)),
	}, end
}

// next is what x has of the tone's frequency after its end: nothing, or the same tone at another level or in another phase,
// as the latest block shows that was not of the tone.
func (t *tracker) next(x []float64, block int) sine {
	if t.held < 2 { // a gap may yet turn out to be one
		return sine{rate: t.latest.rate}
	}
	at := t.held * block
	next := fit(x[at:at+block], t.hz(), t.latest.rate)
	next.centre += float64(at)
	return next
}

// sinad compares all with what the sine leaves. The fit of two parameters per block takes away a little of the noise too.
func (t *tracker) sinad(block float64) float64 {
	left := t.residual * block / (block - 2)
	return min(10*math.Log10(t.energy/left), bestSINAD)
}

// regression is a line through points, by least squares.
type regression struct{ n, x, y, xx, xy float64 }

func (r *regression) add(x, y float64) {
	r.n++
	r.x += x
	r.y += y
	r.xx += x * x
	r.xy += x * y
}

// slope is that of the line; 0 for less than two points.
func (r *regression) slope() float64 {
	d := r.n*r.xx - r.x*r.x
	if r.n < 2 || d <= 0 {
		return 0
	}
	return (r.n*r.xy - r.x*r.y) / d
}
