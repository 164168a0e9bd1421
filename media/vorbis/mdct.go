package vorbis

import (
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
)

// transform is the inverse MDCT for blocks of one size, and the half of its window that rises (§4.3.1, §1.3.2).
type transform struct {
	n       int
	before  []complex128 // by coefficient
	after   []complex128 // by sample
	roots   []complex128 // e^(2πik/n)
	work    []complex128
	rising  []float32 // window, n/2
	reverse []int
}

func newTransform(n int) *transform {
	t := &transform{
		n: n, before: make([]complex128, n/2), after: make([]complex128, n), roots: make([]complex128, n/2),
		work: make([]complex128, n), rising: make([]float32, n/2), reverse: make([]int, n),
	}
	shift := 0.5 + float64(n)/4
	for k := range t.before {
		t.before[k] = cmplx.Rect(1, 2*math.Pi*shift*float64(k)/float64(n))
		t.roots[k] = cmplx.Rect(1, 2*math.Pi*float64(k)/float64(n))
		s := math.Sin(math.Pi * (float64(k) + 0.5) / float64(n))
		t.rising[k] = float32(math.Sin(math.Pi / 2 * s * s))
	}
	for i := range t.after {
		t.after[i] = cmplx.Rect(1, math.Pi*(float64(i)+shift)/float64(n))
		t.reverse[i] = int(bits.Reverse32(uint32(i)) >> (32 - bits.Len(uint(n-1))))
	}
	return t
}

// inverse makes n samples of n/2 coefficients: x[i] = Σ X[k]·cos(2π/n·(i+1/2+n/4)·(k+1/2)), by one Fourier transform.
func (t *transform) inverse(out, coefficients []float32) {
	clear(t.work)
	for k, x := range coefficients {
		t.work[t.reverse[k]] = complex(float64(x), 0) * t.before[k]
	}
	for size := 2; size <= t.n; size *= 2 {
		stride := t.n / size
		for block := range slices.Chunk(t.work, size) {
			low, high := block[:size/2], block[size/2:]
			for i := range low {
				a, b := low[i], high[i]*t.roots[i*stride]
				low[i], high[i] = a+b, a-b
			}
		}
	}
	for i := range out {
		out[i] = float32(real(t.work[i] * t.after[i]))
	}
}
