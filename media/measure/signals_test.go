package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"offhook/media/g711"
)

const testRate = 8000

// law is a way to the meter and back: what a telephone does to a signal.
type law struct {
	name      string
	milliwatt float64
	through   func(int16) int16
}

func laws() []law {
	return []law{
		{"PCMU", g711.MilliwattULaw, func(x int16) int16 { return g711.DecodeULaw(g711.EncodeULaw(x)) }},
		{"PCMA", g711.MilliwattALaw, func(x int16) int16 { return g711.DecodeALaw(g711.EncodeALaw(x)) }},
		{"linear", g711.MilliwattULaw, func(x int16) int16 { return x }},
	}
}

// measured is what a meter says of a signal, fed packet by packet.
func (l law) measured(signal []float64) Result {
	m := New(Options{Milliwatt: l.milliwatt})
	m.Write(nil)
	for packet := range slices.Chunk(l.samples(signal), testRate/50) {
		m.Write(packet)
	}
	return m.Result()
}

func (l law) samples(signal []float64) []int16 {
	samples := make([]int16, len(signal))
	for i, x := range signal {
		samples[i] = l.through(int16(math.Round(max(math.MinInt16, min(math.MaxInt16, x)))))
	}
	return samples
}

// sine has a level in dBm0 and begins at a phase in cycles.
func (l law) sine(d time.Duration, hz, dBm0, phase float64) []float64 {
	signal := quiet(d)
	for i := range signal {
		_, cycle := math.Modf(hz*float64(i)/testRate + phase)
		signal[i] = l.milliwatt * math.Pow(10, dBm0/20) * math.Sin(2*math.Pi*cycle)
	}
	return signal
}

func quiet(d time.Duration) []float64 {
	return make([]float64, int(d*testRate/time.Second))
}

// together adds b to a, from its beginning.
func together(a, b []float64) []float64 {
	sum := slices.Clone(a)
	for i, x := range b {
		sum[i] += x
	}
	return sum
}

// white noise has an RMS value in units of samples.
func white(r *rand.Rand, d time.Duration, rms float64) []float64 {
	signal := quiet(d)
	for i := range signal {
		signal[i] = rms * r.NormFloat64()
	}
	return signal
}

// rumble is noise that falls by 6 dB per octave from 65 Hz on.
func rumble(r *rand.Rand, d time.Duration, rms float64) []float64 {
	signal := white(r, d, rms*0.31)
	for i := range signal[1:] {
		signal[i+1] += 0.95 * signal[i]
	}
	return signal
}

// band is noise in a band of some 130 Hz around a frequency.
func band(r *rand.Rand, d time.Duration, hz, rms float64) []float64 {
	signal := white(r, d, rms*0.3)
	var filter resonator
	for i, x := range signal {
		signal[i] = filter.next(x, hz, 130)
	}
	return signal
}

// resonator is a resonance of a vocal tract.
type resonator struct{ before, before2 float64 }

func (f *resonator) next(x, hz, width float64) float64 {
	radius := math.Exp(-math.Pi * width / testRate)
	x += 2*radius*math.Cos(2*math.Pi*hz/testRate)*f.before - radius*radius*f.before2
	f.before2, f.before = f.before, x
	return x
}

// vowels are the frequencies in Hz of the first three formants.
var vowels = [][3]float64{{730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}, {640, 1190, 2390}}

// speech babbles: syllables of 80 to 300 ms, three of four voiced, whose pitch and formants glide from one vowel to the next.
func speech(r *rand.Rand, d time.Duration) []float64 {
	signal := quiet(d)
	base := 90 + 140*r.Float64() // Hz
	pitch, nextPitch := base, base
	vowel, nextVowel := vowels[0], vowels[1]
	var tract [3]resonator
	glottis, voiced := 0.0, true
	left, length := 0, 1
	for i := range signal {
		if left == 0 {
			length = testRate / 1000 * (80 + r.IntN(220))
			left = length
			pitch, nextPitch = nextPitch, base*(0.85+0.4*r.Float64())
			vowel, nextVowel = nextVowel, vowels[r.IntN(len(vowels))]
			voiced = r.IntN(4) > 0
		}
		at := 1 - float64(left)/float64(length)
		left--
		vibrato := 1 + 0.01*math.Sin(2*math.Pi*5*float64(i)/testRate)
		glottis += (pitch + (nextPitch-pitch)*at) * vibrato / testRate
		source := 0.1 * r.NormFloat64()
		if voiced {
			source = 0
			if glottis >= 1 {
				glottis, source = glottis-1, 1
			}
		}
		for k := range tract {
			formant := vowel[k] + (nextVowel[k]-vowel[k])*min(1, 2*at)
			signal[i] += 3000 * math.Sin(math.Pi*at) * tract[k].next(source, formant, 60+40*float64(k)) / float64(k+1)
		}
	}
	return signal
}
