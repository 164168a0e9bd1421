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

func favour() error           { return nil }
func prioritise(uint32) error { return nil }

const shardPriority, postmanPriority = 0, 0

// lead is how long before they are due packets are made: here they are sent as they are made.
const lead = 0

// outbox is what packets do not wait in.
type outbox struct{}

func newOutbox(*monotonic) *outbox { return nil }

func (*outbox) post(*socketPair, []byte, instant) error { return nil }
func (*outbox) crowded() bool                           { return false }
func (*outbox) flush()                                  {}
func (*outbox) late(int) uint64                         { return 0 }
func (*outbox) deliver()                                {}
func (*outbox) close()                                  {}
