package vorbis

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// floor is a spectral envelope of type 1: lines between points (§7).
type floor struct {
	partitions []int // the class of each
	classes    []floorClass
	multiplier int
	x          []int // of the points, as they come
	order      []int // the points from left to right
	low, high  []int // by point: its neighbours among those that come before it
}

type floorClass struct {
	dimensions, subclasses int
	master                 int
	books                  []int // below 0 = none
}

func readFloor(r *bitReader, books int) (*floor, error) {
	if kind := r.read(16); kind != 1 {
		return nil, fmt.Errorf("floor of type %d, want 1", kind)
	}
	f := &floor{partitions: make([]int, r.read(5))}
	for i := range f.partitions {
		f.partitions[i] = int(r.read(4))
		for len(f.classes) <= f.partitions[i] {
			f.classes = append(f.classes, floorClass{})
		}
	}
	for i := range f.classes {
		c := &f.classes[i]
		c.dimensions, c.subclasses = int(r.read(3))+1, int(r.read(2))
		if c.subclasses > 0 {
			c.master = int(r.read(8))
		}
		for range 1 << c.subclasses {
			c.books = append(c.books, int(r.read(8))-1)
		}
		if c.master >= books || slices.Max(c.books) >= books {
			return nil, errors.New("floor of a codebook that there is not")
		}
	}
	f.multiplier = int(r.read(2)) + 1
	width := int(r.read(4))
	f.x = []int{0, 1 << width}
	for _, p := range f.partitions {
		for range f.classes[p].dimensions {
			f.x = append(f.x, int(r.read(width)))
		}
	}
	return f, f.arrange()
}

// arrange finds the order and the neighbours of the points.
func (f *floor) arrange() error {
	f.low, f.high = make([]int, len(f.x)), make([]int, len(f.x))
	for i := range f.x {
		f.order = append(f.order, i)
		if i < 2 {
			continue
		}
		low, high := 0, 1
		for j := range i {
			if f.x[j] < f.x[i] && f.x[j] > f.x[low] {
				low = j
			}
			if f.x[j] > f.x[i] && f.x[j] < f.x[high] {
				high = j
			}
		}
		f.low[i], f.high[i] = low, high
	}
	slices.SortFunc(f.order, func(a, b int) int { return cmp.Compare(f.x[a], f.x[b]) })
	for i := 1; i < len(f.order); i++ {
		if f.x[f.order[i]] == f.x[f.order[i-1]] {
			return errors.New("floor with two points at one place")
		}
	}
	return nil
}

// decode reads the heights of the points; nil = silence.
func (f *floor) decode(r *bitReader, books []*codebook) []int {
	if !r.flag() {
		return nil
	}
	reach := [...]int{256, 128, 86, 64}[f.multiplier-1]
	y := make([]int, 0, len(f.x))
	width := ilog(reach - 1)
	y = append(y, int(r.read(width)), int(r.read(width)))
	for _, p := range f.partitions {
		c := f.classes[p]
		value := 0
		if c.subclasses > 0 {
			value = books[c.master].decode(r)
		}
		for range c.dimensions {
			book := c.books[value&(1<<c.subclasses-1)]
			value >>= c.subclasses
			height := 0
			if book >= 0 {
				height = books[book].decode(r)
			}
			y = append(y, height)
		}
		if r.over {
			return nil
		}
	}
	return f.unwrap(y, reach)
}

// unwrap makes heights of what was coded: how far each point is off the line between its neighbours. Points that are on it are -1.
func (f *floor) unwrap(y []int, reach int) []int {
	on := make([]bool, len(y)) // a point that is drawn
	final := slices.Clone(y)
	on[0], on[1] = true, true
	for i := 2; i < len(y); i++ {
		low, high := f.low[i], f.high[i]
		predicted := between(f.x[low], final[low], f.x[high], final[high], f.x[i])
		off, above, below := y[i], reach-predicted, predicted
		final[i] = predicted
		if off == 0 {
			continue
		}
		on[i], on[low], on[high] = true, true, true
		switch room := 2 * min(above, below); {
		case off >= room && above > below:
			final[i] = off
		case off >= room:
			final[i] = predicted - off + above - 1
		case off%2 == 1:
			final[i] = predicted - (off+1)/2
		default:
			final[i] = predicted + off/2
		}
		final[i] = max(0, min(final[i], reach-1))
	}
	for i := range final {
		if !on[i] {
			final[i] = -1
		}
	}
	return final
}

// between is the height at x of the line between two points (§9.2.6).
func between(x0, y0, x1, y1, x int) int {
	dy := y1 - y0
	off := max(dy, -dy) * (x - x0) / (x1 - x0)
	if dy < 0 {
		return y0 - off
	}
	return y0 + off
}

// apply multiplies a spectrum by the curve.
func (f *floor) apply(spectrum []float32, y []int) {
	x0, y0 := 0, y[0]*f.multiplier
	for _, i := range f.order[1:] {
		if y[i] < 0 {
			continue
		}
		x1, y1 := f.x[i], y[i]*f.multiplier
		for x := x0; x < min(x1, len(spectrum)); x++ {
			spectrum[x] *= amplitude(between(x0, y0, x1, y1, x))
		}
		x0, y0 = x1, y1
	}
	for x := x0; x < len(spectrum); x++ {
		spectrum[x] *= amplitude(y0)
	}
}

// amplitude is the height of a curve as a factor: 256 steps over 139.5 dB, the table of §10.1 in one formula.
func amplitude(y int) float32 {
	const step = 16.0551 / 255 // nepers: the first is 1.0649863e-07, the last 1
	return float32(math.Exp(step * float64(min(y, 255)-255)))
}
