package vorbis

import "math/bits"

// bitReader reads a packet, the least significant bit first (§2.1.4). Beyond the end it reads zeros and says so.
type bitReader struct {
	b    []byte
	at   int // bits
	over bool
}

func (r *bitReader) read(n int) (v uint32) {
	if r.at+n > 8*len(r.b) {
		r.over = true
		r.at = 8 * len(r.b)
		return 0
	}
	for got := 0; got < n; {
		take := min(n-got, 8-r.at%8)
		v |= uint32(r.b[r.at/8]>>(r.at%8)) & (1<<take - 1) << got
		got += take
		r.at += take
	}
	return v
}

func (r *bitReader) flag() bool { return r.read(1) == 1 }

// ilog is the number of bits that n takes (§9.2.1).
func ilog(n int) int { return bits.Len(uint(n)) }
