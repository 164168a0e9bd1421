package media

import (
	"math"
	"testing"
	"time"
)

// TestQuality compares with values of the E-model worked out by hand.
func TestQuality(t *testing.T) {
	for _, c := range []struct {
		name   string
		stats  Stats
		r, mos float64
	}{
		{"nothing received", Stats{RoundTrip: time.Second}, 0, 0},
		{"undisturbed", Stats{Received: Reception{Packets: 100}}, 92.72, 4.40},
		{"100 ms one way", Stats{RoundTrip: 160 * time.Millisecond, Received: Reception{Packets: 100}}, 90.8, 4.36},
		{"jitter counts twice", Stats{Received: Reception{Packets: 100, Jitter: 40 * time.Millisecond}}, 90.8, 4.36},
		{"400 ms one way", Stats{RoundTrip: 760 * time.Millisecond, Received: Reception{Packets: 100}}, 59.10, 3.05},
		{"1 % random loss", Stats{Received: Reception{Packets: 99, Lost: 1, Gaps: 1, LossPct: 1}}, 74.80, 3.82},
		{"5 % random loss", Stats{Received: Reception{Packets: 95, Lost: 5, Gaps: 5, LossPct: 5}}, 41.64, 2.15},
		{"5 % in bursts of 5", Stats{Received: Reception{Packets: 950, Lost: 50, Gaps: 10, LossPct: 5}}, 3.98, 1},
		{"all but lost", Stats{Received: Reception{Packets: 1, Lost: 99, Gaps: 1, LossPct: 99}}, 1.67, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := c.stats.Quality()
			if math.Abs(q.R-c.r) > 0.01 || math.Abs(q.MOS-c.mos) > 0.01 {
				t.Errorf("R %.2f, MOS %.2f; want %.2f, %.2f: %+v", q.R, q.MOS, c.r, c.mos, q)
			}
			if c.stats.MOS() != q.MOS {
				t.Errorf("MOS() is %v", c.stats.MOS())
			}
		})
	}
}

// TestGaps checks what the burst ratio is made of.
func TestGaps(t *testing.T) {
	r := receiver{clockRate: 8000}
	hear(&r, 1, 0, 1, 5, 6, 8, 7, 9, 12)
	if got := r.reception(); got.Gaps != 3 || got.Lost != 5 {
		t.Errorf("%d gaps, %d lost; want 3 and 5", got.Gaps, got.Lost)
	}
}
