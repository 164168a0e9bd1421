package measure

import "time"

// Result is what a Meter measured.
type Result struct {
	Duration time.Duration // of all samples
	RMS      float64       // level of all, dBov (0 dBov = a full-scale square wave); -Inf if all samples are zero
	Peak     float64       // largest sample, dBov; -Inf if all samples are zero
	Silence  float64       // share of the time that was silent, 0 to 1
	Clipped  float64       // share of the samples at full scale, 0 to 1
	Tones    []Tone        // of 100 ms and more, or 400 ms if much else is heard, in order of time; of more than 64 the longest
}

// Longest is the tone that lasted longest; false: there is none.
func (r Result) Longest() (Tone, bool) {
	var longest Tone
	for _, t := range r.Tones {
		if t.Duration > longest.Duration {
			longest = t
		}
	}
	return longest, longest.Duration > 0
}

// Tone is a time during which one frequency dominated.
type Tone struct {
	Start     time.Duration // since the first sample
	Duration  time.Duration
	Frequency float64       // Hz
	Level     float64       // dBm0, of this frequency alone
	SINAD     float64       // dB, at most 100: all that is heard against all but this frequency; its negative is THD+N
	Missing   time.Duration // part of Duration in which it was not heard, as when packets are lost
}

const (
	shortestTone = 100 * time.Millisecond
	// A vowel can pass for a tone for 300 ms, but there is more than the tone in it.
	cleanSINAD  = 15 // dB
	uncleanTone = 400 * time.Millisecond
)

// real tells a tone from a piece of speech or noise.
func (t Tone) real() bool {
	return t.Duration >= uncleanTone || t.Duration >= shortestTone && t.SINAD >= cleanSINAD
}
