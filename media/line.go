package media

// line holds samples on their way, first in, first out. When it is full the oldest go.
type line struct {
	ring []int16
	head int // the oldest
	n    int
}

func newLine(capacity int) *line { return &line{ring: make([]int16, capacity)} }

func (f *line) push(samples []int16) {
	samples = samples[max(0, len(samples)-len(f.ring)):]
	f.drop(f.n + len(samples) - len(f.ring))
	at := (f.head + f.n) % len(f.ring)
	copied := copy(f.ring[at:], samples)
	copy(f.ring, samples[copied:])
	f.n += len(samples)
}

// pop fills dst, with silence where nothing is left.
func (f *line) pop(dst []int16) {
	n := min(len(dst), f.n)
	copied := copy(dst[:n], f.ring[f.head:])
	copy(dst[copied:n], f.ring)
	clear(dst[n:])
	f.drop(n)
}

// drop forgets the oldest n, if n is above 0.
func (f *line) drop(n int) {
	n = min(max(n, 0), f.n)
	f.head = (f.head + n) % len(f.ring)
	f.n -= n
}
