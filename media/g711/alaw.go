package g711

import "math/bits"

const (
	// SilenceALaw is the A-law character signal of the smallest positive value: A-law has no zero.
	SilenceALaw = 0xd5

	evenBits = 0x55 // inverted on the line (G.711 Table 1a, Note 2)
)

// EncodeALaw compresses a sample (G.711 Tables 1a and 1b). A sample that falls on a decision value goes as in ITU-T G.191,
// as if it were half a unit higher.
func EncodeALaw(x int16) byte {
	magnitude, sign := int(x), byte(0x80)
	if x < 0 {
		magnitude, sign = ^magnitude, 0
	}
	m := uint(magnitude >> 4) // 0 to 2047 in steps of the two finest segments, which are alike
	segment := max(bits.Len(m)-4, 1)
	interval := byte(segment-1)<<4 + byte(m>>(segment-1)) // the leading one of m carries into the segment
	return (sign | interval) ^ evenBits
}

// DecodeALaw expands a character signal to a sample.
func DecodeALaw(b byte) int16 {
	c := b ^ evenBits
	segment := c >> 4 & 7
	y := int(c&0x0f)<<1 + 1 // the middle of the interval, in halves of the finest step
	if segment > 0 {
		y = (y + 32) << (segment - 1)
	}
	if c&0x80 == 0 {
		y = -y
	}
	return int16(y << 3)
}
