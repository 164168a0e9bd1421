package core

import "time"

// Stages are how long after its INVITE was taken a call got how far; 0: it did not.
type Stages struct {
	Trying    time.Duration // 100 was sent
	Ringing   time.Duration // the first 180
	Answered  time.Duration // the 200
	Confirmed time.Duration // its ACK came
	FirstRTP  time.Duration // the first RTP packet came
}

// Stages tells how far the call got, and when.
func (c *Call) Stages() Stages {
	first := c.Stats().Received.First
	c.shard.Lock()
	defer c.shard.Unlock()
	s := c.stages
	if !first.IsZero() {
		s.FirstRTP = max(1, first.Sub(c.began))
	}
	return s
}

// mark notes a stage that is reached for the first time. The shard is locked.
func (c *Call) mark(stage *time.Duration) {
	if *stage == 0 {
		*stage = max(1, time.Since(c.began))
	}
}
