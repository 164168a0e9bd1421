package journal

// mostPoints bounds a series; an even number.
const mostPoints = 240

// pointSeries is a series of points that covers the whole call, however long: when it is full, every other point goes and
// from then on every other one is taken.
type pointSeries struct {
	kept    []Point
	stride  int // every so many a point is kept; 0: 1
	skipped int // since the last that was kept
}

func (s *pointSeries) add(p Point) {
	if s.skipped++; s.skipped < s.stride {
		return
	}
	if len(s.kept) < mostPoints {
		s.kept, s.skipped = append(s.kept, p), 0
		return
	}
	for i := range mostPoints / 2 {
		s.kept[i] = s.kept[2*i+1]
	}
	s.kept = s.kept[:mostPoints/2]
	s.stride = 2 * max(1, s.stride) // p is half of that after the last one kept
}
