package media

import (
	"math"

	"offhook/media/tone"
)

// toneRenderer renders a tone into a clip; all numbers are samples.
type toneRenderer struct {
	clip   *Clip
	tone   tone.Tone
	frame  int64
	length int64 // 0 = endless
	ramp   int64
}

// lay decides which frames the clip consists of.
func (r *toneRenderer) lay() {
	c := r.clip
	c.intro, c.total = ceil(r.ramp, r.frame), ceil(r.length, r.frame)
	if r.length > 0 {
		c.outro = c.total - (r.length-r.ramp)/r.frame // frames that fade or that the tone does not fill
	}
	loop, fitted := r.tone.Loop(c.ptime, longestLoop)
	fitted.Phase = r.phase(loop, fitted)
	if c.total > 0 && c.total <= c.intro+loop+c.outro {
		c.intro, c.outro = c.total, 0 // short enough to be rendered as a whole, and so with the very frequencies
		r.tone.Phase = fitted.Phase
		return
	}
	c.loop, r.tone = loop, fitted
}

// render appends frames of the tone, from the frame first on.
func (r *toneRenderer) render(first, frames int64) {
	if frames == 0 {
		return
	}
	pcm := make([]float64, frames*r.frame)
	first *= r.frame
	sounding := pcm
	if r.length > 0 {
		sounding = pcm[:min(int64(len(pcm)), r.length-first)]
	}
	r.tone.Render(sounding, first)
	tone.Fade(sounding, first, r.length, r.ramp)
	r.clip.payload = encodeReal(r.clip.codec, r.clip.payload, pcm)
}

const (
	levelError = 0.1  // dB, that a phase may leave
	phases     = 64   // of which the first quarter is tried: the others give the same magnitudes
	fewSamples = 4000 // from here on a loop has so many different samples that their errors cancel out
)

// phase chooses the phase that the tone begins at, in cycles. A sine whose frequency goes into the sample rate takes only
// a few values, 1000 Hz three magnitudes, and if those lie badly in their quantising intervals its level is up to 0.5 dB
// off. With the phase the values change: G.711's own sequence of 1 kHz (Tables 5 and 6) begins at 22.5°.
func (r *toneRenderer) phase(loop int64, t tone.Tone) float64 {
	if len(t.Frequencies) > 1 || loop*r.frame > fewSamples {
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
	pcm := make([]float64, loop*r.frame)
	t.Render(pcm, 0)
	var sine, cosine float64
	for i, x := range r.clip.codec.Decode(nil, encodeReal(r.clip.codec, nil, pcm)) {
		s, c := math.Sincos(2 * math.Pi * t.Frequencies[0] * float64(i) / float64(t.SampleRate))
		sine += float64(x) * s
		cosine += float64(x) * c
	}
	return 20 * math.Log10(2*math.Hypot(sine, cosine)/float64(len(pcm))/t.Amplitude)
}

// encodeReal encodes samples that were not rounded to 16 bits. They are rounded down: a 16-bit sample stands for all up to
// the next one, and so what comes out is what G.711 says for the very number.
func encodeReal(c Codec, dst []byte, samples []float64) []byte {
	var pcm [1]int16
	for _, x := range samples {
		pcm[0] = int16(math.Floor(max(math.MinInt16, min(math.MaxInt16, x))))
		dst = c.Encode(dst, pcm[:])
	}
	return dst
}
