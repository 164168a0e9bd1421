package dtmf

import "math"

// The frequencies of a keypad in Hz (ITU-T Q.23).
var (
	rows    = [4]float64{697, 770, 852, 941}
	columns = [4]float64{1209, 1336, 1477, 1633}
)

const keypad = "123A456B789C*0#D"

// bank tells which digit a window of samples is.
type bank struct {
	rate    float64
	weakest float64    // amplitude that each frequency must have
	step    [8]float64 // 2·cos ω of each frequency, rows first
}

func newBank(rate int, milliwatt float64) bank {
	b := bank{rate: float64(rate), weakest: milliwatt * math.Pow(10, lowestLevel/20)}
	for i := range 4 {
		b.step[i] = 2 * math.Cos(2*math.Pi*rows[i]/b.rate)
		b.step[4+i] = 2 * math.Cos(2*math.Pi*columns[i]/b.rate)
	}
	return b
}

// digit is the digit that x is, and its power in units of samples; 0: none. Most windows of what is not a digit end with the filters.
func (b *bank) digit(x []float64) (digit byte, power float64) {
	energy := 0.0
	for _, v := range x {
		energy += v * v
	}
	if energy < b.weakest*b.weakest*float64(len(x))/2 { // one frequency alone has that much
		return 0, 0
	}
	row, inRow := b.strongest(x, 0)
	column, inColumn := b.strongest(x, 4)
	if 2*(inRow+inColumn)/float64(len(x)) < suspicious*energy {
		return 0, 0
	}
	if power, ok := b.verify(x, energy, rows[row], columns[column]); ok {
		return keypad[4*row+column], power
	}
	return 0, 0
}

// strongest finds the frequency of a group, the first of which has a number, and its power as the Goertzel algorithm has it. The four
// filters run side by side: each alone would wait for its own last sum.
func (b *bank) strongest(x []float64, group int) (index int, power float64) {
	c0, c1, c2, c3 := b.step[group], b.step[group+1], b.step[group+2], b.step[group+3]
	var p0, p1, p2, p3, q0, q1, q2, q3 float64 // the last sums, and those before
	for _, v := range x {
		p0, q0 = v-q0+c0*p0, p0
		p1, q1 = v-q1+c1*p1, p1
		p2, q2 = v-q2+c2*p2, p2
		p3, q3 = v-q3+c3*p3, p3
	}
	for i, p := range [...]float64{p0*p0 + q0*q0 - c0*p0*q0, p1*p1 + q1*q1 - c1*p1*q1, p2*p2 + q2*q2 - c2*p2*q2, p3*p3 + q3*q3 - c3*p3*q3} {
		if p > power {
			index, power = i, p
		}
	}
	return index, power
}

// verify fits two sines near a row and a column, and says whether they are a digit.
func (b *bank) verify(x []float64, energy, row, column float64) (power float64, ok bool) {
	low, high := row, column
	half := len(x) / 2
	for range 2 { // how far the phase goes from one half to the other tells the frequency
		first, second := fit(x[:half], low/b.rate, high/b.rate), fit(x[half:], low/b.rate, high/b.rate)
		low += b.drift(first[0], second[0], low, half)
		high += b.drift(first[1], second[1], high, half)
		if math.Abs(low/row-1) > 2*detune || math.Abs(high/column-1) > 2*detune {
			return 0, false
		}
	}
	if math.Abs(low/row-1) > detune || math.Abs(high/column-1) > detune {
		return 0, false
	}
	sines := fit(x, low/b.rate, high/b.rate)
	twist := 20 * math.Log10(sines[1].amplitude/sines[0].amplitude)
	if min(sines[0].amplitude, sines[1].amplitude) < b.weakest || twist > highOverLow || twist < -lowOverHigh {
		return 0, false
	}
	if explained := sines[0].explained + sines[1].explained; energy-explained > impure*energy {
		return 0, false
	}
	return (sines[0].amplitude*sines[0].amplitude + sines[1].amplitude*sines[1].amplitude) / 2, true
}

// drift is by how many Hz a sine is off, if its phases are those in the middle of two pieces of n samples.
func (b *bank) drift(first, second sine, hz float64, n int) float64 {
	turned := math.Remainder(second.phase-first.phase-2*math.Pi*hz*float64(n)/b.rate, 2*math.Pi)
	return turned / (2 * math.Pi * float64(n)) * b.rate
}

// sine is one of two sines fitted to samples.
type sine struct {
	amplitude float64
	phase     float64 // in the middle
	explained float64 // energy that goes with it
}

// fit fits sines of two frequencies, in cycles per sample, by least squares. Counted from the middle, cosines and sines are
// orthogonal, so that two systems of two equations remain.
func fit(x []float64, f0, f1 float64) [2]sine {
	var cc, ss [3]float64 // 0·0, 0·1, 1·1
	var xc, xs [2]float64
	middle := float64(len(x)-1) / 2
	s0, c0 := math.Sincos(-2 * math.Pi * f0 * middle)
	s1, c1 := math.Sincos(-2 * math.Pi * f1 * middle)
	turnS0, turnC0 := math.Sincos(2 * math.Pi * f0)
	turnS1, turnC1 := math.Sincos(2 * math.Pi * f1)
	for _, v := range x {
		cc[0] += c0 * c0
		cc[1] += c0 * c1
		cc[2] += c1 * c1
		ss[0] += s0 * s0
		ss[1] += s0 * s1
		ss[2] += s1 * s1
		xc[0] += v * c0
		xc[1] += v * c1
		xs[0] += v * s0
		xs[1] += v * s1
		c0, s0 = c0*turnC0-s0*turnS0, s0*turnC0+c0*turnS0
		c1, s1 = c1*turnC1-s1*turnS1, s1*turnC1+c1*turnS1
	}
	a, b := solve(cc, xc), solve(ss, xs)
	var sines [2]sine
	for i := range sines {
		sines[i] = sine{math.Hypot(a[i], b[i]), math.Atan2(-b[i], a[i]), a[i]*xc[i] + b[i]*xs[i]}
	}
	return sines
}

// solve solves a symmetric system of two equations.
func solve(m [3]float64, y [2]float64) [2]float64 {
	determinant := m[0]*m[2] - m[1]*m[1]
	return [2]float64{(m[2]*y[0] - m[1]*y[1]) / determinant, (m[0]*y[1] - m[1]*y[0]) / determinant}
}
