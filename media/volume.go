package media

import (
	"math"
	"time"
)

// warmUp is how many frames before it an ADPCM codec has to see to make of a frame what it is.
const warmUp = 10

// volume makes the frames of one call from those of a clip that all share, louder or softer. A change goes over one frame, sample
// by sample, so that it does not click.
type volume struct {
	codec   Codec
	decoder Decoder
	encoder Encoder
	factor  float64 // of the last sample
	target  float64 // of the samples to come
	pcm     []int16
	payload []byte
}

// newVolume is a volume that has changed nothing up to frame i of clip.
func newVolume(clip *Clip, i int64) *volume {
	v := &volume{codec: clip.codec, decoder: clip.codec.Decoder(), encoder: clip.codec.Encoder(), factor: 1, target: 1}
	if clip.codec.hasMemory() {
		for before := max(i-warmUp, 0); before < i; before++ {
			v.frame(clip.Frame(before))
		}
	}
	return v
}

// frame is the payload in place of that of the clip, until the next one.
func (v *volume) frame(payload []byte) []byte {
	v.pcm = v.decoder.Decode(v.pcm[:0], payload)
	step := (v.target - v.factor) / float64(len(v.pcm))
	for i, x := range v.pcm {
		v.factor += step
		v.pcm[i] = amplify(x, v.factor)
	}
	v.factor = v.target
	v.payload = v.encoder.Encode(v.payload[:0], v.pcm)
	return v.payload
}

// idle tells whether the clip's own frames can be sent again. What a codec remembers of ours would make them click.
func (v *volume) idle() bool { return v.factor == 1 && v.target == 1 && !v.codec.hasMemory() }

// SetVolume makes what is sent from the next packet on louder by so many dB than the source is, or softer when below 0, from -100
// to 100. Digits and an echo stay as they are.
func (p *Playback) SetVolume(dB float64) {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	if p.clip == nil || p.status != "" {
		return
	}
	if p.volume == nil {
		p.volume = newVolume(p.clip, p.frame)
	}
	p.volume.target = math.Pow(10, max(-100, min(dB, 100))/20)
}

// payload is that of the frame that is sent next, of a source; session.mu is held.
func (p *Playback) payload() []byte {
	frame := p.clip.Frame(p.frame)
	if p.volume != nil && p.volume.idle() {
		p.volume = nil
	}
	if p.volume != nil {
		frame = p.volume.frame(frame)
	}
	return frame[p.clip.codec.FrameSize(p.cut):]
}

// recode goes on with a clip of another codec or ptime, after a re-INVITE; session.mu is held. The first packet is a part of a frame when
// none begins where the last packet ended.
func (p *Playback) recode(clip *Clip) {
	at := time.Duration(p.frame)*p.ptime + p.cut
	p.frame, p.cut = int64(at/clip.ptime), at%clip.ptime
	p.clip, p.ptime = clip, clip.ptime
	if p.volume != nil {
		louder := newVolume(clip, p.frame)
		louder.factor, louder.target = p.volume.factor, p.volume.target
		p.volume = louder
	}
}
