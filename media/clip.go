package media

import (
	"fmt"
	"time"
)

// Clip is sound ready to send: frames of one codec and one ptime, encoded once and shared by all calls that play it.
// It never changes, so any goroutine may read it. It is laid out as
//
//	intro frames | loop frames, again and again | outro frames
//
// in as many frames as Len says; an endless clip has no outro. From and Endless look at the same frames in another order.
type Clip struct {
	payload   []byte
	frameSize int   // octets
	intro     int64 // frames
	loop      int64 // frames
	outro     int64 // frames
	total     int64 // frames; 0 = endless
	first     int64 // frames left out at the beginning
	period    int64 // frames after which the clip, of an Endless source, begins anew; 0 = it does not
	codec     Codec
	ptime     time.Duration
}

// newClip makes a clip without frames.
func newClip(c Codec, ptime time.Duration) (*Clip, error) {
	size := c.FrameSize(ptime)
	if size <= 0 {
		return nil, fmt.Errorf("frames of %v: want at least one sample", ptime)
	}
	return &Clip{codec: c, ptime: ptime, frameSize: size}, nil
}

// Frame is the payload of frame i, counted from 0; the caller must not change it. i is below Len, where there is one.
// It does not allocate.
func (c *Clip) Frame(i int64) []byte {
	i += c.first
	total := c.total
	if c.period > 0 {
		i, total = i%c.period, c.period
	}
	switch {
	case i < c.intro:
	case total > 0 && i >= total-c.outro:
		i += c.intro + c.loop + c.outro - total
	default:
		i = c.intro + (i-c.intro)%c.loop
	}
	at := int(i) * c.frameSize
	return c.payload[at : at+c.frameSize : at+c.frameSize]
}

// Len is the number of frames; 0 = endless.
func (c *Clip) Len() int64 {
	if c.total == 0 {
		return 0
	}
	return c.total - c.first
}

// Codec is what the frames are encoded in.
func (c *Clip) Codec() Codec { return c.codec }

// Ptime is the length of a frame.
func (c *Clip) Ptime() time.Duration { return c.ptime }

// Bytes is the memory that the frames take.
func (c *Clip) Bytes() int { return len(c.payload) }
