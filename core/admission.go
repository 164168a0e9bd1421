package core

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// admit counts a new call in, or says why it is not taken after all: busy was
// asked a moment ago.
func (s *Server) admit(c *Call) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.total.Add(1)
	if retryAfter, count := s.fullNow(); retryAfter > 0 {
		s.stats.failed.Add(1)
		count.Add(1)
		return retryLater(spread(retryAfter))
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

// busy says for how many seconds at least a new INVITE should not come again, 0 when it
// is taken: asked before anything is made for it. A copy of one that was refused
// is asked about, and counted, again: nothing is known of it.
func (s *Server) busy() (retryAfter int) {
	now := time.Now()
	retryAfter, count := s.full()
	switch {
	case retryAfter > 0:
	case !s.load.Ready(now, s.transport.Lag()):
		retryAfter, count = 1, &s.stats.overload
	case !s.rate.Take(now):
		retryAfter, count = 1, &s.stats.rate
	default:
		return 0
	}
	count.Add(1)
	s.stats.total.Add(1)
	s.stats.failed.Add(1)
	return retryAfter
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

// retryLater is 503 with a Retry-After (RFC 3261 §20.33).
func retryLater(seconds int) *refusal {
	return unavailable.with("Retry-After", strconv.Itoa(seconds))
}

// spread is seconds to twice as many, so that the callers of one overload do not
// all come back at once.
func spread(seconds int) int { return seconds + rand.IntN(seconds+1) }
