package media

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// portPool hands out even ports whose odd neighbour is free as well (RFC 3550 §11). Pairs come in turn from a random
// start, so a restarted server does not meet the late packets of its predecessor, and a freed pair first waits out its quarantine.
//
// A freed pair keeps its sockets, up to a limit and for keepTime: to open and to close two of them costs as much as all the
// packets of a short call. Such pairs are handed out before those without.
type portPool struct {
	quarantine time.Duration
	keep       int // pairs that keep their sockets while nobody uses them; 0 = none

	mu      sync.Mutex
	free    fifo[uint16]
	bound   fifo[freedPair] // with sockets, their quarantine over
	waiting fifo[freedPair]
	used    int
	kept    int         // in waiting and bound
	idle    *time.Timer // closes sockets that nobody has used for long
	closed  bool
}

// portPair is an even port and the next one.
type portPair struct {
	port uint16
	wire wire // that an earlier session has left bound to them; nil = none
}

type freedPair struct {
	portPair
	until time.Time // end of the quarantine
}

// keepTime is how long a pair keeps its sockets after its quarantine.
const keepTime = 30 * time.Second

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

// take returns a pair that nobody here uses.
func (p *portPool) take(now time.Time) (portPair, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(now)
	switch {
	case p.bound.len() > 0:
		p.used++
		p.kept--
		return p.bound.pop().portPair, nil
	case p.free.len() > 0:
		p.used++
		return portPair{port: p.free.pop()}, nil
	}
	return portPair{}, fmt.Errorf("%w: %d pairs in use, %d in quarantine", ErrNoPort, p.used, p.waiting.len())
}

// put returns a pair, whose sockets it keeps or closes. The pair is handed out again after the quarantine, behind all
// of its kind that are free by then.
func (p *portPool) put(f portPair, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	switch {
	case f.wire == nil:
	case p.closed || p.kept >= p.keep:
		f.wire.close()
		f.wire = nil
	default:
		p.kept++
		if p.idle == nil {
			p.idle = time.AfterFunc(p.quarantine+keepTime, p.tidy)
		}
	}
	p.waiting.push(freedPair{f, now.Add(p.quarantine)})
}

// release frees the pairs whose quarantine is over; p.mu is held.
func (p *portPool) release(now time.Time) {
	for p.waiting.len() > 0 && !p.waiting.front().until.After(now) {
		f := p.waiting.pop()
		if f.wire == nil {
			p.free.push(f.port)
		} else {
			p.bound.push(f)
		}
	}
}

// tidy closes the sockets that nobody has used for keepTime, and comes back as long as there are others.
func (p *portPool) tidy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.release(now)
	for p.bound.len() > 0 && now.Sub(p.bound.front().until) >= keepTime {
		p.loosen(p.bound.pop())
	}
	if p.idle = nil; p.kept > 0 && !p.closed {
		p.idle = time.AfterFunc(keepTime, p.tidy)
	}
}

// loosen closes the sockets of a pair; p.mu is held.
func (p *portPool) loosen(f freedPair) {
	f.wire.close()
	p.kept--
	p.free.push(f.port)
}

// close closes the sockets of all pairs that nobody uses, and from then on those of each that comes back.
func (p *portPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.idle != nil {
		p.idle.Stop()
	}
	for p.bound.len() > 0 {
		p.loosen(p.bound.pop())
	}
	for range p.waiting.len() {
		f := p.waiting.pop()
		if f.wire != nil {
			f.wire.close()
			f.wire = nil
			p.kept--
		}
		p.waiting.push(f)
	}
}

// counts returns how many pairs are in use, in quarantine and free.
func (p *portPool) counts(now time.Time) (used, waiting, free int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(now)
	return p.used, p.waiting.len(), p.free.len() + p.bound.len()
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
	var none T
	q.ring[q.first] = none
	q.first = (q.first + 1) % len(q.ring)
	q.count--
	return v
}
