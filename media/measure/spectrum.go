package measure

import (
	"math"
	"math/bits"
	"math/cmplx"
)

const (
	window = 60 // ms, at least, that are looked at for a dominant frequency
	lobe   = 2  // bins to each side of a peak that the window spreads a sine over
	share  = 0.35
)

// spectrum finds the dominant frequency of a window of samples.
type spectrum struct {
	rate    int
	size    int // a power of two
	hann    []float64
	twiddle []complex128
	bins    []complex128
}

// newSpectrum makes one for windows of that many milliseconds at least.
func newSpectrum(rate, ms int) *spectrum {
	size := spectrumSize(rate, ms)
	s := &spectrum{
		rate: rate, size: size,
		hann: make([]float64, size), twiddle: make([]complex128, size/2), bins: make([]complex128, size),
	}
	for i := range s.hann {
		s.hann[i] = (1 - math.Cos(2*math.Pi*float64(i)/float64(size))) / 2
	}
	for i := range s.twiddle {
		s.twiddle[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/float64(size))
	}
	return s
}

func spectrumSize(rate, ms int) int { return 1 << bits.Len(uint(rate*ms/1000-1)) }

// resolution is the distance of two bins in Hz.
func (s *spectrum) resolution() float64 { return float64(s.rate) / float64(s.size) }

// dominant returns the frequency in Hz that at least a third of the power of x belongs to; false: there is none, or the
// mean square of x is below silence.
func (s *spectrum) dominant(x []float64, silence float64) (hz float64, ok bool) {
	energy := 0.0
	for _, v := range x {
		energy += v * v
	}
	if energy < silence*float64(len(x)) {
		return 0, false
	}
	hz, part := s.strongest(x)
	return hz, part >= share
}

// strongest returns the frequency in Hz that stands out most, and which part of the power of x belongs to it.
func (s *spectrum) strongest(x []float64) (hz, part float64) {
	for i, v := range x {
		s.bins[i] = complex(v*s.hann[i], 0)
	}
	s.transform()

	power := func(k int) float64 { return real(s.bins[k])*real(s.bins[k]) + imag(s.bins[k])*imag(s.bins[k]) }
	total, peak := 0.0, lobe
	for k := range s.size / 2 {
		total += power(k)
		if k >= lobe && k < s.size/2-lobe && power(k) > power(peak) {
			peak = k
		}
	}
	around := 0.0
	for k := peak - lobe; k <= peak+lobe; k++ {
		around += power(k)
	}
	if total == 0 {
		return 0, 0
	}
	return (float64(peak) + s.between(peak)) * s.resolution(), around / total
}

// between is how far beside its bin a peak lies: with a Hann window, the ratio of two neighbours tells it.
func (s *spectrum) between(peak int) float64 {
	left, middle, right := cmplx.Abs(s.bins[peak-1]), cmplx.Abs(s.bins[peak]), cmplx.Abs(s.bins[peak+1])
	if right > left {
		ratio := right / middle
		return (2*ratio - 1) / (ratio + 1)
	}
	ratio := left / middle
	return -(2*ratio - 1) / (ratio + 1)
}

// transform is the fast Fourier transform of bins, in place.
func (s *spectrum) transform() {
	x := s.bins
	shift := bits.UintSize - bits.Len(uint(s.size-1))
	for i := range x {
		if j := int(bits.Reverse(uint(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for span := 1; span < s.size; span *= 2 {
		stride := s.size / (2 * span)
		for start := 0; start < s.size; start += 2 * span {
			for k := range span {
				a, b := x[start+k], x[start+k+span]*s.twiddle[k*stride]
				x[start+k], x[start+k+span] = a+b, a-b
			}
		}
	}
}
