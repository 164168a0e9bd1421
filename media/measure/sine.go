package measure

import "math"

// sine is a sine fitted to samples.
type sine struct {
	hz        float64
	rate      int
	centre    float64 // the sample that phase is at; it may lie between two
	phase     float64 // of the cosine
	amplitude float64
	energy    float64 // of all samples
	residual  float64 // energy that the sine leaves
}

// fit fits a sine of a known frequency by least squares. Counted from the centre, sine and cosine are orthogonal.
func fit(x []float64, hz float64, rate int) sine {
	s := sine{hz: hz, rate: rate, centre: float64(len(x)-1) / 2}
	var xc, xs, cc, ss float64
	for i, v := range x {
		sin, cos := math.Sincos(2 * math.Pi * hz * (float64(i) - s.centre) / float64(rate))
		xc += v * cos
		xs += v * sin
		cc += cos * cos
		ss += sin * sin
		s.energy += v * v
	}
	a, b := xc/cc, xs/ss
	s.amplitude, s.phase = math.Hypot(a, b), math.Atan2(-b, a)
	s.residual = max(s.energy-a*xc-b*xs, 0)
	return s
}

// sharpen fits a sine to x, whose frequency is known within some Hz: from how its phase moves between the two halves.
func sharpen(hz float64, x []float64, rate int) sine {
	half := len(x) / 2
	a, b := fit(x[:half], hz, rate), fit(x[half:], hz, rate)
	seconds := float64(half) / float64(rate)
	hz += wrap(b.phase-a.phase-2*math.Pi*hz*seconds) / (2 * math.Pi * seconds)
	return fit(x, hz, rate)
}

// at is the sine at sample i.
func (s sine) at(i int) float64 {
	return s.amplitude * math.Cos(s.phase+2*math.Pi*s.hz*(float64(i)-s.centre)/float64(s.rate))
}

// gain is by how much the energy of x grows if the sine is taken off sample i.
func (s sine) gain(x []float64, i int) float64 {
	y := s.at(i)
	return (x[i]-y)*(x[i]-y) - x[i]*x[i]
}

// start is the sample of x from which on the sine sounds: that which leaves the least energy once it is taken off there.
func (s sine) start(x []float64) int {
	sum, least, at := 0.0, 0.0, len(x)
	for i := len(x) - 1; i >= 0; i-- {
		if sum += s.gain(x, i); sum < least {
			least, at = sum, i
		}
	}
	return at
}

// end is the sample of x from which on the sine sounds no more, but another one of its frequency.
func (s sine) end(x []float64, next sine) int {
	sum, least, at := 0.0, 0.0, 0
	for i := range x {
		if sum += s.gain(x, i) - next.gain(x, i); sum < least {
			least, at = sum, i+1
		}
	}
	return at
}

// wrap brings a phase to between -π and π.
func wrap(phase float64) float64 { return math.Remainder(phase, 2*math.Pi) }
