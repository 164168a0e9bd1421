package media

import "time"

// Quality estimates how good what was received sounds to people, by the E-model (ITU-T G.107) with its default values, for
// G.711 without concealment of losses (G.113: Ie 0, Bpl 4.3). The inputs are there so that a figure can be explained.
type Quality struct {
	Delay      time.Duration // one way, mouth to ear: half the round trip, twice the jitter and a frame of 20 ms
	LossPct    float64       // Ppl
	BurstRatio float64       // BurstR: 1 when losses are random, more when they come in bursts
	R          float64       // the rating factor, 0 to 93.2
	MOS        float64       // 1 to 4.41
}

// The E-model's values: R with all defaults, and of G.711.
const (
	undisturbedR = 93.2
	robustness   = 4.3 // Bpl, in percent
)

// Quality computes the estimate; the zero value: nothing was received.
func (s Stats) Quality() Quality {
	if s.Received.Packets == 0 {
		return Quality{}
	}
	q := Quality{
		Delay:      s.RoundTrip/2 + 2*s.Received.Jitter + 20*time.Millisecond,
		LossPct:    s.Received.LossPct,
		BurstRatio: s.Received.burstRatio(),
	}
	ms := float64(q.Delay) / float64(time.Millisecond)
	delayImpairment := 0.024*ms + 0.11*max(0, ms-177.3)
	lossImpairment := 95 * q.LossPct / (q.LossPct/q.BurstRatio + robustness)
	q.R = max(0, undisturbedR-delayImpairment-lossImpairment)
	q.MOS = max(1, 1+0.035*q.R+7e-6*q.R*(q.R-60)*(100-q.R)) // §B.4; the formula dips below 1 for small R
	return q
}

// MOS is that of Quality: 1 to 4.41, and 0 when nothing was received.
func (s Stats) MOS() float64 { return s.Quality().MOS }

// burstRatio is how long runs of lost packets are, against those of random loss at the same rate: 1/(1-p) (G.107 §7.2). What
// was late and not lost makes runs look shorter, but not below that.
func (r Reception) burstRatio() float64 {
	if r.Lost <= 0 || r.Gaps == 0 {
		return 1
	}
	return max(1, float64(r.Lost)/float64(r.Gaps)*(1-r.LossPct/100))
}
