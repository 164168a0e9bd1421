package jitter

import (
	"math"
	"time"
)

// windowLength is how long the network is remembered: at least so long, at most twice.
const windowLength = 2 * time.Second

// window keeps the least and the greatest slack of a while, in samples.
type window struct {
	half, passed  int64
	before, since span
}

type span struct{ least, most int64 }

func newWindow(half int64) window {
	w := window{half: half}
	w.clear()
	return w
}

func noSpan() span { return span{math.MaxInt32, math.MinInt32} }

func (w *window) clear() { w.passed, w.before, w.since = 0, noSpan(), noSpan() }

func (w *window) add(slack int64) {
	w.since.least, w.since.most = min(w.since.least, slack), max(w.since.most, slack)
}

// pass lets time pass. While no packets come nothing is forgotten.
func (w *window) pass(n int64) {
	if w.passed += n; w.passed >= w.half && w.since != noSpan() {
		w.passed, w.before, w.since = 0, w.since, noSpan()
	}
}

// shift changes all that is kept by n.
func (w *window) shift(n int64) {
	for _, s := range []*span{&w.before, &w.since} {
		if *s != noSpan() {
			s.least, s.most = s.least+n, s.most+n
		}
	}
}

// least is known once a whole half has passed.
func (w *window) least() (slack int64, known bool) {
	return min(w.before.least, w.since.least), w.before != noSpan()
}

// most is 0 while there was no packet.
func (w *window) most() int64 {
	most := max(w.before.most, w.since.most)
	if most == math.MinInt32 {
		return 0
	}
	return most
}
