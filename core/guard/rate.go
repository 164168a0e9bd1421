package guard

import (
	"sync"
	"time"
)

// Rate is one token bucket, for something that there is one of.
type Rate struct {
	interval time.Duration // a token comes back in; 0: no limit
	burst    time.Duration

	mu   sync.Mutex
	full time.Time // when all tokens will be back
}

// NewRate has tokens come back perSecond (0: there is no limit), up to burst of
// them (0: one second's).
func NewRate(perSecond float64, burst int) *Rate {
	if perSecond <= 0 {
		return &Rate{}
	}
	interval := time.Duration(float64(time.Second) / perSecond)
	if burst == 0 {
		burst = max(int(perSecond), 1)
	}
	return &Rate{interval: interval, burst: time.Duration(burst) * interval}
}

// Take takes a token. It is false when there is none.
func (r *Rate) Take(now time.Time) bool {
	if r.interval == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	full := r.full
	if full.Before(now) {
		full = now
	}
	if full = full.Add(r.interval); full.Sub(now) > r.burst {
		return false
	}
	r.full = full
	return true
}
