package tone

import (
	"fmt"
	"math"
	"time"
)

// Tone is one or several sines.
type Tone struct {
	SampleRate  int       // Hz
	Frequencies []float64 // Hz
	Amplitude   float64   // peak of each, in units of samples
	Phase       float64   // that each begins at, in cycles; 0 begins at zero and rises
}

// Check tells why the tone cannot be made; nil: it can.
func (t Tone) Check() error {
	if len(t.Frequencies) == 0 {
		return fmt.Errorf("tone: no frequency")
	}
	for _, f := range t.Frequencies {
		if !(f > 0 && f < float64(t.SampleRate)/2) {
			return fmt.Errorf("tone of %g Hz: want more than 0 and less than %g, half the sample rate", f, float64(t.SampleRate)/2)
		}
	}
	return nil
}

// Render fills samples with the tone from sample number first on.
func (t Tone) Render(samples []float64, first int64) {
	for i := range samples {
		samples[i] = t.at(first + int64(i))
	}
}

// at is sample n of the tone. The whole cycles are taken off before they become an angle, so that the phase does not lose
// precision in a long tone.
func (t Tone) at(n int64) float64 {
	sum := 0.0
	for _, f := range t.Frequencies {
		_, cycle := math.Modf(f*float64(n)/float64(t.SampleRate) + t.Phase)
		sum += math.Sin(2 * math.Pi * cycle)
	}
	return t.Amplitude * sum
}

const (
	exact = 1e-7 // Hz: room for the rounding of floating point
	near  = 1e-3 // Hz: two millionths of 440 Hz, less than what the clocks of two telephones differ by
)

// Loop chooses how many frames of ptime to render of the tone, so that it can be repeated without a click: whole cycles of
// each frequency must fit. It returns that number, and the tone with its frequencies moved onto whole cycles. Of the loops
// up to longest it takes, in this order:
//
//   - the shortest in which the frequencies fit as they are, as do all multiples of 0.05 Hz in 20 s;
//   - the shortest in which they move by up to 0.001 Hz;
//   - the one in which they move least, at most 1/(2·longest): 0.0083 Hz for a minute.
func (t Tone) Loop(ptime, longest time.Duration) (frames int64, fitted Tone) {
	most := max(int64(longest/ptime), 1)
	least := math.Inf(1)
	for k := int64(1); k <= most; k++ {
		off := t.off(float64(k) * ptime.Seconds())
		if off <= exact {
			frames = k
			break
		}
		if off < least && least > near {
			least, frames = off, k
		}
	}
	return frames, t.fit(float64(frames) * ptime.Seconds())
}

// fit moves the frequencies onto whole cycles in a loop.
func (t Tone) fit(seconds float64) Tone {
	moved := make([]float64, len(t.Frequencies))
	for i, f := range t.Frequencies {
		moved[i] = math.Round(f*seconds) / seconds
	}
	t.Frequencies = moved
	return t
}

// off is by how many Hz the frequencies miss whole cycles in a loop, at most.
func (t Tone) off(seconds float64) float64 {
	worst := 0.0
	for _, f := range t.Frequencies {
		worst = max(worst, math.Abs(f-math.Round(f*seconds)/seconds))
	}
	return worst
}

// Fade lets a sound of length samples swell over its first ramp samples and fade over its last, along half a cosine. samples
// are those from sample number first on. A length of 0 has no end.
func Fade(samples []float64, first, length, ramp int64) {
	for i := range samples {
		at := first + int64(i)
		edge := at
		if length > 0 {
			edge = min(at, length-1-at)
		}
		samples[i] *= swell(edge, ramp)
	}
}

// FadeOut is Fade for the end alone.
func FadeOut(samples []float64, first, length, ramp int64) {
	for i := range samples {
		if edge := length - 1 - first - int64(i); length > 0 {
			samples[i] *= swell(edge, ramp)
		}
	}
}

// swell is how loud a sound is at so many samples from silence.
func swell(edge, ramp int64) float64 {
	if edge >= ramp {
		return 1
	}
	return (1 - math.Cos(math.Pi*(float64(edge)+0.5)/float64(ramp))) / 2
}
