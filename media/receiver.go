package media

import "time"

// Limits of RFC 3550 §A.1.
const (
	minSequential = 2    // packets in order that prove a source
	maxDropout    = 3000 // a jump ahead up to here is loss
	maxMisorder   = 100  // a jump back up to here is reordering
)

// clockStep is how far timestamp and arrival may part from one packet to the next: beyond, the sender's clock was set anew.
const clockStep = 5 * time.Second

// receiver judges the incoming RTP stream of one session. It is pure: who calls it says what time it is.
//
// It listens to one synchronisation source: the first, and at once, so that nothing of its first sound is lost. Another
// source takes over once it has proved itself, so that stray packets neither end up in the sound nor upset the counts.
// What earlier sources sent and lost stays counted.
type receiver struct {
	clockRate int64 // Hz
	first     int64 // arrival of the first packet, Unix nanoseconds; 0: none came
	current   inbound
	candidate inbound
	past      pastSources
}

// pastSources adds up the sources that were listened to before.
type pastSources struct {
	packets, bytes uint64
	expected       uint64
	gaps           uint64
	invalid        uint64
}

// inbound is what is known of one source (RFC 3550 §A.1).
type inbound struct {
	ssrc      uint32
	probation int    // packets in order that are still wanted
	base, max uint32 // first and highest sequence number, extended by the cycles in the upper half
	restart   uint32 // the sequence number that proves a big jump to be a restart; above 16 bits: none

	packets, bytes uint64
	gaps           uint64
	arrival        int64 // of the latest packet, Unix nanoseconds

	jitter    float64 // nanoseconds
	clocked   bool    // the next two are set
	clockedAt int64   // arrival of the latest packet with a timestamp that follows the sound
	timestamp uint32

	reported struct{ expected, packets uint64 } // at the previous reception report (RFC 3550 §A.3)
}

const noRestart = 1 << 16

// receive books one RTP packet of n payload octets, arrived at a Unix time in nanoseconds, and reports whether the session
// listens to it. clocked is false when its timestamp does not follow the sound, as with telephone-event.
func (r *receiver) receive(h header, n int, arrival int64, clocked bool) bool {
	in := r.source(h)
	if !in.update(h.sequence, r) {
		r.past.invalid++
		return false
	}
	if r.first == 0 {
		r.first = arrival
	}
	in.packets++
	in.bytes += uint64(n)
	in.arrival = arrival
	if clocked {
		in.updateJitter(h.timestamp, arrival, r.clockRate)
	}
	if in != &r.candidate {
		return true
	}
	if in.probation > 0 {
		return false
	}
	r.retire(&r.current)
	r.current, r.candidate = r.candidate, inbound{}
	return true
}

// source finds the source of a packet, or makes it the newest candidate.
func (r *receiver) source(h header) *inbound {
	if r.current.packets == 0 {
		r.current = inbound{ssrc: h.ssrc, probation: minSequential}
	}
	if r.current.ssrc == h.ssrc {
		return &r.current
	}
	if r.candidate.packets == 0 || r.candidate.ssrc != h.ssrc {
		r.retire(&r.candidate)
		r.candidate = inbound{ssrc: h.ssrc, probation: minSequential}
	}
	return &r.candidate
}

// retire adds a source to what is past; one that never proved itself was not RTP for this session.
func (r *receiver) retire(in *inbound) {
	if in.probation > 0 {
		r.past.invalid += in.packets
		return
	}
	r.past.packets += in.packets
	r.past.bytes += in.bytes
	r.past.expected += in.expected()
	r.past.gaps += in.gaps
}

// update follows the sequence number (update_seq of RFC 3550 §A.1); false: the packet belongs to no stream.
// Unlike there, the packets of the probation count once it is passed: they were part of the stream.
func (in *inbound) update(seq uint16, r *receiver) bool {
	ahead := seq - uint16(in.max)
	if in.probation > 0 {
		if in.packets == 0 || ahead != 1 {
			in.begin(seq, r)
		} else {
			in.max++
		}
		in.probation--
		return true
	}
	switch {
	case ahead < maxDropout:
		if ahead > 1 {
			in.gaps++
		}
		in.max += uint32(ahead) // carries into the cycles when seq wrapped
	case ahead <= 1<<16-maxMisorder:
		if uint32(seq) != in.restart {
			in.restart = uint32(seq + 1)
			return false
		}
		r.retire(in)
		in.begin(seq, r)
		in.probation = 0
	}
	return true
}

// begin starts a run of packets; an earlier run that proved nothing is not counted.
func (in *inbound) begin(seq uint16, r *receiver) {
	if in.probation > 0 {
		r.past.invalid += in.packets
	}
	*in = inbound{ssrc: in.ssrc, probation: minSequential, base: uint32(seq), max: uint32(seq), restart: noRestart}
}

// updateJitter is the estimate of RFC 3550 §A.8, in nanoseconds instead of timestamp units.
func (in *inbound) updateJitter(timestamp uint32, arrival, clockRate int64) {
	if in.clocked {
		elapsed := arrival - in.clockedAt
		played := int64(int32(timestamp-in.timestamp)) * int64(time.Second) / clockRate
		if d := max(elapsed-played, played-elapsed); d < int64(clockStep) {
			in.jitter += (float64(d) - in.jitter) / 16
		}
	}
	in.clocked, in.clockedAt, in.timestamp = true, arrival, timestamp
}

// expected is how many packets the source sent, by its sequence numbers (RFC 3550 §A.3).
func (in *inbound) expected() uint64 {
	if in.packets == 0 {
		return 0
	}
	return uint64(in.max-in.base) + 1
}

// reception sums up all sources that were listened to.
func (r *receiver) reception() Reception {
	in := &r.current
	packets := r.past.packets + in.packets
	expected := r.past.expected + in.expected()
	c := Reception{
		Packets: packets,
		Bytes:   r.past.bytes + in.bytes,
		Lost:    int64(expected - packets),
		Gaps:    r.past.gaps + in.gaps,
		Jitter:  time.Duration(in.jitter),
		Invalid: r.past.invalid + r.candidate.packets,
	}
	if c.Lost > 0 {
		c.LossPct = 100 * float64(c.Lost) / float64(expected)
	}
	if in.packets > 0 {
		c.First, c.Last = time.Unix(0, r.first), time.Unix(0, in.arrival)
	}
	return c
}
