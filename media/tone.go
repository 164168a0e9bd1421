package media

import (
	"fmt"
	"math"
	"time"

	"offhook/media/tone"
)

// ToneOptions describe a tone.
type ToneOptions struct {
	Frequencies []float64     // Hz, each below half the sample rate; several sound together
	Level       float64       // dBm0 of each frequency
	Duration    time.Duration // 0 = endless
	Ramp        time.Duration // how long it takes to swell at the start and to fade at the end; 0 = none
}

// Tone is a tone. What cannot be had, such as a frequency above half the sample rate or a level above the codec's
// overload point, is an error of Clip.
//
// The clip of a long tone is a loop of up to a minute that holds whole cycles, so it repeats without a click. Multiples of
// 0.05 Hz are exact; most others are within 0.001 Hz of what was asked for, all within 0.0083 Hz.
//
// The level of a single frequency is within 0.2 dB down to -45 dBm0. To that end a tone of few different samples, such as
// 1000 Hz, may begin at another phase than zero.
func Tone(o ToneOptions) Source { return toneSource{o} }

const longestLoop = time.Minute

type toneSource struct{ ToneOptions }

func (s toneSource) key() (any, error) {
	return fmt.Sprintf("tone %v Hz %v dBm0 %v %v", s.Frequencies, s.Level, s.Duration, s.Ramp), nil
}

func (s toneSource) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	t := tone.Tone{SampleRate: c.SampleRate(), Frequencies: s.Frequencies, Amplitude: c.Amplitude(s.Level)}
	if err := s.check(t, c); err != nil {
		return nil, err
	}
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	r := toneRenderer{clip: clip, tone: t, frame: int64(clip.frameSize)} // one octet holds one sample
	r.length, r.ramp = sampleCount(s.Duration, c), sampleCount(s.Ramp, c)
	if r.length > 0 {
		r.ramp = min(r.ramp, r.length/2)
	}
	r.lay()
	r.render(0, clip.intro)
	r.render(clip.intro, clip.loop)
	r.render(clip.total-clip.outro, clip.outro)
	return clip, nil
}

// check tells why the tone cannot be had in a codec.
func (s toneSource) check(t tone.Tone, c Codec) error {
	if err := t.Check(); err != nil {
		return err
	}
	peak := s.Level + 20*math.Log10(float64(len(s.Frequencies)))
	if !(peak <= c.Overload()) { // NaN is not
		return fmt.Errorf("tone of %v Hz at %g dBm0: peaks at %.2f dBm0, above the %.2f dBm0 of %v", s.Frequencies, s.Level, peak, c.Overload(), c)
	}
	if s.Duration < 0 || s.Ramp < 0 || s.Ramp > longestLoop {
		return fmt.Errorf("tone of %v Hz for %v with a ramp of %v: want no less than 0, and a ramp of up to %v", s.Frequencies, s.Duration, s.Ramp, longestLoop)
	}
	return nil
}

// sampleCount is a duration in samples, rounded.
func sampleCount(d time.Duration, c Codec) int64 {
	rate := time.Duration(c.SampleRate())
	return int64(d/time.Second*rate + (d%time.Second*rate+time.Second/2)/time.Second)
}

func ceil(n, unit int64) int64 { return (n + unit - 1) / unit }
