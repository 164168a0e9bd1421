package console

import (
	"sync"
	"time"
)

// Figures are what the charts show, at one moment.
type Figures struct {
	Calls
	Ports    int           // pairs in use
	Frames   []FrameCount  // served so far, by how late
	LossPct  float64       // of the RTP that came in calls that go on
	Jitter   time.Duration // their mean
	MOS      float64       // their mean; 0: nothing came
	Measured int           // calls that these three are of
}

// FrameCount is how many frames were served up to so late.
type FrameCount struct {
	Late  time.Duration // upper bound; 0 in the last one: later than all
	Count uint64
}

const (
	pointEvery = time.Second
	mostPoints = 600
)

// point is a second of the charts.
type point struct {
	Time     int64   `json:"t"` // Unix milliseconds
	Active   int64   `json:"active"`
	Began    int64   `json:"began"` // calls in this second
	Answered int64   `json:"answered"`
	Failed   int64   `json:"failed"`
	Ports    int     `json:"ports"`
	LateP50  float64 `json:"late_p50"` // ms: half of the frames of this second were served within so much
	LateP99  float64 `json:"late_p99"`
	Frames   uint64  `json:"frames"` // sent in this second
	LossPct  float64 `json:"loss"`
	JitterMs float64 `json:"jitter"`
	MOS      float64 `json:"mos"`
}

// series are the last minutes, a point for each second.
type series struct {
	mu     sync.Mutex
	before Figures
	begun  bool
	points []point
}

// add takes the figures of a moment and returns the point that they make; false for the first, which has nothing to
// compare with.
func (s *series) add(now time.Time, f Figures) (point, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.before
	s.before = f
	if !s.begun {
		s.begun = true
		return point{}, false
	}
	p := point{
		Time: now.UnixMilli(), Active: f.Active, Began: f.Total - before.Total, Answered: f.Answered - before.Answered,
		Failed: f.Failed - before.Failed, Ports: f.Ports, LossPct: f.LossPct, JitterMs: ms(f.Jitter), MOS: f.MOS,
	}
	frames := since(before.Frames, f.Frames)
	for _, c := range frames {
		p.Frames += c.Count
	}
	p.LateP50, p.LateP99 = ms(quantile(frames, p.Frames, 0.5)), ms(quantile(frames, p.Frames, 0.99))
	if len(s.points) == mostPoints {
		copy(s.points, s.points[1:])
		s.points = s.points[:mostPoints-1]
	}
	s.points = append(s.points, p)
	return p, true
}

func (s *series) all() []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]point{}, s.points...)
}

// since is what came on top of earlier counts.
func since(before, now []FrameCount) []FrameCount {
	if len(before) != len(now) {
		return now
	}
	more := make([]FrameCount, len(now))
	for i, c := range now {
		more[i] = FrameCount{c.Late, c.Count - before[i].Count}
	}
	return more
}

// quantile is the upper bound of the class that the part q of all frames is within.
func quantile(frames []FrameCount, all uint64, q float64) time.Duration {
	if all == 0 {
		return 0
	}
	var sum uint64
	var late time.Duration
	for _, c := range frames {
		if c.Late > 0 {
			late = c.Late
		} else {
			late *= 2 // beyond all classes
		}
		if sum += c.Count; float64(sum) >= q*float64(all) {
			return late
		}
	}
	return late
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
