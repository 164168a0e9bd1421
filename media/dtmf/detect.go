package dtmf

import (
	"math"
	"time"
)

// What a detector takes for a digit. ITU-T Q.24 lists what administrations demand; the limits lie between what has to be heard
// and what must not be.
const (
	hop    = 5 * time.Millisecond
	window = 4 // hops that are looked at together

	hitsBegin = 3 // windows in a row: a digit of 31 ms always has them, one of 26 ms never (heard from 40 ms, not up to 23 ms)
	missesEnd = 8 // windows without: a pause of 40 ms has them, an interruption of 10 ms has not

	lowestLevel = -29.0 // dBm0 of each frequency (heard down to -25 dBm0)
	highOverLow = 5.0   // dB, of the upper frequency over the lower (heard up to 4)
	lowOverHigh = 9.0   // dB (heard up to 8)
	detune      = 0.025 // of the frequency (heard up to 1.5 %, not from 3.5 %)
	impure      = 0.11  // share of the power that may be something else: talk-off is decided here
	suspicious  = 0.25  // share of the power at the two nominal frequencies from which on it is looked at closely
)

// DetectorOptions set up a Detector.
type DetectorOptions struct {
	SampleRate int     // Hz; 0 = 8000
	Milliwatt  float64 // peak of a sine of 0 dBm0 in units of 16-bit samples; 0 = µ-law's
}

// Detector hears DTMF digits in sound. Every 5 ms it looks at the last 20 ms: eight Goertzel filters find a row and a column; two sines
// of free frequency are then fitted, and they are a digit if frequencies, levels and twist are right and nothing much is heard but them.
//
//	state  window                             becomes  reports
//	up     the third of the same digit        down     –
//	down   of that digit                      down     –
//	down   the eighth without that digit      up       the press
//	down   the third of another digit         down     the press
//
// It does not hear digits through a dial tone. Nothing is allocated per sample. A Detector is for one goroutine at a time.
type Detector struct {
	rate, hop int       // hop in samples
	milliwatt float64   // peak of 0 dBm0
	bank      bank      // of Goertzel filters
	samples   []float64 // the window, oldest first
	filled    int       // of samples
	start     int64     // number of the window's first sample

	candidate byte // the digit of the latest windows; 0 = none
	hits      int  // windows in a row
	began     int64

	down   byte // the digit that is pressed; 0 = none
	from   int64
	until  int64 // the end of its last window
	misses int
	power  float64 // sum over the windows of the press
	heard  int     // windows
	ended  []Press
}

// NewDetector makes a detector.
func NewDetector(o DetectorOptions) *Detector {
	if o.SampleRate <= 0 {
		o.SampleRate = 8000
	}
	if o.Milliwatt <= 0 {
		o.Milliwatt = 22651 // µ-law's (G.711 Table 6)
	}
	d := &Detector{rate: o.SampleRate, hop: o.SampleRate / int(time.Second/hop), milliwatt: o.Milliwatt}
	d.samples = make([]float64, window*d.hop)
	d.bank = newBank(d.rate, o.Milliwatt)
	return d
}

// Write takes in samples and returns the presses that are now over; the slice is valid until the next call. For packets that were
// lost, write silence as long as they were.
func (d *Detector) Write(samples []int16) []Press {
	d.ended = d.ended[:0]
	for _, s := range samples {
		d.samples[d.filled] = float64(s)
		if d.filled++; d.filled == len(d.samples) {
			digit, power := d.bank.digit(d.samples)
			d.step(digit, power)
			copy(d.samples, d.samples[d.hop:])
			d.filled -= d.hop
			d.start += int64(d.hop)
		}
	}
	return d.ended
}

// Down is the digit that is pressed at the moment; false: none is.
func (d *Detector) Down() (digit byte, ok bool) { return d.down, d.down != 0 }

// step takes in what one window is: a digit of some power, or 0.
func (d *Detector) step(digit byte, power float64) {
	if digit != d.candidate {
		d.candidate, d.hits, d.began = digit, 0, d.start
	}
	d.hits++
	if d.down != 0 && digit != d.down {
		if d.misses++; d.misses >= missesEnd {
			d.end()
		}
	}
	switch {
	case digit == 0:
		return
	case digit == d.down:
		d.misses = 0
	case d.hits < hitsBegin:
		return
	default:
		if d.down != 0 {
			d.end()
		}
		d.down, d.from, d.misses, d.power, d.heard = digit, d.began, 0, 0, 0
	}
	d.until = d.start + int64(len(d.samples))
	d.power += power
	d.heard++
}

// end ends the press. Its volume is that of both frequencies together, as RFC 4733 §2.3 has it.
func (d *Detector) end() {
	level := 10 * math.Log10(2*d.power/float64(d.heard)/(d.milliwatt*d.milliwatt))
	d.ended = append(d.ended, Press{
		Digit:    d.down,
		Duration: time.Duration(d.until-d.from) * time.Second / time.Duration(d.rate),
		Volume:   uint8(max(0, min(63, math.Round(-level)))),
	})
	d.down = 0
}
