package media

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// longestSleep bounds how long a new session waits until its shard notices it.
const longestSleep = 5 * time.Millisecond

// patience is how long a shard without sessions goes on looking for new ones by itself, which costs less than to be woken
// for each of the calls that come one after the other.
const patience = time.Second

// shard paces its part of the sessions: one goroutine locked to one thread, which sleeps until the next slot of its wheel,
// serves the sessions in it and puts them back at their next deadlines.
//
// Deadlines are absolute, so lateness does not add up. A session whose lock is held at its deadline, by a call of one of its
// methods, is tried again in the next slot: the shard waits for nobody. Without sessions the thread sleeps for good.
type shard struct {
	log   *slog.Logger
	clock *monotonic
	wheel wheel
	work  *work

	arrived  atomic.Pointer[Session] // newly opened sessions, linked by next, latest first
	wake     chan struct{}           // tells a shard without sessions that one arrived, or to end
	resting  atomic.Bool             // the shard waits for wake
	stopping atomic.Bool
	running  *sync.WaitGroup // of the engine
	started  bool            // guarded by the engine

	sessions atomic.Int64 // open, for the choice of a shard
	lateness latenessCounts
}

func newShard(clock *monotonic, log *slog.Logger, running *sync.WaitGroup) *shard {
	return &shard{log: log, clock: clock, work: newWork(), wake: make(chan struct{}, 1), running: running}
}

// start begins to pace; the goroutine ends after stop.
func (sh *shard) start() {
	sh.started = true
	reserveProcs(1)
	sh.running.Go(func() {
		// Never unlocked: the thread ends with the goroutine, and its scheduling class with it.
		runtime.LockOSThread()
		if err := prioritise(); err != nil {
			sh.log.Debug("media: pacing thread keeps the ordinary scheduling class", "error", err)
		}
		sh.run()
	})
}

// stop ends the goroutine. The sessions must have been closed.
func (sh *shard) stop() {
	sh.stopping.Store(true)
	sh.rouse()
}

func (sh *shard) rouse() {
	select {
	case sh.wake <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// add gives s to the shard, which never waits for it. The engine is locked.
func (sh *shard) add(s *Session) {
	if !sh.started {
		sh.start()
	}
	sh.sessions.Add(1)
	for {
		s.next = sh.arrived.Load()
		if sh.arrived.CompareAndSwap(s.next, s) {
			break
		}
	}
	if sh.resting.Load() {
		sh.rouse()
	}
}

// kick does nothing: a shard looks after an idle session every idlePeriod.
func (sh *shard) kick(*Session) {}

// remove only counts: the shard lets go of a closed session when it next comes to it.
func (sh *shard) remove(*Session) { sh.sessions.Add(-1) }

func (sh *shard) now() instant { return sh.clock.now() }

func (sh *shard) run() {
	busy := sh.clock.now() // when there was a session last
	for !sh.stopping.Load() {
		sh.adopt()
		now := sh.clock.now()
		if sh.wheel.count > 0 {
			busy = now
			slot := instant(sh.wheel.next() * int64(wheelSlot))
			sh.clock.sleepUntil(min(slot, now.add(longestSleep)))
			sh.turn()
			continue
		}
		if now.sub(busy) < patience {
			sh.clock.sleepUntil(now.add(longestSleep))
			continue
		}
		sh.resting.Store(true)
		if sh.arrived.Load() == nil {
			<-sh.wake
		}
		sh.resting.Store(false)
	}
}

// adopt places the sessions that arrived.
func (sh *shard) adopt() {
	s := sh.arrived.Swap(nil)
	if s == nil {
		return
	}
	if sh.wheel.count == 0 {
		sh.wheel.turned = slotOf(sh.clock.now()) - 1
	}
	for s != nil {
		next := s.next
		sh.wheel.place(s)
		s = next
	}
}

// turn serves the sessions of all slots that have begun. What becomes due meanwhile waits for the next turn, so that a
// shard with too much to do still takes in new sessions and sees that it is to stop.
func (sh *shard) turn() {
	current := int64(sh.clock.now()) / int64(wheelSlot)
	for sh.wheel.count > 0 {
		n := sh.wheel.next()
		if n > current {
			break
		}
		for s := sh.wheel.take(n); s != nil; {
			next := s.next
			if sh.serve(s) {
				sh.wheel.insert(s)
			} else {
				s.next = nil
			}
			s = next
		}
	}
	sh.wheel.turned = max(sh.wheel.turned, current)
}

// serve does what is due for s; false means that the shard lets go of s, because it is closed, or because it panicked:
// that costs the one session its sound, not all of them.
func (sh *shard) serve(s *Session) (again bool) {
	defer func() {
		if r := recover(); r != nil {
			sh.log.Error("media: session dropped", "local", s.local, "panic", r, "stack", string(debug.Stack()))
			sh.work = newWork()
			s.fail()
			again = false
		}
	}()
	if !s.mu.TryLock() {
		return true
	}
	due, now := s.deadline, sh.clock.now()
	alive := s.serveLocked(now, sh.work)
	if sh.work.paced {
		sh.lateness.add(now.sub(due))
	}
	sh.work.deliver(s)
	return alive
}
