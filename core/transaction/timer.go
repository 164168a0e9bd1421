package transaction

import (
	"container/heap"
	"time"
)

// Timers are the base values that the timers of RFC 3261 §17 are made of. A zero value is the default. T4 is not
// among them: Timer I lasts 64·T1 here (see tombstone), and Timer K is not needed (see nextClientNonInvite).
type Timers struct {
	T1 time.Duration // estimate of the round trip; default 500 ms
	T2 time.Duration // longest interval between copies of anything but an INVITE; default 4 s
}

func (t Timers) withDefaults() Timers {
	if t.T1 <= 0 {
		t.T1 = 500 * time.Millisecond
	}
	if t.T2 <= 0 {
		t.T2 = 4 * time.Second
	}
	return t
}

// Timeout is 64·T1: the value of Timers B, F, H, J, L and M, and the time the TU waits for the ACK to a 2xx.
func (t Timers) Timeout() time.Duration { return 64 * t.T1 }

// Next is the interval after d when copies are sent at T1, 2·T1, … T2 (Timers E and G, and the TU's 2xx).
func (t Timers) Next(d time.Duration) time.Duration { return min(2*d, t.T2) }

// A Timer runs a function once, with its shard locked. Its methods need the shard locked; therefore, once Stop has
// returned, the function does not run.
type Timer struct {
	shard *Shard
	at    time.Duration // since the layer's epoch
	seq   uint64        // orders timers that are due at the same instant
	index int           // in the shard's queue, or idle
	fn    func()
}

const idle = -1

// AfterFunc calls fn after d with the shard locked. The shard must be locked. fn never runs inside AfterFunc, even if
// d is not positive, and not at all after Layer.Close.
func (s *Shard) AfterFunc(d time.Duration, fn func()) *Timer {
	t := &Timer{shard: s, index: idle, fn: fn}
	t.Reset(d)
	return t
}

// Stop keeps the function from running, and reports whether it was still going to. A nil Timer is a stopped one.
func (t *Timer) Stop() bool {
	if t == nil || t.index == idle {
		return false
	}
	// The runtime timer is left alone: it may wake the shard once for nothing, which is cheaper than a Reset here.
	heap.Remove(&t.shard.timers, t.index)
	return true
}

// Reset lets the timer run after d from now, whether or not it has run or was stopped before.
func (t *Timer) Reset(d time.Duration) {
	t.Stop()
	s := t.shard
	if s.closed {
		return
	}
	now := s.layer.now()
	t.at = now + max(d, 0)
	s.timerSeq++
	t.seq = s.timerSeq
	heap.Push(&s.timers, t)
	if t.index == 0 {
		s.wakeAt(t.at, now)
	}
}

// wakeAt sets the runtime timer to the instant at, unless it is set to an earlier one.
func (s *Shard) wakeAt(at, now time.Duration) {
	switch {
	case s.wake == nil:
		s.wake = time.AfterFunc(at-now, s.runTimers)
	case !s.awake || at < s.wakes:
		s.wake.Reset(at - now)
	default:
		return
	}
	s.awake, s.wakes = true, at
}

// runTimers runs all that is due. It is the shard's runtime timer, on a goroutine of the runtime's; it ends by itself.
func (s *Shard) runTimers() {
	s.Lock()
	defer s.Unlock()
	s.awake = false
	for !s.closed && len(s.timers) > 0 {
		now := s.layer.now()
		t := s.timers[0]
		if t.at > now {
			s.wakeAt(t.at, now)
			return
		}
		heap.Pop(&s.timers)
		s.runTimer(t)
	}
}

// runTimer keeps a panic of one timer from the others.
func (s *Shard) runTimer(t *Timer) {
	defer s.layer.recoverPanic("timer")
	t.fn()
}

// A timerQueue is a heap (container/heap) by instant, then by order of setting.
type timerQueue []*Timer

func (q timerQueue) Len() int { return len(q) }

func (q timerQueue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}

func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *timerQueue) Push(x any) {
	t := x.(*Timer)
	t.index = len(*q)
	*q = append(*q, t)
}

func (q *timerQueue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.index = idle
	return t
}
