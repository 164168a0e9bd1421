package media

import (
	"slices"
	"time"
)

// sampled is a source that can be had in samples, as files can: what is made of it is exact to the sample.
type sampled interface {
	keyed
	// samples returns all of them at a rate in Hz; who asks must not change them.
	samples(rate int) ([]int16, error)
}

// encode makes a clip of samples.
func encode(src sampled, c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	samples, err := src.samples(c.SampleRate())
	if err != nil {
		return nil, err
	}
	clip.lay(c.Encode(make([]byte, 0, len(samples)+3*clip.frameSize), samples), c.Encode(nil, make([]int16, clip.frameSize)))
	return clip, nil
}

// Join is sources one after the other without a gap, exact to the sample. They are files; another source is an error of Clip
// unless it is alone.
func Join(sources ...Source) Source {
	if len(sources) == 1 {
		return sources[0]
	}
	return joined(slices.Clone(sources))
}

type joined []Source

// joinKey identifies a list of sources: the first, and those that follow it.
type joinKey struct{ first, rest any }

func (j joined) key() (any, error) {
	var all any = joinKey{} // the end of the list
	for _, src := range slices.Backward(j) {
		k, ok := src.(keyed)
		if !ok {
			return nil, nil
		}
		key, err := k.key()
		if err != nil || key == nil {
			return nil, err
		}
		all = joinKey{key, all}
	}
	return all, nil
}

func (j joined) samples(rate int) ([]int16, error) {
	parts := make([][]int16, len(j))
	total := 0
	for i, src := range j {
		s, ok := src.(sampled)
		if !ok {
			return nil, errNotSampled
		}
		var err error
		if parts[i], err = s.samples(rate); err != nil {
			return nil, err
		}
		if total += len(parts[i]); total > maxFileLength*rate {
			return nil, errLongList
		}
	}
	return slices.Concat(parts...), nil
}

func (j joined) Clip(c Codec, ptime time.Duration) (*Clip, error) { return encode(j, c, ptime) }
