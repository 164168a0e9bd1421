package tone

import (
	"math"
	"time"
)

// Score is a Spec laid out in samples.
type Score struct {
	rate   int64
	parts  []laid
	once   int64 // samples before what is repeated, or before the last part, which has no end
	period int64 // samples of what is repeated; 0 = nothing is
	length int64 // samples in all; 0 = without end
}

// laid is a part at its place.
type laid struct {
	sound         Sound
	voice         voice // nil = silence
	start, length int64 // samples; 0 = without end
	ramp          int64
}

// voice makes the samples of a part, from its own sample number first on.
type voice interface {
	Render(samples []float64, first int64)
}

// Sounding says how a Spec is to sound.
type Sounding struct {
	SampleRate int                                     // Hz
	Amplitude  float64                                 // peak of a sine of the level asked for, in units of samples
	Ramp       time.Duration                           // how long each part swells and fades, at most a third of it
	Phase      func(Tone) float64                      // that a sine begins at, in cycles; nil = 0
	Loop       func(Tone) (samples int64, fitted Tone) // that a part without end repeats after; see Tone.Loop
}

// Lay lays a spec out. Endless parts are fitted to what Loop says, which Period then tells.
func (s Spec) Lay(o Sounding) (*Score, error) {
	rate := int64(o.SampleRate)
	score := &Score{rate: rate}
	ramp := samplesOf(o.Ramp, rate)
	repeats := s.repeats()
	at := int64(0)
	for i, p := range s.Parts {
		if i == repeats || p.Duration == 0 {
			score.once = at
		}
		l := laid{sound: p.Sound, start: at, length: samplesOf(p.Duration, rate)}
		var period int64
		var err error
		if l.voice, period, err = p.Sound.voice(o, l.length); err != nil {
			return nil, err
		}
		if l.ramp = ramp; l.length > 0 {
			l.ramp = min(ramp, l.length/3)
		} else {
			score.period = period
		}
		score.parts = append(score.parts, l)
		at += l.length
	}
	switch {
	case score.period > 0: // the last part has no end
	case repeats < len(s.Parts):
		score.period = at - score.once
	default:
		score.once, score.length = at, at
	}
	return score, nil
}

// Once is how many samples come before what is repeated; for a score that ends, all.
func (s *Score) Once() int64 { return s.once }

// Period is after how many samples the rest repeats itself; 0: the score ends after Once.
func (s *Score) Period() int64 { return s.period }

// Settled is the sample from which on all repeats: the first after what comes once, and after what swells at its beginning.
func (s *Score) Settled() int64 {
	if last := s.parts[len(s.parts)-1]; last.length == 0 {
		return s.once + last.ramp
	}
	return s.once
}

// Render fills samples with those from number first on; after the end there is silence.
func (s *Score) Render(samples []float64, first int64) {
	clear(samples)
	for len(samples) > 0 {
		at := first
		if s.period > 0 && at >= s.once && s.parts[len(s.parts)-1].length > 0 {
			at = s.once + (at-s.once)%s.period
		}
		part, n := s.find(at, int64(len(samples)))
		if part == nil {
			return
		}
		if part.voice != nil {
			part.voice.Render(samples[:n], at-part.start)
			Fade(samples[:n], at-part.start, part.length, part.ramp)
		}
		samples, first = samples[n:], first+n
	}
}

// find finds the part that sample at belongs to, and how many of the next n do.
func (s *Score) find(at, n int64) (*laid, int64) {
	for i := range s.parts {
		p := &s.parts[i]
		if p.length == 0 {
			return p, n
		}
		if at < p.start+p.length {
			return p, min(n, p.start+p.length-at)
		}
	}
	return nil, n
}

// voice makes what renders a sound, and for one without end tells after how many samples it repeats itself.
func (s Sound) voice(o Sounding, length int64) (v voice, period int64, err error) {
	t := Tone{SampleRate: o.SampleRate, Frequencies: s.Frequencies, Amplitude: o.Amplitude}
	if s.Kind == Silence {
		return nil, 1, nil
	}
	if s.Kind == White || s.Kind == Pink {
		n := newNoise(s.Kind, o.SampleRate, o.Amplitude)
		return n, int64(len(n)), nil
	}
	if err := t.Check(); err != nil {
		return nil, 0, err
	}
	if s.Kind == Sweep {
		return sweep{o.SampleRate, s.Frequencies[0], s.Frequencies[1], length, o.Amplitude}, 0, nil
	}
	if length == 0 {
		period, t = o.Loop(t)
	}
	if s.Kind == Modulated {
		return modulated(t), period, nil
	}
	if o.Phase != nil {
		t.Phase = o.Phase(t)
	}
	return t, period, nil
}

// depth is how far the carrier of a modulated tone goes up and down: that of Asterisk's indications. ITU-T E.180 leaves it open.
const depth = 0.9

type modulated Tone

// Render implements voice. The modulation begins at its middle, and rises.
func (m modulated) Render(samples []float64, first int64) {
	t := Tone(m)
	carrier, envelope := t, t
	carrier.Frequencies, envelope.Frequencies, envelope.Amplitude = t.Frequencies[:1], t.Frequencies[1:], depth
	for i := range samples {
		n := first + int64(i)
		samples[i] = carrier.at(n) * (1 + envelope.at(n))
	}
}

// sweep is a sine whose frequency goes from one to another by the same factor in the same time.
type sweep struct {
	rate      int
	from, to  float64 // Hz
	length    int64   // samples
	amplitude float64
}

// Render implements voice: the cycles up to a sample are the integral of the frequency.
func (s sweep) Render(samples []float64, first int64) {
	ratio := math.Log(s.to / s.from)
	scale := s.from * float64(s.length) / float64(s.rate) / ratio
	for i := range samples {
		_, cycle := math.Modf(scale * math.Expm1(ratio*float64(first+int64(i))/float64(s.length)))
		samples[i] = s.amplitude * math.Sin(2*math.Pi*cycle)
	}
}

// samplesOf is a duration in samples, rounded.
func samplesOf(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + (int64(d%time.Second)*rate+int64(time.Second)/2)/int64(time.Second)
}

func decibels(ratio float64) float64 { return 20 * math.Log10(ratio) }
