package media

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ErrPastEnd is for a source that is to begin after its end.
var ErrPastEnd = errors.New("begins after the end of the sound")

// From is src without its first d, in whole frames. Its Clip fails with ErrPastEnd when nothing is left.
func From(src Source, d time.Duration) Source { return from{src, d} }

type from struct {
	source Source
	d      time.Duration
}

func (f from) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := f.source.Clip(c, ptime)
	if err != nil {
		return nil, err
	}
	rest := *clip
	rest.first += int64(f.d / ptime)
	if rest.total > 0 && rest.first >= rest.total {
		return nil, ErrPastEnd
	}
	return &rest, nil
}

// Endless is src again and again, all of it: also when it begins From somewhere the first time. A source that has no end
// stays as it is.
func Endless(src Source) Source { return endless{src} }

type endless struct{ source Source }

func (e endless) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := e.source.Clip(c, ptime)
	if err != nil || clip.total == 0 {
		return clip, err
	}
	again := *clip
	again.period = clip.total
	again.total = 0
	return &again, nil
}

// Gain is src louder by dB, or softer when it is negative. What is too loud is clipped.
func Gain(src Source, dB float64) Source {
	if dB == 0 {
		return src
	}
	return gain{src, dB}
}

type gain struct {
	source Source
	dB     float64
}

// gainKey identifies a source that was made louder.
type gainKey struct {
	source any
	dB     float64
}

func (g gain) key() (any, error) {
	k, ok := g.source.(keyed)
	if !ok {
		return nil, nil
	}
	key, err := k.key()
	if err != nil || key == nil {
		return nil, err
	}
	return gainKey{key, g.dB}, nil
}

func (g gain) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	if math.IsNaN(g.dB) || math.Abs(g.dB) > 100 {
		return nil, fmt.Errorf("gain of %g dB: want -100 to 100", g.dB)
	}
	clip, err := g.source.Clip(c, ptime)
	if err != nil {
		return nil, err
	}
	factor := math.Pow(10, g.dB/20)
	louder := *clip
	louder.payload = make([]byte, 0, len(clip.payload))
	decoder, encoder := c.Decoder(), c.Encoder()
	var pcm []int16
	for frame := range slices.Chunk(clip.payload, clip.frameSize) {
		pcm = decoder.Decode(pcm[:0], frame)
		for i, x := range pcm {
			pcm[i] = int16(max(math.MinInt16, min(math.Round(float64(x)*factor), math.MaxInt16)))
		}
		louder.payload = encoder.Encode(louder.payload, pcm)
	}
	return &louder, nil
}
