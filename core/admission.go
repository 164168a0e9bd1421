package core

import (
	"math/rand/v2"
	"strconv"
)

// admit counts a new call in, or says why it is not taken. The Retry-After is
// spread, so that the callers of one overload do not all come back at once.
func (s *Server) admit(c *Call) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.total.Add(1)
	switch {
	case s.draining:
		s.stats.failed.Add(1)
		return retryLater(30)
	case s.stats.active.Load() >= int64(s.o.MaxCalls):
		s.stats.failed.Add(1)
		return retryLater(5)
	}
	if r := c.trunk.admit(); r != nil {
		s.stats.failed.Add(1)
		return r
	}
	s.stats.active.Add(1)
	s.dialogs[c.dialog.id] = c
	s.handlers.Add(1)
	return nil
}

// leave counts a call out, when its handler has returned.
func (s *Server) leave(t *trunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.leave()
	if s.stats.active.Add(-1) == 0 && s.draining {
		close(s.idle)
	}
	s.handlers.Done()
}

// forget ends the reach of in-dialog requests.
func (s *Server) forget(id dialogID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dialogs, id)
}

// retryLater is 503 with a Retry-After of seconds to twice as many (RFC 3261 §20.33).
func retryLater(seconds int) *refusal {
	return unavailable.with("Retry-After", strconv.Itoa(seconds+rand.IntN(seconds+1)))
}
