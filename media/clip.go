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
//
// What was made of samples can also begin and be repeated anywhere between frames, without a copy. It is laid out as
//
//	run, of any length | its first frame again | its last frame again | a frame of silence
//
// so that a frame which goes beyond the end of the run, into its beginning or into silence, stands somewhere in one piece.
type Clip struct {
	run    int64 // octets of the run; 0 = laid out in frames
	octets int64 // in which the run, repeated, ends; 0 = endless
	offset int64 // octets left out at the beginning

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
	if c.run > 0 {
		return c.runFrame(i)
	}
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

// lay makes the payload of a run, which has at least one octet, and of a frame of silence.
func (c *Clip) lay(run, silence []byte) {
	n := len(run)
	for i := range c.frameSize {
		run = append(run, run[i%n])
	}
	for i := range c.frameSize {
		run = append(run, run[((i-c.frameSize)%n+n)%n])
	}
	c.payload = append(run, silence...)
	c.run, c.octets = int64(n), int64(n)
}

// runFrame is Frame of a clip that was made of samples.
func (c *Clip) runFrame(i int64) []byte {
	size := int64(c.frameSize)
	begin := c.offset + i*size
	at := begin % c.run
	if left := c.octets - begin; c.octets > 0 && left < size {
		at = c.run + 2*size - left
	}
	return c.payload[at : at+size : at+size]
}

// reached is how far into the sound the end of so many frames is; the silence that fills the last one does not count.
func (c *Clip) reached(frames int64) time.Duration {
	d := time.Duration(frames) * c.ptime
	if c.run > 0 && c.octets > 0 {
		d = min(d, time.Duration(float64(c.octets-c.offset)/float64(c.frameSize)*float64(c.ptime)))
	}
	return d
}

// Len is the number of frames; 0 = endless.
func (c *Clip) Len() int64 {
	if c.run > 0 {
		return ceil(c.octets-min(c.offset, c.octets), int64(c.frameSize))
	}
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
