package media

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrPastEnd is for a source that is to begin after its end.
var ErrPastEnd = errors.New("begins after the end of the sound")

var (
	errNotSampled = errors.New("a tone cannot be joined to other sounds, nor repeated a number of times")
	errLongList   = fmt.Errorf("sounds longer than %d s together", maxFileLength)
)

// From is src without its first d: of a file exactly, of other sources in whole frames. Its Clip fails with ErrPastEnd when
// nothing is left.
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
	if clip.run > 0 {
		rest.offset += sampleCount(f.d, c) * int64(clip.frameSize) / sampleCount(ptime, c)
		if rest.octets > 0 && rest.offset >= rest.octets {
			return nil, ErrPastEnd
		}
		return &rest, nil
	}
	rest.first += int64(f.d / ptime)
	if rest.total > 0 && rest.first >= rest.total {
		return nil, ErrPastEnd
	}
	return &rest, nil
}

// String is that of the source.
func (f from) String() string { return fmt.Sprint(f.source) }

// Endless is src again and again, all of it: also when it begins From somewhere the first time. A source that has no end
// stays as it is.
func Endless(src Source) Source { return repeated{src, 0} }

// Repeat is src so many times, a file without a gap.
func Repeat(src Source, times int) Source {
	if times == 1 {
		return src
	}
	return repeated{src, max(times, 1)}
}

type repeated struct {
	source Source
	times  int // 0 = without end
}

func (r repeated) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := r.source.Clip(c, ptime)
	if err != nil || clip.Len() == 0 {
		return clip, err
	}
	again := *clip
	switch {
	case clip.run > 0:
		again.octets *= int64(r.times)
	case r.times > 0:
		return nil, errNotSampled
	default:
		again.period = clip.total
		again.total = 0
	}
	return &again, nil
}

// String is that of the source.
func (r repeated) String() string { return fmt.Sprint(r.source) }

// Gain is src louder by dB, or softer when it is negative. What is too loud is clipped.
func Gain(src Source, dB float64) Source {
	if dB == 0 {
		return src
	}
	if s, ok := src.(sampled); ok {
		return sampledGain{gain{src, dB}, s}
	}
	return gain{src, dB}
}

// sampledGain is the gain of a source that can be had in samples.
type sampledGain struct {
	gain
	sampled sampled
}

func (g sampledGain) samples(rate int) ([]int16, error) {
	factor, err := g.factor()
	if err != nil {
		return nil, err
	}
	samples, err := g.sampled.samples(rate)
	if err != nil {
		return nil, err
	}
	louder := make([]int16, len(samples))
	for i, x := range samples {
		louder[i] = amplify(x, factor)
	}
	return louder, nil
}

func (g sampledGain) Clip(c Codec, ptime time.Duration) (*Clip, error) { return encode(g, c, ptime) }

// amplify clips what is too loud.
func amplify(sample int16, factor float64) int16 {
	return int16(max(math.MinInt16, min(math.Round(float64(sample)*factor), math.MaxInt16)))
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

// factor is what samples are multiplied by.
func (g gain) factor() (float64, error) {
	if math.IsNaN(g.dB) || math.Abs(g.dB) > 100 {
		return 0, fmt.Errorf("gain of %g dB: want -100 to 100", g.dB)
	}
	return math.Pow(10, g.dB/20), nil
}

func (g gain) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	factor, err := g.factor()
	if err != nil {
		return nil, err
	}
	clip, err := g.source.Clip(c, ptime)
	if err != nil {
		return nil, err
	}
	var table [256]byte // of one octet: G.711 has no memory
	for i := range table {
		table[i] = c.Encode(nil, []int16{amplify(c.Decode(nil, []byte{byte(i)})[0], factor)})[0]
	}
	louder := *clip
	louder.payload = make([]byte, len(clip.payload))
	for i, b := range clip.payload {
		louder.payload[i] = table[b]
	}
	return &louder, nil
}
