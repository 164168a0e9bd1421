package transport

import (
	"sync"
	"time"
)

// limiter lets perSecond events pass each second and counts the others.
type limiter struct {
	perSecond int

	mu      sync.Mutex
	second  time.Time // when the current second began
	passed  int       // events that passed in it
	refused int       // events refused since the last one that passed
}

// allow tells whether the event may pass, and if so how many did not since the
// one before.
func (l *limiter) allow() (refused int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.second) >= time.Second {
		l.second, l.passed = now, 0
	}
	if l.passed == l.perSecond {
		l.refused++
		return 0, false
	}
	l.passed++
	refused, l.refused = l.refused, 0
	return refused, true
}

// backoff spaces out attempts that keep failing: 5 ms, doubling up to 1 s.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, 5*time.Millisecond), time.Second)
	return b.last
}

func (b *backoff) reset() { b.last = 0 }
