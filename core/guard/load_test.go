package guard_test

import (
	"testing"
	"time"

	"offhook/core/guard"
)

// queue is a server in virtual time: it does one piece of work after the other.
type queue struct {
	load    *guard.Load
	now     time.Time
	waiting []time.Time
	free    time.Time // when the server has time again
	took    time.Duration
	done    int
	longest time.Duration // that any waited
}

// until lets the server work up to t.
func (q *queue) until(t time.Time) {
	for len(q.waiting) > 0 && !q.free.After(t) {
		begins := q.free
		if begins.Before(q.waiting[0]) {
			begins = q.waiting[0]
		}
		if begins.After(t) {
			break
		}
		q.longest = max(q.longest, begins.Sub(q.waiting[0]))
		q.load.Begin(begins, q.waiting[0])
		q.waiting = q.waiting[1:]
		q.free, q.done = begins.Add(q.took), q.done+1
	}
	q.now = t
}

// offer offers work at a rate for some time, and returns how much was refused.
func (q *queue) offer(perSecond int, d time.Duration) (refused int) {
	every := time.Second / time.Duration(perSecond)
	for end := q.now.Add(d); q.now.Before(end); {
		q.until(q.now.Add(every))
		if !q.load.Ready(q.now, 0) {
			refused++
			continue
		}
		q.load.Add(q.now)
		q.waiting = append(q.waiting, q.now)
	}
	return refused
}

// TestLoadKeepsGoodput offers up to ten times of what a server can do, 1000 a
// second: it goes on at that rate, and nothing waits for long.
func TestLoadKeepsGoodput(t *testing.T) {
	for _, rate := range []int{500, 990, 1500, 2000, 10_000} {
		q := &queue{load: guard.NewLoad(20 * time.Millisecond), now: start, took: time.Millisecond}
		refused := q.offer(rate, 10*time.Second)
		if rate < 1000 && refused > 0 {
			t.Errorf("%d/s: %d refused", rate, refused)
		}
		if want := min(rate, 1000) * 10; q.done < want*98/100 {
			t.Errorf("%d/s: %d done, want %d", rate, q.done, want)
		}
		// in the first tenth of a second nothing is refused
		if limit := 40*time.Millisecond + 110*time.Millisecond*time.Duration(rate)/1000; q.longest > limit {
			t.Errorf("%d/s: one waited for %v, want less than %v", rate, q.longest, limit)
		}
	}
}

// TestLoadTakesBursts offers fifty at once each second.
func TestLoadTakesBursts(t *testing.T) {
	q := &queue{load: guard.NewLoad(20 * time.Millisecond), now: start, took: time.Millisecond}
	for range 20 {
		if refused := q.offer(50_000, time.Millisecond); refused > 0 {
			t.Fatalf("%d of a burst refused", refused)
		}
		q.until(q.now.Add(time.Second))
	}
}

func TestLoadLooksAtTheAge(t *testing.T) {
	l := guard.NewLoad(20 * time.Millisecond)
	for i, c := range []struct {
		at, age time.Duration
		want    bool
	}{
		{0, time.Second, true}, {50, 30, true}, {120, 30, false}, {121, 10, true}, {122, 30, false}, {900, 10, true}, {1100, 30, false},
		{3000, 30, true}, {3010, 5, true}, {3200, 30, true}, {3290, 30, true}, {3301, 30, false},
	} {
		if got := l.Ready(start.Add(c.at*time.Millisecond), c.age*time.Millisecond); got != c.want {
			t.Errorf("step %d, at %d ms with an age of %d ms: %t", i, c.at, c.age, got)
		}
	}
}

// TestLoadSeesAStall: work waits, and none begins.
func TestLoadSeesAStall(t *testing.T) {
	l := guard.NewLoad(20 * time.Millisecond)
	l.Add(start)
	ready := func(ms time.Duration) bool { return l.Ready(start.Add(ms*time.Millisecond), 0) }
	if !ready(10) || !ready(30) || !ready(110) || ready(140) {
		t.Error("a stall of 140 ms is not noticed, or one of 30 ms is")
	}
	l.Begin(start.Add(150*time.Millisecond), start)
	if !ready(151) || l.Waiting() != 0 {
		t.Error("nothing waits, and nothing is taken")
	}
}
