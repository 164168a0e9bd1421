package measure

import "time"

// Options set up a Meter.
type Options struct {
	SampleRate int     // Hz; 0 = 8000
	Milliwatt  float64 // peak of a sine of 0 dBm0 in units of 16-bit samples: Codec.Amplitude(0); 0 = µ-law's
	Silence    float64 // dBm0 below which it is silent; 0 = -55
}

// Meter measures a stream of samples. Feed it with Write, ask Result at any time. Its memory does not grow with the stream.
type Meter struct{}

// New makes a meter.
func New(o Options) *Meter { panic("measure: not yet") }

// Write takes in samples. For packets that were lost, write silence as long as they were, or times come out short.
func (m *Meter) Write(samples []int16) { panic("measure: not yet") }

// Result is what was measured so far; more samples may follow.
func (m *Meter) Result() Result { panic("measure: not yet") }

// Result is what a Meter measured.
type Result struct {
	Duration time.Duration // of all samples
	RMS      float64       // level of all, dBov (0 dBov = a full-scale square wave); -Inf if all samples are zero
	Peak     float64       // largest sample, dBov; -Inf if all samples are zero
	Silence  float64       // share of the time that was silent, 0 to 1
	Clipped  float64       // share of the samples at full scale, 0 to 1
	Tones    []Tone        // in order of time; of more than 64 the longest
}

// Longest is the tone that lasted longest; false: there is none.
func (r Result) Longest() (Tone, bool) { panic("measure: not yet") }

// Tone is a time during which one frequency dominated.
type Tone struct {
	Start     time.Duration // since the first sample
	Duration  time.Duration
	Frequency float64       // Hz
	Level     float64       // dBm0, of this frequency alone
	SINAD     float64       // dB: all that is heard against all but this frequency; its negative is THD+N
	Missing   time.Duration // part of Duration in which it was not heard, as when packets are lost
}
