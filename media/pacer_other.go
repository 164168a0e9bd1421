//go:build unix && !linux

package media

import "time"

// monotonic is a shard's clock.
type monotonic struct{ start time.Time }

// newMonotonic starts a clock whose origin lies offset ahead.
func newMonotonic(offset time.Duration) (*monotonic, error) {
	return &monotonic{start: time.Now().Add(offset)}, nil
}

func (m *monotonic) now() instant { return instant(time.Since(m.start)) }

func (m *monotonic) sleepUntil(t instant) { time.Sleep(t.sub(m.now())) }

func prioritise() error { return nil }

// reserveProcs does nothing: a goroutine that sleeps by time.Sleep gives its P to others.
func reserveProcs(int) {}
