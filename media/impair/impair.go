package impair

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Options say what a network does; the zero value: nothing.
type Options struct {
	Loss      float64       // share of packets that are lost, 0 to 1
	Burst     float64       // mean length of runs of lost packets; up to 1: losses are independent
	Duplicate float64       // share of packets that come twice
	Reorder   float64       // share of packets that the next one overtakes
	Delay     time.Duration // of every packet
	Jitter    time.Duration // mean difference between the delays of two packets: what RFC 3550 §6.4.1 measures
	Seed      uint64
}

const (
	// longest is the longest delay of a packet, jitter included.
	longest = 5 * time.Second
	// spread times the jitter is the range that delays are drawn from: two numbers out of 0 to 1 differ by 1/3 in the mean.
	spread = 3
	// overtaken is how much later a packet comes that the next one overtakes, in ptimes.
	overtaken = 1.5
)

// Check says what is out of range.
func (o Options) Check() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"loss", o.Loss}, {"dup", o.Duplicate}, {"reorder", o.Reorder}} {
		if !(share.value >= 0 && share.value <= 1) {
			return fmt.Errorf("%s: %g %% is not within 0 to 100 %%", share.name, 100*share.value)
		}
	}
	switch {
	case !(o.Burst >= 0 && o.Burst <= 1000):
		return fmt.Errorf("burst: %g is not within 1 to 1000 packets", o.Burst)
	case o.Burst > 1 && o.Loss > o.Burst/(o.Burst+1):
		return fmt.Errorf("loss: %g %% cannot come in bursts of %g packets: at most %.3g %% can", 100*o.Loss, o.Burst, 100*o.Burst/(o.Burst+1))
	case o.Delay < 0 || o.Jitter < 0 || o.Delay+spread*o.Jitter > longest || o.Jitter > longest:
		return fmt.Errorf("delay and three times the jitter: %v is not within 0 to %v", o.Delay+spread*o.Jitter, longest)
	}
	return nil
}

// Harmless tells whether o does nothing to any packet.
func (o Options) Harmless() bool {
	return o.Loss == 0 && o.Duplicate == 0 && o.Reorder == 0 && o.Delay == 0 && o.Jitter == 0
}

// Fate is what becomes of one packet.
type Fate struct {
	Lost       bool
	Duplicated bool
	Reordered  bool
	At         time.Duration // when it comes out, on the clock of Next
}

// Path is a network on which packets are sent one after the other.
type Path struct {
	options Options
	random  *rand.Rand
	bad     bool // within a burst of losses
	latest  time.Duration
}

// New makes the path of o, which must pass Check.
func New(o Options) *Path {
	return &Path{options: o, random: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))}
}

// Next decides the fate of the next packet, sent at now on a clock of the caller's, in a stream of one each ptime. Every packet
// takes the same number of random values, so that a seed loses the same packets whatever else happens to them.
func (p *Path) Next(now, ptime time.Duration) Fate {
	o := &p.options
	loss, duplicate, reorder, late := p.random.Float64(), p.random.Float64(), p.random.Float64(), p.random.Float64()
	f := Fate{
		Lost:       p.loses(loss),
		Duplicated: duplicate < o.Duplicate,
		Reordered:  reorder < o.Reorder,
		At:         now + o.Delay + time.Duration(late*spread*float64(o.Jitter)),
	}
	switch {
	case f.Lost:
		f.Duplicated, f.Reordered = false, false
	case f.Reordered:
		f.At += time.Duration(overtaken * float64(ptime))
	default:
		f.At = max(f.At, p.latest) // jitter alone overtakes nobody, as in a queue
		p.latest = f.At
	}
	return f
}

// loses is the model of Gilbert: a network that is good or bad, and loses all packets while it is bad. How often it turns
// follows from the share that is lost and from how long the bad times are.
func (p *Path) loses(random float64) bool {
	o := &p.options
	if o.Burst <= 1 {
		return random < o.Loss
	}
	if p.bad {
		p.bad = random >= 1/o.Burst
	} else {
		p.bad = o.Loss > 0 && random < o.Loss/(o.Burst*(1-o.Loss))
	}
	return p.bad
}
