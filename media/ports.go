package media

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// portPool hands out even ports whose odd neighbour is free as well (RFC 3550 §11). Pairs come in turn from a random
// start, so a restarted server does not meet the late packets of its predecessor, and a freed pair first waits out its quarantine.
type portPool struct {
	quarantine time.Duration

	mu      sync.Mutex
	free    fifo[uint16]
	waiting fifo[freedPair]
	used    int
}

type freedPair struct {
	port  uint16
	until time.Time
}

// newPortPool takes all even ports from low to high, both included, that have their odd neighbour in the range too.
func newPortPool(low, high int, quarantine time.Duration) (*portPool, error) {
	if low < 1 || high > 65535 || low > high {
		return nil, fmt.Errorf("RTP ports %d to %d: not a range within 1 to 65535", low, high)
	}
	first := low + low%2
	pairs := (high - first + 1) / 2
	if pairs < 1 {
		return nil, fmt.Errorf("RTP ports %d to %d: no even port whose next odd one is in the range", low, high)
	}
	p := &portPool{quarantine: quarantine}
	start := rand.IntN(pairs)
	for i := range pairs {
		p.free.push(uint16(first + 2*((start+i)%pairs)))
	}
	return p, nil
}

// take returns the even port of a pair that nobody here uses.
func (p *portPool) take(now time.Time) (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(now)
	if p.free.len() == 0 {
		return 0, fmt.Errorf("%w: %d pairs in use, %d in quarantine", ErrNoPort, p.used, p.waiting.len())
	}
	p.used++
	return p.free.pop(), nil
}

// put returns a pair; it is handed out again after the quarantine, behind all pairs that are free by then.
func (p *portPool) put(port uint16, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	p.waiting.push(freedPair{port, now.Add(p.quarantine)})
}

// release frees the pairs whose quarantine is over; p.mu is held.
func (p *portPool) release(now time.Time) {
	for p.waiting.len() > 0 && !p.waiting.front().until.After(now) {
		p.free.push(p.waiting.pop().port)
	}
}

// counts returns how many pairs are in use, in quarantine and free.
func (p *portPool) counts(now time.Time) (used, waiting, free int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(now)
	return p.used, p.waiting.len(), p.free.len()
}

// fifo is a queue in a ring that grows by doubling.
type fifo[T any] struct {
	ring  []T
	first int
	count int
}

func (q *fifo[T]) len() int { return q.count }

func (q *fifo[T]) front() T { return q.ring[q.first] }

func (q *fifo[T]) push(v T) {
	if q.count == len(q.ring) {
		ring := make([]T, max(16, 2*len(q.ring)))
		n := copy(ring, q.ring[q.first:])
		copy(ring[n:], q.ring[:q.first])
		q.ring, q.first = ring, 0
	}
	q.ring[(q.first+q.count)%len(q.ring)] = v
	q.count++
}

func (q *fifo[T]) pop() T {
	v := q.front()
	q.first = (q.first + 1) % len(q.ring)
	q.count--
	return v
}
