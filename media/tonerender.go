package media

import (
	"fmt"
	"math"
	"time"

	"offhook/media/tone"
)

// toneRenderer renders a tone into a clip; all numbers are samples.
type toneRenderer struct {
	clip      *Clip
	score     *tone.Score
	frame     int64
	length    int64 // 0 = endless
	ramp      int64
	amplitude float64
}

func renderTone(clip *Clip, o ToneOptions) (*Clip, error) {
	c := clip.codec
	r := toneRenderer{clip: clip, frame: sampleCount(clip.ptime, c), amplitude: c.Amplitude(o.Level)}
	r.length, r.ramp = sampleCount(o.Duration, c), sampleCount(o.Ramp, c)
	if err := r.lay(o); err != nil {
		return nil, err
	}
	encode := c.Encoder()
	r.render(encode, 0, clip.intro)
	r.render(encode, clip.intro, clip.loop)
	r.render(encode, clip.total-clip.outro, clip.outro)
	return clip, nil
}

// lay decides which frames the clip consists of.
func (r *toneRenderer) lay(o ToneOptions) error {
	c := r.clip
	exact := tone.Sounding{SampleRate: c.codec.SampleRate(), Amplitude: r.amplitude, Ramp: o.Ramp, Loop: asItIs, Phase: r.phase}
	if r.length > 0 {
		exact.Ramp = min(o.Ramp, o.Duration/2)
	}
	looped := exact
	looped.Loop = r.loop
	var err error
	if r.score, err = o.Spec.Lay(looped); err != nil {
		return err
	}
	period := r.score.Period()
	if once := r.score.Once(); period == 0 && (r.length == 0 || once <= r.length) {
		r.length = once // the tone has an end of its own, and fades there of itself
		r.ramp = 0
	}
	if r.length > 0 {
		r.ramp = min(r.ramp, r.length/2)
	}
	c.intro, c.total = ceil(r.score.Settled(), r.frame), ceil(r.length, r.frame)
	if period > 0 {
		c.loop = period / gcd(period, r.frame) // lcm of both, in frames
		if c.codec.hasMemory() {
			c.intro += ceil(sampleCount(settling, c.codec), r.frame)
			c.loop *= ceil(sampleCount(memoryLoop, c.codec), c.loop*r.frame)
		}
	}
	if r.length > 0 {
		c.outro = c.total - (r.length-r.ramp)/r.frame // frames that fade or that the tone does not fill
	}
	if c.total > 0 && (period == 0 || c.total <= c.intro+c.loop+c.outro) {
		c.intro, c.loop, c.outro = c.total, 0, 0 // short enough to be rendered as a whole, and so with the very frequencies
		r.score, err = o.Spec.Lay(exact)
		return err
	}
	if longest := sampleCount(longestCadence, c.codec); c.loop*r.frame > longest {
		return fmt.Errorf("tone %q: its cadence of %d ms fits frames of %v only after more than %v: make it a multiple of 10 ms",
			o.Spec, period*1000/int64(c.codec.SampleRate()), c.ptime, longestCadence)
	}
	return nil
}

// A codec that remembers settles within settling. Where its loop begins anew it is not quite as when the loop was encoded, and
// comes back to it as fast: with a long loop that is seldom.
const (
	settling   = 500 * time.Millisecond
	memoryLoop = 10 * time.Second
)

// loop is how many samples of the tone to repeat, and the tone fitted to them.
func (r *toneRenderer) loop(t tone.Tone) (samples int64, fitted tone.Tone) {
	frames, fitted := t.Loop(r.clip.ptime, longestLoop)
	return frames * r.frame, fitted
}

// asItIs does not fit a tone to anything, for what is rendered as a whole.
func asItIs(t tone.Tone) (samples int64, same tone.Tone) { return 1, t }

// render appends frames of the tone, from the frame first on, a second at a time.
func (r *toneRenderer) render(e Encoder, first, frames int64) {
	block := max(int64(r.clip.codec.SampleRate())/r.frame, 1)
	pcm := make([]float64, min(frames, block)*r.frame)
	for ; frames > 0; first, frames = first+block, frames-block {
		part := pcm[:min(frames, block)*r.frame]
		at := first * r.frame
		sounding := part
		if r.length > 0 {
			sounding = part[:max(min(int64(len(part)), r.length-at), 0)]
			clear(part[len(sounding):])
		}
		r.score.Render(sounding, at)
		tone.FadeOut(sounding, at, r.length, r.ramp)
		r.clip.payload = e.Encode(r.clip.payload, whole(r.clip.codec, part))
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

const (
	levelError = 0.1  // dB, that a phase may leave
	phases     = 64   // of which the first quarter is tried: the others give the same magnitudes
	fewSamples = 4000 // from here on a loop has so many different samples that their errors cancel out
)

// phase chooses the phase that a tone begins at, in cycles. A sine whose frequency goes into the sample rate takes only
// a few values, 1000 Hz three magnitudes, and if those lie badly in their quantising intervals its level is up to 0.5 dB
// off. With the phase the values change: G.711's own sequence of 1 kHz (Tables 5 and 6) begins at 22.5°.
func (r *toneRenderer) phase(t tone.Tone) float64 {
	if len(t.Frequencies) > 1 || r.clip.codec.hasMemory() {
		return 0
	}
	loop, t := r.loop(t)
	if loop > fewSamples {
		return 0
	}
	best, least := 0.0, math.Inf(1)
	for k := range phases / 4 {
		t.Phase = float64(k) / phases
		if off := math.Abs(r.levelOff(loop, t)); off < least {
			best, least = t.Phase, off
		}
		if least <= levelError {
			break
		}
	}
	return best
}

// levelOff is by how many dB the level of t is off once a loop of it is encoded and decoded again.
func (r *toneRenderer) levelOff(loop int64, t tone.Tone) float64 {
	pcm := make([]float64, loop)
	t.Render(pcm, 0)
	c := r.clip.codec
	var sine, cosine float64
	for i, x := range c.Decode(nil, c.Encode(nil, whole(c, pcm))) {
		s, c := math.Sincos(2 * math.Pi * t.Frequencies[0] * float64(i) / float64(t.SampleRate))
		sine += float64(x) * s
		cosine += float64(x) * c
	}
	return 20 * math.Log10(2*math.Hypot(sine, cosine)/float64(len(pcm))/t.Amplitude)
}

// whole makes whole numbers of samples. For G.711 they are rounded down: a 16-bit sample stands for all up to the next one, and
// so what comes out is what G.711 says for the very number.
func whole(c Codec, samples []float64) []int16 {
	half := 0.5
	if c == PCMU || c == PCMA {
		half = 0
	}
	pcm := make([]int16, len(samples))
	for i, x := range samples {
		pcm[i] = int16(math.Floor(max(math.MinInt16, min(math.MaxInt16, x+half))))
	}
	return pcm
}
