package main

import (
	"sync"
	"time"

	"offhook/core"
)

// liveCalls are the calls in progress, to be measured.
type liveCalls struct {
	mu   sync.Mutex
	byID map[string]*core.Call
}

func newLiveCalls() *liveCalls { return &liveCalls{byID: map[string]*core.Call{}} }

// enter takes a call in; the function it returns takes it out.
func (l *liveCalls) enter(c *core.Call) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byID[c.ID()] = c
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.byID, c.ID())
	}
}

// mostMeasured is how many calls are looked at for the mean quality; of more, these many are as good.
const mostMeasured = 500

// quality is the mean of the RTP that comes in calls in progress.
func (l *liveCalls) quality() (lossPct float64, jitter time.Duration, mos float64, calls int) {
	l.mu.Lock()
	some := make([]*core.Call, 0, min(len(l.byID), mostMeasured))
	for _, c := range l.byID {
		if some = append(some, c); len(some) == mostMeasured {
			break
		}
	}
	l.mu.Unlock()
	for _, c := range some {
		s := c.Stats()
		if s.Received.Packets == 0 {
			continue
		}
		calls++
		lossPct += s.Received.LossPct
		jitter += s.Received.Jitter
		mos += s.MOS()
	}
	if calls == 0 {
		return 0, 0, 0, 0
	}
	return lossPct / float64(calls), jitter / time.Duration(calls), mos / float64(calls), calls
}
