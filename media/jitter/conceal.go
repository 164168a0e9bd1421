package jitter

import "math"

// Times of G.711 Appendix I, in samples at 8 kHz.
const (
	longestPitch  = 120 // 66 Hz
	shortestPitch = 40  // 200 Hz
	compared      = 160 // samples that two periods are compared by
	untouched     = 80  // how long the first repetition keeps its level: 10 ms
	vanished      = 480 // when nothing is left: 60 ms
	crossFade     = 32  // 4 ms
)

// concealer fills gaps as G.711 Appendix I does: it repeats the last pitch period, ever softer, and fades into what comes after.
type concealer struct {
	unit    int     // samples in one of 8 kHz
	history []int16 // what was heard last
	known   int     // of history, from its end on
	period  []int16 // what is repeated
	phase   int
	gap     int // samples since the last real one
	joining int // samples that still fade into what comes after a gap
}

func newConcealer(rate int) concealer {
	unit := max(1, rate/8000)
	return concealer{
		unit: unit, history: make([]int16, (longestPitch+compared)*unit), period: make([]int16, 0, longestPitch*unit),
	}
}

// silent reports whether nothing is left to repeat.
func (c *concealer) silent() bool { return len(c.period) == 0 || c.gap >= vanished*c.unit }

// fill makes up samples.
func (c *concealer) fill(dst []int16) {
	c.joining = 0
	if c.gap == 0 {
		c.learn()
	}
	for i := range dst {
		dst[i] = c.repeat()
	}
	c.keep(dst)
}

// cut is told before samples that do not follow those heard last.
func (c *concealer) cut() {
	if c.gap == 0 {
		c.learn()
		c.gap = 1
	}
}

// heard takes in real samples; the first of them after a gap are faded in.
func (c *concealer) heard(samples []int16) {
	if c.gap > 0 && c.joining == 0 {
		if c.silent() {
			c.gap = 0
		} else {
			c.joining = crossFade * c.unit
		}
	}
	if c.joining > 0 {
		c.join(samples)
	}
	c.keep(samples)
}

func (c *concealer) join(samples []int16) {
	whole := crossFade * c.unit
	for i := range samples[:min(len(samples), c.joining)] {
		real := whole - c.joining + 1
		samples[i] = int16((int(samples[i])*real + int(c.repeat())*(whole+1-real)) / (whole + 1))
		c.joining--
	}
	if c.joining == 0 {
		c.gap = 0
	}
}

// repeat is the next sample made up.
func (c *concealer) repeat() int16 {
	c.gap++
	left := vanished*c.unit - c.gap
	if len(c.period) == 0 || left <= 0 {
		return 0
	}
	x := int(c.period[c.phase])
	if c.phase++; c.phase == len(c.period) {
		c.phase = 0
	}
	if fading := (vanished - untouched) * c.unit; left < fading {
		x = x * left / fading
	}
	return int16(x)
}

// keep adds to the history.
func (c *concealer) keep(samples []int16) {
	n := len(samples)
	c.known = min(c.known+n, len(c.history))
	if n >= len(c.history) {
		copy(c.history, samples[n-len(c.history):])
		return
	}
	copy(c.history, c.history[n:])
	copy(c.history[len(c.history)-n:], samples)
}

// learn takes the last pitch period of the history as what is repeated. Its end is faded into what came before its beginning, so
// that the repetitions join without a click.
func (c *concealer) learn() {
	c.period, c.phase = c.period[:0], 0
	if c.known < len(c.history) {
		return
	}
	pitch := c.pitch()
	end := len(c.history)
	c.period = append(c.period, c.history[end-pitch:]...)
	fade := pitch / 4
	for i := range fade {
		before := int(c.history[end-pitch-fade+i])
		last := &c.period[pitch-fade+i]
		*last = int16((int(*last)*(fade-i) + before*(i+1)) / (fade + 1))
	}
}

// pitch is the lag at which the end of the history resembles itself most.
func (c *concealer) pitch() int {
	end, size, stride := len(c.history), compared*c.unit, 2*c.unit
	best, most := shortestPitch*c.unit, math.Inf(-1)
	for lag := shortestPitch * c.unit; lag <= longestPitch*c.unit; lag += c.unit {
		var product, energy int64
		for i := end - size; i < end; i += stride {
			x, y := int64(c.history[i]), int64(c.history[i-lag])
			product += x * y
			energy += y * y
		}
		if r := float64(product) / math.Sqrt(float64(energy)+1); r > most {
			best, most = lag, r
		}
	}
	return best
}
