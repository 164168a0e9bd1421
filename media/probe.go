package media

import (
	"math"
	"sync/atomic"
	"time"

	"offhook/media/detect"
)

const (
	probeLength = 100 * time.Millisecond
	probeLow    = 400.0 // Hz
	probeHigh   = 3000.0
	probeLevel  = -10.0 // dBm0
	likeness    = 0.6   // correlation from which on it is the probe
)

// Probe is a short chirp that ForProbe finds again in what a far end sends back.
func Probe() Source { return probe{} }

type probe struct{}

func (probe) key() (any, error) { return probe{}, nil }

func (probe) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	samples := chirp(scaleOf(c))
	frame := c.FrameSamples(ptime)
	clip.intro = ceil(int64(len(samples)), int64(frame))
	clip.total = clip.intro
	clip.payload = c.Encode(nil, append(samples, make([]int16, int(clip.intro)*frame-len(samples))...))
	return clip, nil
}

// chirp is the probe's samples.
func chirp(scale detect.Scale) []int16 {
	n := int(probeLength * time.Duration(scale.Rate) / time.Second)
	amplitude := scale.Milliwatt * math.Pow(10, probeLevel/20)
	samples := make([]int16, n)
	for i := range samples {
		t := float64(i) / float64(scale.Rate)
		phase := 2 * math.Pi * (probeLow*t + (probeHigh-probeLow)*t*t/(2*probeLength.Seconds()))
		samples[i] = int16(amplitude * math.Sin(phase))
	}
	return samples
}

// ForProbe seeks the sound of Probe, which is to be played meanwhile, in what the far end sends back. The round trip does not hold
// the time that packets wait in the jitter buffer of this side.
func ForProbe() Sought { return probeSought{} }

type probeSought struct{}

func (probeSought) listener(l *Listening, scale detect.Scale, e *Engine) sink {
	p := &prober{study: study{listening: l, found: new(atomic.Bool)}, scale: scale, chirp: chirp(scale), saidAt: -1}
	p.tape = e.crew.tape(p, shortestRun)
	return p
}

// prober looks for the probe in both directions.
type prober struct {
	study
	scale   detect.Scale
	chirp   []int16
	waited  atomic.Int64 // in the jitter buffer, nanoseconds
	heard   []int16
	said    []int16
	heardAt int // what was looked at
	saidAt  int // where the probe was said; -1 = nowhere yet
	looked  int
}

func (p *prober) take(heard, said []int16) bool {
	h := p.listening.session.hearing
	h.timed = true
	p.waited.Store(int64(h.waits()))
	return p.put(heard, said)
}

// longestProbe bounds what is kept to look through.
const longestProbe = 20 // seconds

// work takes in pairs of samples.
func (p *prober) work(samples []int16) error {
	if p.found.Load() || len(p.said) > longestProbe*p.scale.Rate {
		return nil
	}
	for i := 0; i+1 < len(samples); i += 2 {
		p.heard, p.said = append(p.heard, samples[i]), append(p.said, samples[i+1])
	}
	if p.saidAt < 0 {
		if p.saidAt = find(p.said, p.chirp, p.looked); p.saidAt < 0 {
			p.looked = max(0, len(p.said)-len(p.chirp))
			return nil
		}
		p.heardAt = p.saidAt
	}
	if at := find(p.heard, p.chirp, p.heardAt); at >= 0 {
		trip := time.Duration(at-p.saidAt) * time.Second / time.Duration(p.scale.Rate)
		p.listening.heard.Found, p.listening.heard.RoundTrip = true, max(0, trip-time.Duration(p.waited.Load()))
		p.found.Store(true)
	} else {
		p.heardAt = max(p.saidAt, len(p.heard)-len(p.chirp))
	}
	return nil
}

func (p *prober) finish(error) {
	p.listening.heard.Duration = time.Duration(p.taken) * time.Second / time.Duration(p.scale.Rate)
	close(p.listening.done)
}

// find is where the pattern is in samples, from a place on; -1 = nowhere. Of places that are alike it is the one most alike within the
// length of the pattern.
func find(samples, pattern []int16, from int) int {
	var own, energy float64
	for _, x := range pattern {
		own += float64(x) * float64(x)
	}
	best, most, until := -1, likeness, len(samples)-len(pattern)
	for at := from; at <= until; at++ {
		window := samples[at : at+len(pattern)]
		if at == from {
			for _, x := range window {
				energy += float64(x) * float64(x)
			}
		} else {
			out, in := float64(samples[at-1]), float64(window[len(window)-1])
			energy += in*in - out*out
		}
		if energy < own/1e5 { // 50 dB softer
			continue
		}
		if r := correlate(window, pattern) / math.Sqrt(energy*own); r > most {
			if best < 0 {
				until = min(until, at+len(pattern)/4)
			}
			best, most = at, r
		}
	}
	return best
}

func correlate(a, b []int16) (sum float64) {
	var n int64
	for i := range b {
		n += int64(a[i]) * int64(b[i])
	}
	return float64(n)
}
