// Package detect recognises simple things in a stream of samples as it comes: sound, silence, tones. It is pure, allocates nothing
// while samples come, and costs little enough to run on a pacing thread. Package measure looks more closely, at more cost.
package detect

import (
	"math"
	"time"
)

// Scale says what samples mean.
type Scale struct {
	Rate      int     // samples per second
	Milliwatt float64 // peak of a sine of 0 dBm0
}

// power is the mean square of a sine of a level in dBm0.
func (s Scale) power(dBm0 float64) float64 {
	return s.Milliwatt * s.Milliwatt / 2 * math.Pow(10, dBm0/10)
}

func (s Scale) duration(samples int64) time.Duration {
	rate := int64(s.Rate)
	return time.Duration(samples/rate)*time.Second + time.Duration(samples%rate)*time.Second/time.Duration(rate)
}

// Activity tells sound from silence, in blocks of 20 ms.
type Activity struct {
	scale     Scale
	threshold float64 // energy of a block
	block     int

	energy float64
	filled int   // samples of the block
	total  int64 // samples of whole blocks
	first  int64 // where sound was first; -1 = nowhere yet
	last   int64 // where the latest sound ended
	loud   int64 // samples of sound since the last pause
}

// pause is the silence that may be within speech.
const pause = 300 * time.Millisecond

// NewActivity takes what is below a level in dBm0 for silence.
func NewActivity(s Scale, threshold float64) *Activity {
	block := max(1, s.Rate/50)
	return &Activity{scale: s, threshold: s.power(threshold) * float64(block), block: block, first: -1}
}

// Write takes in samples.
func (a *Activity) Write(samples []int16) {
	for _, x := range samples {
		a.energy += float64(x) * float64(x)
		if a.filled++; a.filled == a.block {
			a.judge()
		}
	}
}

func (a *Activity) judge() {
	begin := a.total
	a.total += int64(a.block)
	if a.energy >= a.threshold {
		if a.first < 0 {
			a.first = begin
		}
		a.last = a.total
		a.loud += int64(a.block)
	} else if a.Quiet() > pause {
		a.loud = 0
	}
	a.energy, a.filled = 0, 0
}

// Quiet is for how long it has been silent.
func (a *Activity) Quiet() time.Duration { return a.scale.duration(a.total - a.last) }

// Sounding is how much sound there was since the latest pause of more than 300 ms.
func (a *Activity) Sounding() time.Duration { return a.scale.duration(a.loud) }

// Span is the samples between the first sound and the end of the last; false: there was none.
func (a *Activity) Span() (first, end int64, ok bool) { return a.first, a.last, a.first >= 0 }
