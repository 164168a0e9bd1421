package vorbis

import (
	"errors"
	"fmt"
	"math"
)

const (
	maxEntries = 1 << 17 // of all codebooks together
	maxValues  = 1 << 20 // of the vectors of all codebooks together
)

// codebook is a Huffman code whose entries may stand for vectors (§3).
type codebook struct {
	dimensions int
	tree       [][2]int32  // by node and bit: the next node, or -1 less an entry; 0 = no code
	single     int         // the only entry that is used, which takes a bit whatever it is; -1 = there are more
	vectors    [][]float32 // by entry; nil = none
}

// budget is what codebooks may still take.
type budget struct{ entries, values int }

func readCodebook(r *bitReader, left *budget) (*codebook, error) {
	if r.read(24) != 0x564342 {
		return nil, errors.New("no codebook where one should be")
	}
	c := &codebook{dimensions: int(r.read(16)), single: -1}
	entries := int(r.read(24))
	if left.entries -= entries; c.dimensions == 0 || entries == 0 || left.entries < 0 {
		return nil, fmt.Errorf("codebook of %d entries of %d dimensions", entries, c.dimensions)
	}
	lengths, err := readLengths(r, entries)
	if err != nil {
		return nil, err
	}
	if err := c.grow(lengths); err != nil {
		return nil, err
	}
	return c, c.readVectors(r, entries, left)
}

// readLengths reads how long the code of each entry is; 0 = it is not used.
func readLengths(r *bitReader, entries int) ([]uint8, error) {
	lengths := make([]uint8, entries)
	if ordered := r.flag(); ordered {
		length := r.read(5) + 1
		for at := 0; at < entries; length++ {
			n := int(r.read(ilog(entries - at)))
			if n > entries-at || length > 32 || r.over {
				return nil, errors.New("codebook with more codes than entries")
			}
			for range n {
				lengths[at] = uint8(length)
				at++
			}
		}
		return lengths, nil
	}
	sparse := r.flag()
	for i := range lengths {
		if !sparse || r.flag() {
			lengths[i] = uint8(r.read(5) + 1)
		}
	}
	if r.over {
		return nil, errors.New("codebook ends too early")
	}
	return lengths, nil
}

// grow makes the tree: each entry gets the lowest code of its length that is free (§3.2.1).
func (c *codebook) grow(lengths []uint8) error {
	c.tree = make([][2]int32, 1, 2*len(lengths))
	used := 0
	for entry, length := range lengths {
		if length == 0 {
			continue
		}
		used, c.single = used+1, entry
		if !c.place(0, int(length), int32(-1-entry)) {
			return errors.New("codebook has more codes than there can be")
		}
	}
	if used != 1 {
		c.single = -1
	}
	return nil
}

// place puts a leaf so many levels below a node, as far left as there is room.
func (c *codebook) place(node int32, depth int, leaf int32) bool {
	for bit := range 2 {
		next := c.tree[node][bit]
		switch {
		case depth == 1 && next == 0:
			c.tree[node][bit] = leaf
			return true
		case depth == 1 || next < 0:
			continue
		case next == 0:
			next = int32(len(c.tree))
			c.tree = append(c.tree, [2]int32{})
			c.tree[node][bit] = next
		}
		if c.place(next, depth-1, leaf) {
			return true
		}
	}
	return false
}

// readVectors reads what the entries stand for (§3.2.1, VQ lookup).
func (c *codebook) readVectors(r *bitReader, entries int, left *budget) error {
	kind := r.read(4)
	if kind == 0 {
		return nil
	}
	if kind > 2 {
		return fmt.Errorf("codebook of lookup type %d", kind)
	}
	least, delta := unpack(r.read(32)), unpack(r.read(32))
	width := int(r.read(4)) + 1
	sequence := r.flag()
	count := entries * c.dimensions
	if left.values -= count; left.values < 0 {
		return fmt.Errorf("codebook of %d values", count)
	}
	if kind == 1 { // the largest whose power is no more than the entries
		count = int(math.Floor(math.Pow(float64(entries), 1/float64(c.dimensions)) + 1e-9))
	}
	values := make([]float32, count)
	for i := range values {
		values[i] = float32(r.read(width))*delta + least
	}
	if r.over || count == 0 {
		return errors.New("codebook ends too early")
	}
	c.vectors = make([][]float32, entries)
	all := make([]float32, entries*c.dimensions)
	for e := range c.vectors {
		v := all[e*c.dimensions : (e+1)*c.dimensions]
		last, divisor := float32(0), 1
		for d := range v {
			at := e*c.dimensions + d
			if kind == 1 {
				at = e / divisor % count
				divisor = min(divisor*count, math.MaxInt32)
			}
			v[d] = values[at] + last
			if sequence {
				last = v[d]
			}
		}
		c.vectors[e] = v
	}
	return nil
}

// unpack is the format of floating point of the specification (§9.2.2).
func unpack(x uint32) float32 {
	mantissa := float64(x & 0x1fffff)
	if x&0x80000000 != 0 {
		mantissa = -mantissa
	}
	return float32(math.Ldexp(mantissa, int(x>>21&0x3ff)-788))
}

// decode reads the number of an entry; below 0 when the packet ends within it, or there is no such code.
func (c *codebook) decode(r *bitReader) int {
	if c.single >= 0 {
		r.read(1)
		return c.single
	}
	node := int32(0)
	for {
		next := c.tree[node][r.read(1)]
		if next == 0 || r.over {
			r.over = true
			return -1
		}
		if next < 0 {
			return int(-1 - next)
		}
		node = next
	}
}
