package g711

import "math/bits"

const (
	// SilenceULaw is the µ-law character signal of zero.
	SilenceULaw = 0xff

	biasULaw = 33   // makes the segments of µ-law powers of two, on the 14-bit scale
	clipULaw = 8158 // the last value below the virtual decision value 8159
)

// EncodeULaw compresses a sample (G.711 Tables 2a and 2b). A sample between two values of the 14-bit scale belongs to the
// interval it lies in; one that falls on a decision value goes as in ITU-T G.191, as if it were half a unit higher.
func EncodeULaw(x int16) byte {
	magnitude, sign := int(x), byte(0x80)
	if x < 0 {
		magnitude, sign = ^magnitude, 0
	}
	m := uint(min(magnitude>>2, clipULaw) + biasULaw) // 33 to 8191: its highest bit, 5 to 12, names the segment
	segment := bits.Len(m) - 6
	interval := byte(segment<<4) | byte(m>>(segment+1))&0x0f
	return sign | ^interval&0x7f
}

// DecodeULaw expands a character signal to a sample.
func DecodeULaw(b byte) int16 {
	c := ^b
	segment := c >> 4 & 7
	y := (int(c&0x0f)<<1+biasULaw)<<segment - biasULaw
	if c&0x80 != 0 {
		y = -y
	}
	return int16(y << 2)
}
