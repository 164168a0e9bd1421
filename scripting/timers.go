package scripting

import (
	"container/heap"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// shortestPeriod keeps call:every from taking the processor.
const shortestPeriod = 10 * time.Millisecond

// timer is something due at a time: a function of the script or one of ours.
type timer struct {
	due    time.Time
	order  int           // of creation: what is due at one moment runs in this order
	period time.Duration // 0 = once
	index  int           // in the heap, -1 = not in it

	name string         // of the verb that made it, for the log
	fn   *lua.LFunction // of the script: waits while a handler runs
	own  func()         // ours: runs at once
}

// timers is a heap of what is due. All of it runs on the call's goroutine, while the script waits.
type timers struct {
	scripts dueHeap // functions of the script
	own     dueHeap
	count   int
}

func (t *timers) add(d time.Duration, tm *timer) *timer {
	t.count++
	tm.due, tm.order = time.Now().Add(d), t.count
	heap.Push(t.of(tm), tm)
	return tm
}

func (t *timers) of(tm *timer) *dueHeap {
	if tm.fn != nil {
		return &t.scripts
	}
	return &t.own
}

func (t *timers) cancel(tm *timer) {
	tm.period = 0
	if tm.index >= 0 {
		heap.Remove(t.of(tm), tm.index)
	}
}

// next is when the next one is due; while a handler runs, functions of the script do not count.
func (t *timers) next(handling bool) time.Time {
	if handling {
		return earliest(t.own.first())
	}
	return earliest(t.own.first(), t.scripts.first())
}

// pop removes the first one that is due and puts it back if it is periodic.
func (h *dueHeap) pop(now time.Time) *timer {
	if len(*h) == 0 || (*h)[0].due.After(now) {
		return nil
	}
	tm := (*h)[0]
	if tm.period == 0 {
		heap.Pop(h)
		return tm
	}
	tm.due = tm.due.Add(tm.period) // by absolute deadlines; what was missed is left out
	if tm.due.Before(now) {
		tm.due = now.Add(tm.period)
	}
	heap.Fix(h, 0)
	return tm
}

// serveTimer runs one timer that is due.
func (r *run) serveTimer() bool {
	if r.closing {
		return false
	}
	if tm := r.timers.own.pop(time.Now()); tm != nil {
		tm.own()
		return true
	}
	if r.handling {
		return false
	}
	if tm := r.timers.scripts.pop(time.Now()); tm != nil {
		r.handle(tm.name, tm.fn)
		return true
	}
	return false
}

// dueHeap is a container/heap by due time.
type dueHeap []*timer

func (h dueHeap) first() time.Time {
	if len(h) == 0 {
		return time.Time{}
	}
	return h[0].due
}

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].order < h[j].order
	}
	return h[i].due.Before(h[j].due)
}

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *dueHeap) Push(x any) {
	tm := x.(*timer)
	tm.index = len(*h)
	*h = append(*h, tm)
}

func (h *dueHeap) Pop() any {
	old := *h
	tm := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	tm.index = -1
	return tm
}
