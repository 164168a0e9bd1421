package media

import (
	"fmt"
	"time"
)

// Source is something to play. It can be had in every codec and ptime; the same source may be asked by many calls at once.
type Source interface {
	// Clip renders the source. It may take as long as reading a file takes, and is not called on a pacing thread.
	Clip(c Codec, ptime time.Duration) (*Clip, error)
}

// keyed is a source that a Cache can know again.
type keyed interface {
	Source
	// key is comparable, and the same for sources that sound the same; nil: not to be kept.
	key() (any, error)
}

// Silence is digital silence for d; 0 = endless.
func Silence(d time.Duration) Source { return silence(d) }

type silence time.Duration

func (s silence) key() (any, error) { return s, nil }

func (s silence) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	if s < 0 {
		return nil, fmt.Errorf("silence of %v: want no less than 0", time.Duration(s))
	}
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	clip.payload = c.silence(ptime)
	clip.loop = 1
	clip.total = ceil(sampleCount(time.Duration(s), c), int64(c.FrameSamples(ptime)))
	return clip, nil
}
