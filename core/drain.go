package core

import (
	"context"
	"fmt"
	"math"
)

// Drain takes no new calls (503 with Retry-After, also to OPTIONS) and waits
// until the calls in progress have ended. When ctx ends first, it ends them
// with BYE and says how many there were. A server that drains stays so.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	if !s.draining {
		s.draining = true
		if s.stats.active.Load() == 0 {
			close(s.idle)
		}
	}
	s.mu.Unlock()
	s.Unregister()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	n := s.endAll()
	<-s.idle // handlers return soon: their calls have ended
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d calls were ended: %w", n, ErrShutdown)
}

// Pause takes no new calls (503 with Retry-After, also to OPTIONS) until Resume. Stats.Draining says so meanwhile.
func (s *Server) Pause() { s.pause(true) }

// Resume takes calls again, after Pause; after Drain it has no effect.
func (s *Server) Resume() { s.pause(false) }

func (s *Server) pause(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = on
}

// endAll ends every call and returns how many there were.
func (s *Server) endAll() int {
	ended := 0
	for _, c := range s.Calls(math.MaxInt) {
		c.shard.Lock()
		if c.state != Ended {
			ended++
			c.hangup(ErrShutdown, HangupOptions{Code: 503, Reason: "server shutdown", Q850: 41})
		}
		if c.byeOnAck != nil && c.accepted != nil { // no time to wait for the ACK
			c.accepted.stop()
			c.accepted = nil
			c.sendBye(c.byeOnAck)
		}
		c.shard.Unlock()
	}
	return ended
}
