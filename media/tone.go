package media

import (
	"fmt"
	"time"

	"offhook/media/tone"
)

// ToneOptions describe a tone.
type ToneOptions struct {
	Frequencies []float64     // Hz, each below half the sample rate; several sound together
	Spec        ToneSpec      // any other tone, in place of Frequencies
	Level       float64       // dBm0 of each frequency; of noise the whole, of a modulated tone its carrier
	Duration    time.Duration // 0 = as long as the tone lasts, which may be without end
	Ramp        time.Duration // how long it takes to swell at the start and to fade at the end, and so for each part of a cadence; 0 = none
}

// ToneSpec is a tone read from text, see ParseTone.
type ToneSpec = tone.Spec

// UnknownTone is the error of ParseTone for a name that is in none of its lists.
type UnknownTone = tone.UnknownError

// ParseTone reads a tone: "440+480/2000,0/4000", "us.busy", "milliwatt", "sweep 300-3400/10s", "noise.pink", "dtmf:123#"; see
// tone.Parse for all there are. Errors name the position; a name that is not known is an *UnknownTone.
func ParseTone(text string) (ToneSpec, error) { return tone.Parse(text) }

// Tone is a tone. What cannot be had, such as a frequency above half the sample rate or a level above the codec's
// overload point, is an error of Clip.
//
// The clip of a long tone is a loop of up to a minute that holds whole cycles, so it repeats without a click. Multiples of
// 0.05 Hz are exact; most others are within 0.001 Hz of what was asked for, all within 0.0083 Hz. A cadence is exact to the
// sample and its loop holds whole periods, up to five minutes of them.
//
// The level of a single frequency is within 0.2 dB down to -45 dBm0. To that end a tone of few different samples, such as
// 1000 Hz, may begin at another phase than zero.
func Tone(o ToneOptions) Source {
	if len(o.Spec.Parts) == 0 {
		o.Spec = tone.Of(o.Frequencies...)
	}
	return toneSource{o}
}

const (
	longestLoop    = time.Minute
	longestCadence = 5 * time.Minute // loop of whole periods in whole frames
)

type toneSource struct{ ToneOptions }

// toneKey is what makes two tones the same.
type toneKey struct {
	parts          string
	level          float64
	duration, ramp time.Duration
}

func (s toneSource) key() (any, error) {
	return toneKey{s.Spec.Key(), s.Level, s.Duration, s.Ramp}, nil
}

func (s toneSource) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	if err := s.check(c); err != nil {
		return nil, err
	}
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	return renderTone(clip, s.ToneOptions)
}

// check tells why the tone cannot be had in a codec.
func (s toneSource) check(c Codec) error {
	for _, part := range s.Spec.Parts {
		peak := s.Level + part.Sound.Peak()
		if part.Sound.Kind != tone.Silence && !(peak <= c.Overload()) { // NaN is not
			return fmt.Errorf("%s at %g dBm0: peaks at %.2f dBm0, above the %.2f dBm0 of %v", part.Sound, s.Level, peak, c.Overload(), c)
		}
	}
	if s.Duration < 0 || s.Ramp < 0 || s.Ramp > longestLoop {
		return fmt.Errorf("tone for %v with a ramp of %v: want no less than 0, and a ramp of up to %v", s.Duration, s.Ramp, longestLoop)
	}
	return nil
}

// sampleCount is a duration in samples, rounded.
func sampleCount(d time.Duration, c Codec) int64 {
	rate := time.Duration(c.SampleRate())
	return int64(d/time.Second*rate + (d%time.Second*rate+time.Second/2)/time.Second)
}

func ceil(n, unit int64) int64 { return (n + unit - 1) / unit }
