package core

import "time"

// bucket is a token bucket that holds the tokens of a second, at least one. The zero
// bucket never refuses. Whoever has it locks it.
type bucket struct {
	perSecond float64
	tokens    float64
	filled    time.Time
}

// take takes a token, if there is one.
func (b *bucket) take(now time.Time) bool {
	if b.perSecond <= 0 {
		return true
	}
	most := max(b.perSecond, 1)
	if b.filled.IsZero() {
		b.tokens = most
	} else {
		b.tokens = min(most, b.tokens+now.Sub(b.filled).Seconds()*b.perSecond)
	}
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
