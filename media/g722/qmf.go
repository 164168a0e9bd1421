package g722

// taps are the coefficients of the quadrature mirror filters, times 2¹³ (Table 11): every second one; the others are the same
// backwards.
var taps = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// history is the last 24 samples of a filter. It is kept twice in a row, so that the filter always reads one piece.
type history struct {
	x  [48]int32
	at int
}

// push takes in two samples, and returns the 24 that are then the latest, oldest first.
func (h *history) push(a, b int32) []int32 {
	h.x[h.at], h.x[h.at+24] = a, a
	h.x[h.at+1], h.x[h.at+25] = b, b
	h.at = (h.at + 2) % 24
	return h.x[h.at : h.at+24]
}

// filter weighs the samples with the taps: those of even number, and those of odd number.
func filter(x []int32) (even, odd int32) {
	_ = x[23]
	for i := range taps {
		even += x[2*i] * taps[i]
		odd += x[2*i+1] * taps[11-i]
	}
	return even, odd
}

func saturate(x int32) int32 { return max(-32768, min(32767, x)) }
