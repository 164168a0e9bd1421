package g722

// band is the adaptive predictor and quantiser of one band (§3.3 to §3.6).
type band struct {
	predicted int32 // SL, SH: what the next sample is predicted to be
	zeros     int32 // SZL, SZH: the part of the zero section in it

	reconstructed [3]int32 // RLT, RH: the latest first
	partial       [3]int32 // PLT, PH
	poles         [3]int32 // AL, AH; 1 and 2 are used
	coefficients  [7]int32 // BL, BH of the zero section; 1 to 6 are used
	differences   [7]int32 // DLT, DH

	scale int32 // NBL, NBH: the quantiser's scale factor, logarithmic
	step  int32 // DETL, DETH: the same, linear
}

// adapt takes in the quantised difference, and predicts the next sample (block 4, §6.2.1.4 and §6.2.2.4).
func (b *band) adapt(difference int32) {
	b.differences[0] = difference
	b.reconstructed[0] = saturate(b.predicted + difference) // RECONS
	b.partial[0] = saturate(b.zeros + difference)           // PARREC
	second := b.secondPole()
	first := b.firstPole(second)
	b.adaptZeros()
	for i := 6; i > 0; i-- { // DELAYA
		b.differences[i] = b.differences[i-1]
	}
	for i := 2; i > 0; i-- {
		b.reconstructed[i], b.partial[i] = b.reconstructed[i-1], b.partial[i-1]
	}
	b.poles[1], b.poles[2] = first, second
	b.predict()
}

// secondPole is the next AL2 (UPPOL2).
func (b *band) secondPole() int32 {
	lean := saturate(b.poles[1] << 2)
	if sameSign(b.partial[0], b.partial[1]) {
		lean = min(-lean, 32767)
	}
	pole := lean>>7 - 128
	if sameSign(b.partial[0], b.partial[2]) {
		pole += 256
	}
	return max(-12288, min(12288, pole+b.poles[2]*32512>>15))
}

// firstPole is the next AL1 (UPPOL1).
func (b *band) firstPole(second int32) int32 {
	pole := b.poles[1] * 32640 >> 15
	if sameSign(b.partial[0], b.partial[1]) {
		pole += 192
	} else {
		pole -= 192
	}
	limit := 15360 - second
	return max(-limit, min(limit, saturate(pole)))
}

// adaptZeros makes the next BL1 to BL6 (UPZERO).
func (b *band) adaptZeros() {
	gain := int32(128)
	if b.differences[0] == 0 {
		gain = 0
	}
	for i := 1; i < 7; i++ {
		c := b.coefficients[i] * 32640 >> 15
		if sameSign(b.differences[0], b.differences[i]) {
			c += gain
		} else {
			c -= gain
		}
		b.coefficients[i] = saturate(c)
	}
}

// predict filters with the poles (FILTEP) and the zeros (FILTEZ), and sums up (PREDIC).
func (b *band) predict() {
	poles := b.poles[1]*saturate(2*b.reconstructed[1])>>15 + b.poles[2]*saturate(2*b.reconstructed[2])>>15
	zeros := int32(0)
	for i := 6; i > 0; i-- {
		zeros += b.coefficients[i] * saturate(2*b.differences[i]) >> 15
	}
	b.zeros = saturate(zeros)
	b.predicted = saturate(saturate(poles) + b.zeros)
}

func sameSign(a, b int32) bool { return a^b >= 0 }

// rescale moves the scale factor by what the code says of the signal, up to limit, and makes it linear (LOGSCL and SCALEL, LOGSCH
// and SCALEH). shift is 8 in the low band and 10 in the high band.
func (b *band) rescale(by, limit, shift int32) {
	b.scale = max(0, min(limit, b.scale*127>>7+by))
	step := inverseLog[b.scale>>6&31]
	if shift -= b.scale >> 11; shift < 0 {
		step <<= -shift
	} else {
		step >>= shift
	}
	b.step = step << 2
}

// inverseLog is ILB (Table 21).
var inverseLog = [32]int32{
	2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
	2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
}

// low is the lower band: 6 bits, of which the predictor uses 4.
type low struct{ band }

func newLow() low { return low{band{step: 32}} }

// adapt takes in the code of a sample.
func (l *low) adapt(code int32) {
	four := code >> 2
	difference := l.step * quantised4[four] >> 15 // INVQAL
	l.rescale(weightLow[four], 18432, 8)
	l.band.adapt(difference)
}

// quantise finds the code of a sample (QUANTL).
func (l *low) quantise(sample int32) int32 {
	e := saturate(sample - l.predicted)
	magnitude, code := e, int32(61)
	if e < 0 {
		magnitude, code = ^e, 63
	}
	m := int32(0)
	for m < int32(len(decisions6)) && magnitude >= decisions6[m]*l.step>>12 {
		m++
	}
	if code -= m; e < 0 && m > 1 {
		code = 33 - m // the codes of negative values go on at 31
	}
	return code
}

// value is the sample that a code stands for (INVQBL, RECONS and LIMIT).
func (l *low) value(code int32) int32 {
	return max(-16384, min(16383, l.predicted+l.step*quantised6[code]>>15))
}

var (
	// decisions6 is Q6 (Table 14).
	decisions6 = [29]int32{
		35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714,
		786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
	}
	// quantised6 is QQ6 by code (Tables 17 and 18); the four codes that an encoder never sends are as the smallest one.
	quantised6 = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	// quantised4 is QQ4 by the upper four bits of the code.
	quantised4 = [16]int32{0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0}
	// weightLow is WL by the upper four bits of the code.
	weightLow = [16]int32{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}
)

// high is the upper band: 2 bits.
type high struct{ band }

func newHigh() high { return high{band{step: 8}} }

// adapt takes in the code of a sample.
func (h *high) adapt(code int32) {
	difference := h.step * quantised2[code] >> 15 // INVQAH
	h.rescale(weightHigh[code], 22528, 10)
	h.band.adapt(difference)
}

// quantise finds the code of a sample (QUANTH).
func (h *high) quantise(sample int32) int32 {
	const decision = 564
	e := saturate(sample - h.predicted)
	magnitude, code := e, int32(3)
	if e < 0 {
		magnitude, code = ^e, 1
	}
	if magnitude >= decision*h.step>>12 {
		code--
	}
	return code
}

// value is the sample that a code stands for.
func (h *high) value(code int32) int32 {
	return max(-16384, min(16383, h.predicted+h.step*quantised2[code]>>15))
}

var (
	quantised2 = [4]int32{-7408, -1616, 7408, 1616} // QQ2 by code
	weightHigh = [4]int32{798, -214, 798, -214}     // WH by code
)
