package media

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Stats is what a session sent and received so far.
type Stats struct {
	Sent     Sent
	Received Reception
	// RoundTrip is the latest round trip that RTCP reports tell (RFC 3550 §6.4.1); 0 = unknown.
	RoundTrip time.Duration
	// RemoteLost and RemoteJitter are the far end's latest report about what we send.
	RemoteLost   int64
	RemoteJitter time.Duration
	// RemoteVoIP is its latest extended report about that.
	RemoteVoIP VoIPMetrics
	// Remote is where RTP is sent, which may have been learned from what came; the zero value: nowhere.
	Remote netip.AddrPort
	// Suite protects the packets, NoSuite: nothing does.
	Suite Suite
}

// Sent counts what left the session.
type Sent struct {
	Packets uint64
	Bytes   uint64    // payload octets, without headers and padding: the sender's octet count of RFC 3550 §6.4.1
	Skipped uint64    // frames left out because the pacer woke more than three frames late
	Dropped uint64    // packets, counted as sent, that Impair lost
	Errors  uint64    // packets that the kernel refused to send
	Reports uint64    // RTCP packets sent
	First   time.Time // when the first packet left; zero = none did
}

// Reception counts what came in, over all synchronisation sources that the session heard.
type Reception struct {
	Packets uint64
	Bytes   uint64        // payload octets
	Lost    int64         // RFC 3550 §A.3: expected less received; negative when packets were duplicated
	LossPct float64       // Lost in percent of the packets expected; never negative
	Late    uint64        // of Packets, those too late to be heard; counted while there is a recording, an echo or a Listening
	Gaps    uint64        // runs of packets that were missing when the next one came
	Jitter  time.Duration // RFC 3550 §A.8, of the current source
	Invalid uint64        // datagrams that were not RTP, or RTP of a source that is not yet valid (RFC 3550 §A.1)
	Reports uint64        // RTCP packets received
	// Strangers counts packets from other addresses than that of the far end, which are not listened to.
	Strangers uint64
	// Unauthentic counts packets that SRTP refused: altered, repeated, in the clear or with another key.
	Unauthentic uint64
	First       time.Time // arrival of the first valid packet; zero = none came
	Last        time.Time // arrival of the latest valid packet; zero = none came
}

// EngineStats tells how an engine does.
type EngineStats struct {
	Sessions        int // open now
	PortsInUse      int // pairs of open sessions
	PortsQuarantine int // freed pairs that wait
	PortsFree       int // pairs that can be had
	Lateness        Lateness
}

// Lateness is a histogram of how late frames were served, against their deadlines.
type Lateness struct {
	Bounds []time.Duration // upper bounds, included
	Counts []uint64        // one more than Bounds: the last counts what was later than all of them
}

// Stats tells how the engine does.
func (e *Engine) Stats() EngineStats {
	st := EngineStats{Lateness: Lateness{Bounds: slices.Clone(latenessBounds[:]), Counts: make([]uint64, len(latenessBounds)+1)}}
	st.PortsInUse, st.PortsQuarantine, st.PortsFree = e.ports.counts(time.Now())
	for _, sh := range e.shards {
		for i := range sh.lateness {
			st.Lateness.Counts[i] += sh.lateness[i].Load() + sh.out.late(i)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	st.Sessions = len(e.sessions)
	return st
}

// latenessBounds are the upper bounds of the histogram.
var latenessBounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond,
	5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
}

// latenessCounts is written by a pacing thread and read by anyone.
type latenessCounts [len(latenessBounds) + 1]atomic.Uint64

//go:nosplit
//go:norace
func (c *latenessCounts) add(late time.Duration) {
	i := 0
	for i < len(latenessBounds) && late > latenessBounds[i] {
		i++
	}
	c[i].Add(1)
}
