package main

import (
	"time"

	"offhook/core"
)

// mostMeasured is how many calls are looked at for the mean quality; of more, these many are as good.
const mostMeasured = 500

// quality is the mean of the RTP that comes in these calls.
func quality(some []*core.Call) (lossPct float64, jitter time.Duration, mos float64, calls int) {
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
