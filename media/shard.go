package media

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// longestSleep bounds how long a new session waits until its shard notices it.
	longestSleep = 5 * time.Millisecond
	// shortestSleep spares wake-ups: what is made meanwhile is not due before lead.
	shortestSleep = min(lead/10, longestSleep)
)

// patience is how long a shard without sessions goes on looking for new ones by itself, which costs less than to be woken
// for each of the calls that come one after the other.
const patience = time.Second

// shard paces its part of the sessions: one goroutine, which sleeps until the next slot of its wheel,
// serves the sessions in it and puts them back at their next deadlines. It is lead ahead of the stream that it makes; a thread
// of its own, the postman, sends the packets when they are due (outbox_linux.go).
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
	realtime bool            // the postman is to have real-time priority
	out      *outbox
	started  bool // guarded by the engine

	sessions atomic.Int64 // open, for the choice of a shard
	lateness latenessCounts
}

func newShard(clock *monotonic, o Options, running *sync.WaitGroup) *shard {
	return &shard{
		log: o.Log, clock: clock, work: newWork(), wake: make(chan struct{}, 1), running: running,
		realtime: !o.NoRealtime, out: newOutbox(clock),
	}
}

// start begins to pace; the two goroutines end after stop.
func (sh *shard) start() {
	sh.started = true
	sh.running.Go(func() {
		defer sh.out.close()
		_ = sh.lock(shardPriority)
		sh.run()
	})
	sh.running.Go(func() {
		if err := sh.lock(postmanPriority); err != nil {
			sh.log.Info("media: no real-time priority for pacing, packets may be late while the CPU is busy", "error", err)
		}
		sh.out.deliver()
	})
}

// lock gives the goroutine a thread of its own, whose wake-ups are prompt. It is never unlocked: the thread ends with the
// goroutine, and its priority with it. The error tells why that is not a real-time priority.
func (sh *shard) lock(priority uint32) error {
	runtime.LockOSThread()
	if err := favour(); err != nil {
		sh.log.Debug("media: pacing thread keeps its ordinary priority", "error", err)
	}
	if !sh.realtime {
		return nil
	}
	return prioritise(priority)
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
	s.wire.(*socketPair).out, s.lead = sh.out, lead
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
			sh.clock.sleepUntil(min(max(slot, now.add(shortestSleep)), now.add(longestSleep)))
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
		if sh.out.crowded() {
			return
		}
		now := sh.clock.now()
		for s := sh.wheel.take(n); s != nil; {
			next := s.next
			if sh.serve(s, now) {
				sh.wheel.insert(s)
			} else {
				s.next = nil
			}
			s = next
		}
		sh.out.flush()
	}
	sh.wheel.turned = max(sh.wheel.turned, current)
}

// serve does what is due for s; false means that the shard lets go of s, because it is closed, or because it panicked:
// that costs the one session its sound, not all of them.
func (sh *shard) serve(s *Session, now instant) (again bool) {
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
	due := s.deadline
	alive := s.serveLocked(now, sh.work)
	if sh.work.paced {
		sh.lateness.add(now.sub(due))
	}
	sh.work.deliver(s)
	return alive
}
