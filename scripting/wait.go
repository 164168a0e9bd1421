package scripting

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

// pause is what a verb waits for.
type pause struct {
	done     <-chan struct{}   // closed when the thing is done; nil = nothing of the kind
	timeout  time.Duration     // negative = none
	take     func(*Event) bool // events the verb wants for itself; nil = none
	survives bool              // the end of the call ends the wait and does not unwind the script
}

// forever is the timeout of a pause that has none.
const forever = time.Duration(-1)

// woken tells why a pause ended.
type woken uint8

const (
	wokenDone woken = iota + 1
	wokenEvent
	wokenTimeout
	wokenEnded // only with pause.survives
)

// wait is the one place where a script blocks. While it waits, events go to their handlers and timers run, one at a
// time; inside a handler both queue up. Everything is looked at again after each wake-up, in a fixed order: the end of
// the call, then what the verb waits for, then events, timers and the timeout. So what happens at one moment is always
// told in the same order.
//
// A call that waits is to fit a goroutine stack of 4 KB, of which upstream's interpreter takes a third: what stands on it here and
// in block is little, and look's is gone by then.
func (r *run) wait(L *lua.LState, p pause) (woken, *Event) {
	deadline := p.deadline()
	for {
		if why, ev := r.look(L, &p, deadline); why != 0 {
			r.state.Resume() // the time slice of the script begins anew
			return why, ev
		}
		r.block(p.done, deadline)
	}
}

func (p *pause) deadline() time.Time {
	if p.timeout < 0 {
		return time.Time{}
	}
	return time.Now().Add(p.timeout)
}

// look looks at everything once, and serves what others than the verb wait for; 0 = there is nothing more to do now.
//
//go:noinline
func (r *run) look(L *lua.LState, p *pause, deadline time.Time) (woken, *Event) {
	for {
		if r.over() {
			if p.survives {
				return wokenEnded, nil
			}
			r.unwind(L)
		}
		if isClosed(p.done) {
			return wokenDone, nil
		}
		if ev := r.event(p.take); ev != nil {
			return wokenEvent, ev
		}
		if r.serveEvent() || r.serveTimer() {
			continue
		}
		if !deadline.IsZero() && !time.Now().Before(deadline) {
			return wokenTimeout, nil
		}
		return 0, nil
	}
}

// block sleeps until something may have changed.
func (r *run) block(done <-chan struct{}, deadline time.Time) {
	ended, alarm := r.ended, r.setAlarm(deadline)
	if r.closing {
		ended = nil // it has ended: on_hangup waits for other things
	}
	select {
	case <-done:
	case <-ended:
	case <-r.queue.wake:
	case <-alarm:
	}
}

// setAlarm returns what the next thing that is due will wake the script by; nil = nothing is due.
//
//go:noinline
func (r *run) setAlarm(deadline time.Time) <-chan time.Time {
	next := earliest(deadline, r.timers.next(r.handling), r.budget)
	switch {
	case next.IsZero():
		return nil
	case r.alarm == nil:
		r.alarm = time.NewTimer(time.Until(next))
	default:
		r.alarm.Reset(time.Until(next))
	}
	return r.alarm.C
}

// over tells whether the script is to be unwound: the call has ended or, in on_hangup, its time is up.
func (r *run) over() bool {
	if r.closing {
		return !r.budget.IsZero() && !time.Now().Before(r.budget)
	}
	return r.finished || r.failure != nil || isClosed(r.ended)
}

// event takes what the verb wants out of the queue; nil = it is not there.
func (r *run) event(want func(*Event) bool) *Event {
	if want == nil || r.closing {
		return nil
	}
	return r.queue.take(want)
}

// serveEvent gives the oldest event to its handlers.
func (r *run) serveEvent() bool {
	if r.handling || r.closing {
		return false
	}
	ev := r.queue.take(func(*Event) bool { return true })
	if ev != nil {
		r.dispatch(ev)
	}
	return ev != nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// earliest returns the first of the times that are set.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
