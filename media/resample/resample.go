// Package resample changes the sample rate of one channel of sound: polyphase filtering with a Kaiser-windowed sinc.
//
// Up to 91 % of half the lower rate, which is 3,650 Hz at 8 kHz, what comes out is within 0.01 dB of what went in; what the
// lower rate cannot carry is 75 dB down at least, so that nothing of it is heard as another frequency. Nothing is delayed: the
// first sample out is of the time of the first one in. It has no goroutine and no clock.
package resample

import (
	"fmt"
	"math"
)

const (
	// LowestRate and HighestRate bound both rates, in Hz.
	LowestRate  = 4000
	HighestRate = 192_000

	maxPhases = 1000
	passband  = 0.9125 // of half the lower rate
	rejection = 80.0   // dB, what the window is made for
)

// Resampler changes the rate of one stream.
type Resampler struct {
	up, down int         // samples out for samples in
	half     int         // samples that count on either side
	phases   [][]float32 // of the filter: phases[p][j] weighs sample j of those around an instant p/up after a sample

	kept  []float32 // samples in that still count, the first of them perhaps before the stream began
	at    int       // in kept: the sample at or before the next one out
	phase int       // how far after it, in 1/up of a sample
}

// New makes a resampler between two rates in Hz. The ratio is exact where it is one of whole numbers up to 1000, as all usual
// rates have it; otherwise it is off by less than one in a million.
func New(from, to int) (*Resampler, error) {
	for _, rate := range []int{from, to} {
		if rate < LowestRate || rate > HighestRate {
			return nil, fmt.Errorf("sample rate of %d Hz: want %d to %d", rate, LowestRate, HighestRate)
		}
	}
	r := &Resampler{}
	r.up, r.down = ratio(from, to)
	if r.up == r.down {
		return r, nil
	}
	edge := 0.5 * min(1, float64(to)/float64(from)) // half the lower rate, in cycles per sample in
	width := edge * (1 - passband)
	r.half = int(math.Ceil((rejection - 7.95) / (2.285 * 2 * math.Pi * width) / 2)) // Kaiser's formula
	r.phases = make([][]float32, r.up)
	for p := range r.phases {
		r.phases[p] = design(float64(p)/float64(r.up), r.half, edge-width/2)
	}
	r.kept = make([]float32, r.half-1)
	r.at = r.half - 1
	return r, nil
}

// ratio is to/from in whole numbers, the first of which is as small as it can be.
func ratio(from, to int) (up, down int) {
	best := math.Inf(1)
	for u := 1; u <= maxPhases && best > 0; u++ {
		exact := float64(u) * float64(from) / float64(to)
		d := math.Round(exact)
		if off := math.Abs(d/exact - 1); off < best {
			best, up, down = off, u, int(d)
		}
	}
	return up, down
}

// design makes the weights of the 2·half samples around an instant, so far after the sample in their middle, for a low-pass
// at cutoff, in cycles per sample. Their sum is 1.
func design(after float64, half int, cutoff float64) []float32 {
	beta := 0.1102 * (rejection - 8.7)
	weights := make([]float64, 2*half)
	sum := 0.0
	for j := range weights {
		t := after + float64(half-1-j)
		x := t / float64(half)
		w := 2 * cutoff * bessel(beta*math.Sqrt(max(0, 1-x*x))) / bessel(beta)
		if t != 0 {
			w *= math.Sin(2*math.Pi*cutoff*t) / (2 * math.Pi * cutoff * t)
		}
		weights[j] = w
		sum += w
	}
	scaled := make([]float32, len(weights))
	for j, w := range weights {
		scaled[j] = float32(w / sum)
	}
	return scaled
}

// bessel is the modified Bessel function of the first kind, order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}

// Write takes samples in and appends to dst what comes out by now.
func (r *Resampler) Write(dst, samples []int16) []int16 {
	if r.half == 0 {
		return append(dst, samples...)
	}
	for _, x := range samples {
		r.kept = append(r.kept, float32(x))
	}
	return r.run(dst)
}

// Flush appends what is left when the stream has ended: in all, n samples in make n·up/down out, rounded up.
func (r *Resampler) Flush(dst []int16) []int16 {
	if r.half == 0 {
		return dst
	}
	r.kept = append(r.kept, make([]float32, r.half)...)
	return r.run(dst)
}

// run computes what can be computed, and forgets the samples that do not count any more.
func (r *Resampler) run(dst []int16) []int16 {
	for r.at+r.half < len(r.kept) {
		y := dot(r.phases[r.phase], r.kept[r.at-r.half+1:])
		dst = append(dst, int16(math.Floor(float64(max(math.MinInt16, min(y, math.MaxInt16)))+0.5)))
		r.phase += r.down
		r.at += r.phase / r.up
		r.phase %= r.up
	}
	first := min(r.at-r.half+1, len(r.kept))
	r.kept = r.kept[:copy(r.kept, r.kept[first:])]
	r.at -= first
	return dst
}

// dot is the scalar product of a and the first elements of b, whose sums run side by side; the length of a is even.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, x := range a {
		s0 += x * b[i]
	}
	return s0 + s1 + s2 + s3
}
