package guard

import (
	"sync"
	"time"
)

// Load tells whether there is time for more work, by how long work that was
// taken waits until it begins. A count of what waits would need to know how fast
// it goes; a delay does not, and it is what the far end notices (CoDel, RFC 8289,
// measures queues in the same way).
//
//	Ready? ──> Add ──> wait ──> Begin
//
// Delays above the target for a moment are nothing: a burst, or a neighbour on
// the machine. When they last for an interval there is too much work, and from
// then on, until there has been none for a second, nothing is taken while it
// would wait longer than the target. The queue then gets shorter at the rate the
// work is done, which so goes on at full rate, and what is refused costs little.
// Methods may be called from any goroutine.
type Load struct {
	target time.Duration

	mu      sync.Mutex
	waiting int
	began   time.Time     // when work last began, or began to wait with nothing before it
	delay   time.Duration // of the work that began last
	above   time.Time     // since when delays have been above the target; zero: they are not
	seen    time.Time     // when one was above it last
	strict  time.Time     // until when each one above it counts
}

const (
	loadInterval = 100 * time.Millisecond // as CoDel's
	loadMemory   = time.Second
)

// NewLoad makes a Load that keeps delays near target.
func NewLoad(target time.Duration) *Load { return &Load{target: target} }

// Ready tells whether there is time for one more piece of work, which has come
// age ago.
func (l *Load) Ready(now time.Time, age time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if age <= l.target && !l.late(now) {
		l.above = time.Time{}
		return true
	}
	if l.above.IsZero() || now.Sub(l.seen) > loadInterval {
		l.above = now
	}
	l.seen = now
	if now.Sub(l.above) < loadInterval && now.After(l.strict) {
		return true
	}
	l.strict = now.Add(loadMemory)
	return false
}

// late tells whether what waits has waited too long, as far as is known yet.
func (l *Load) late(now time.Time) bool {
	return l.waiting > 0 && (l.delay > l.target || now.Sub(l.began) > l.target)
}

// Add tells that work waits from now on. Each Add is followed by one Begin.
func (l *Load) Add(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == 0 {
		l.began, l.delay = now, 0
	}
	l.waiting++
}

// Begin tells that work which was added at some time begins now, or never will.
func (l *Load) Begin(now, added time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
	l.began, l.delay = now, now.Sub(added)
}

// Waiting is how much was added and has not begun.
func (l *Load) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}
