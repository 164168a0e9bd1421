package core

import (
	"fmt"
	"time"

	"offhook/core/journal"
	"offhook/media"
)

// Play sends a source, in place of what was playing. The call must be answered,
// or have early media.
func (c *Call) Play(src media.Source) (*media.Playback, error) {
	session, err := c.media()
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	p, err := session.Play(src) // outside the lock: it may have to encode the source
	if err == nil && c.journal != nil {
		c.noteMedia(fmt.Sprint("plays ", src))
	}
	return p, err
}

// SendDTMF sends digits by RFC 4733.
func (c *Call) SendDTMF(digits string, on, gap time.Duration) (*media.Playback, error) {
	session, err := c.media()
	if err != nil {
		return nil, fmt.Errorf("send digits: %w", err)
	}
	return session.SendDTMF(digits, on, gap)
}

// Echo sends back what is heard, in place of what was playing.
func (c *Call) Echo(o media.EchoOptions) (*media.Playback, error) {
	session, err := c.media()
	if err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	return session.Echo(o)
}

// Record writes what is heard to a file; the end of the call ends it.
func (c *Call) Record(o media.RecordOptions) (*media.Recording, error) {
	session, err := c.media()
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r, err := session.Record(o) // outside the lock: it makes the file
	if err == nil && c.journal != nil {
		c.noteMedia("records to " + o.Name)
		c.journal.Update(func(j *journal.Call) {
			j.Recordings = append(j.Recordings[:len(j.Recordings):len(j.Recordings)], o.Name)
		})
	}
	return r, err
}

// Listen looks for something in what is heard; the end of the call ends it.
func (c *Call) Listen(what media.Sought) (*media.Listening, error) {
	session, err := c.media()
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return session.Listen(what)
}

// TellTones lets the call tell of each steady tone that is heard from now on, as EventTone: also when there is no media yet.
func (c *Call) TellTones() {
	c.shard.Lock()
	defer c.shard.Unlock()
	c.tellsTones = true
	if c.session != nil {
		c.session.TellTones()
	}
}

// Impair sends RTP as over a bad network; see media.Session.Impair.
func (c *Call) Impair(o media.Impairment) error {
	session, err := c.media()
	if err != nil {
		return fmt.Errorf("impair: %w", err)
	}
	return session.Impair(o)
}

// Capture hands every packet that comes in to fn; see media.Session.Capture.
func (c *Call) Capture(fn func(media.Received)) error {
	session, err := c.media()
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	session.Capture(fn)
	return nil
}

// Stats tells what was sent and received.
func (c *Call) Stats() media.Stats {
	c.shard.Lock()
	session, final := c.session, c.final
	ended := c.state == Ended
	c.shard.Unlock()
	if session == nil || ended {
		return final
	}
	return session.Stats()
}

func (c *Call) media() (*media.Session, error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	switch {
	case c.state == Ended:
		return nil, ErrEnded
	case c.session == nil:
		return nil, ErrNoMedia
	}
	return c.session, nil
}
