package tone

import (
	"math"
	"math/rand/v2"
)

const (
	// noisePeriod is after how many seconds noise repeats itself: whole frames of 10, 20, 30, 40, 50 and 60 ms.
	noisePeriod = 12
	// crest is the peak of noise that has to fit, against that of a sine of the same power: 4 times the effective value.
	crest = 4 / math.Sqrt2
)

// noise is one period of noise, the same whenever it is made, so that measurements can be repeated and calls share it.
type noise []float64

// newNoise makes noise of the power of a sine with a peak of amplitude. Its end leads back to its beginning: white noise has
// no memory, and pink noise is what its filter gives once the period has gone through it before.
func newNoise(kind Kind, rate int, amplitude float64) noise {
	n := make(noise, noisePeriod*rate)
	random := rand.New(rand.NewPCG(0x0ff400c, uint64(kind)))
	for i := range n {
		n[i] = random.NormFloat64()
	}
	if kind == Pink {
		white := append(noise(nil), n...)
		filter := newPinkFilter(rate)
		for range 2 {
			for i, x := range white {
				n[i] = filter.next(x)
			}
		}
	}
	mean, power := 0.0, 0.0
	for _, x := range n {
		mean += x / float64(len(n))
	}
	for i := range n {
		n[i] -= mean
		power += n[i] * n[i] / float64(len(n))
	}
	for i := range n {
		n[i] *= amplitude / math.Sqrt2 / math.Sqrt(power)
	}
	return n
}

// Render implements voice.
func (n noise) Render(samples []float64, first int64) {
	for i := range samples {
		samples[i] = n[(first+int64(i))%int64(len(n))]
	}
}

const (
	pinkFrom   = 5    // Hz, of the first pole
	pinkFactor = 3    // from one pole to the next
	pinkMend   = 0.08 // what the sampled filter has too much at half the sample rate
)

// pinkFilter falls by 3 dB per octave, within 0.2 dB from 20 Hz to 85 % of half the sample rate: poles that each give 6 dB,
// and half way (in octaves) to the next one a zero that ends it.
type pinkFilter struct {
	poles, zeros []float64
	in, out      []float64 // of each section, one sample ago
	last         float64
}

func newPinkFilter(rate int) *pinkFilter {
	f := &pinkFilter{}
	for hz := float64(pinkFrom); hz < 2*float64(rate); hz *= pinkFactor {
		f.poles = append(f.poles, math.Exp(-2*math.Pi*hz/float64(rate)))
		f.zeros = append(f.zeros, math.Exp(-2*math.Pi*hz*math.Sqrt(pinkFactor)/float64(rate)))
	}
	f.in, f.out = make([]float64, len(f.poles)), make([]float64, len(f.poles))
	return f
}

func (f *pinkFilter) next(x float64) float64 {
	x, f.last = x+pinkMend*f.last, x
	for i := range f.poles {
		y := x - f.zeros[i]*f.in[i] + f.poles[i]*f.out[i]
		f.in[i], f.out[i] = x, y
		x = y
	}
	return x
}
