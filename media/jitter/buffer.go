package jitter

import "time"

const (
	slots = 64 // packets that a buffer holds: 640 ms of the shortest

	defaultRate    = 8000
	defaultInitial = 40 * time.Millisecond
	defaultMax     = 200 * time.Millisecond

	maxMisorder = 100 // a packet that lags further behind begins a stream anew (RFC 3550 §A.1)
)

// Decoder turns a payload into samples, appended to dst. It is asked in the order of sequence numbers.
type Decoder interface {
	Decode(dst []int16, payload []byte) []int16
}

// Packet is one RTP packet.
type Packet struct {
	Sequence  uint16
	Timestamp uint32
	SSRC      uint32
	Marker    bool
	// Payload is copied. An empty one takes its sequence number and carries no sound, as a telephone-event does.
	Payload []byte
	Decoder Decoder
}

// Options set up a Buffer.
type Options struct {
	ClockRate  int           // of timestamps, in Hz; 0 = 8000
	SampleRate int           // of what is pulled, a multiple of ClockRate; 0 = ClockRate
	Initial    time.Duration // delay of the first packet; 0 = 40 ms
	Min        time.Duration // how early the packet is to come that needs most time; 0 = Initial
	Max        time.Duration // the longest delay; 0 = 200 ms
}

// Stats is what became of the packets so far.
type Stats struct {
	Packets    uint64        // taken in, with sound
	Lost       uint64        // never came, or not in time
	Late       uint64        // of the lost: came when what followed had been heard
	Duplicates uint64        // came twice
	Restarts   uint64        // changes of source, and timestamps that jumped
	Concealed  time.Duration // how long something else was heard than what was sent, silence included
	Delay      time.Duration // how long the fastest packets wait now
}

// Buffer is a jitter buffer. The zero value is not ready; New makes one. It allocates nothing once packets of each size came.
type Buffer struct {
	rate              int64 // samples per second
	scale             int64 // samples per unit of timestamps
	initial, min, max int64 // samples

	started bool
	ssrc    uint32
	slots   [slots]slot
	next    uint16 // the sequence number that is to be heard next
	newest  uint16
	past    uint64 // bit n: the packet of sequence number next-1-n came in time
	stamp   uint32 // timestamp of the newest packet
	stamped int64  // where it lies
	fresh   bool   // the next packet is the first

	cursor int64 // the next sample to pull
	real   int64 // from here on nothing that was sent has been heard
	pulled int64 // samples pulled in all
	packet int64 // samples of the latest packet decoded

	pcm  []int16 // the packet that is being heard
	used int     // of it

	late  lateness
	slack window

	conceal   concealer
	stats     Stats
	concealed int64
}

// slot holds one packet that waits.
type slot struct {
	full     bool
	sequence uint16
	at       int64 // where its first sample lies
	payload  []byte
	decoder  Decoder
}

// lateness is a run of packets in order that all came too late to be heard.
type lateness struct {
	running bool
	since   int64 // pulled when it began
}

// New makes a buffer.
func New(o Options) *Buffer {
	if o.ClockRate <= 0 {
		o.ClockRate = defaultRate
	}
	o.SampleRate = max(o.SampleRate, o.ClockRate)
	if o.Initial <= 0 {
		o.Initial = defaultInitial
	}
	if o.Min <= 0 {
		o.Min = o.Initial
	}
	if o.Max <= 0 {
		o.Max = defaultMax
	}
	b := &Buffer{rate: int64(o.SampleRate), scale: int64(o.SampleRate / o.ClockRate)}
	b.initial, b.min, b.max = b.samples(o.Initial), b.samples(o.Min), b.samples(max(o.Max, o.Initial))
	b.slack = newWindow(b.samples(windowLength))
	b.conceal = newConcealer(o.SampleRate)
	return b
}

func (b *Buffer) samples(d time.Duration) int64 { return int64(d) * b.rate / int64(time.Second) }

func (b *Buffer) duration(n int64) time.Duration {
	return time.Duration(n/b.rate)*time.Second + time.Duration(n%b.rate)*time.Second/time.Duration(b.rate)
}

// Stats tells what became of the packets so far.
func (b *Buffer) Stats() Stats {
	st := b.stats
	st.Concealed, st.Delay = b.duration(b.concealed), b.duration(max(b.slack.most(), 0))
	return st
}

// Put takes in a packet.
func (b *Buffer) Put(p Packet) {
	if !b.started || p.SSRC != b.ssrc {
		if len(p.Payload) == 0 {
			return // nothing to begin with
		}
		b.begin(p)
	}
	ahead := int(int16(p.Sequence - b.next))
	switch {
	case ahead < -maxMisorder:
		b.begin(p)
	case ahead < 0:
		b.missed(ahead)
		return
	case ahead >= slots:
		b.leap(p.Sequence)
	}
	s := &b.slots[p.Sequence%slots]
	if s.full {
		b.stats.Duplicates++
		return
	}
	at, ok := b.place(p)
	if !ok {
		return
	}
	if newer(p.Sequence, b.newest) {
		b.newest = p.Sequence
	}
	*s = slot{true, p.Sequence, at, append(s.payload[:0], p.Payload...), p.Decoder}
	if len(p.Payload) > 0 {
		b.stats.Packets++
	}
}

// newer reports whether sequence number a comes after b.
func newer(a, b uint16) bool { return int16(a-b) > 0 }

// begin starts with a new stream; what waits of the one before is dropped.
func (b *Buffer) begin(p Packet) {
	if b.started {
		b.stats.Restarts++
	}
	b.clear()
	b.started, b.ssrc, b.fresh = true, p.SSRC, true
	b.next, b.newest = p.Sequence, p.Sequence-1
	b.slack.clear()
	b.late = lateness{}
}

// leap passes over packets that were lost in a burst longer than the buffer.
func (b *Buffer) leap(sequence uint16) {
	b.stats.Lost += uint64(sequence - b.next - uint16(b.waiting()))
	b.clear()
	b.next = sequence
	if newer(sequence-1, b.newest) {
		b.newest = sequence - 1
	}
}

// missed counts a packet before the next one: it is late, or a copy.
func (b *Buffer) missed(ahead int) {
	if b.past>>(-ahead-1)&1 == 1 {
		b.stats.Duplicates++
	} else {
		b.stats.Late++
	}
}

// pass goes on to the packet after the one of a sequence number, which came in time.
func (b *Buffer) pass(sequence uint16) {
	b.stats.Lost += uint64(sequence - b.next)
	b.past = b.past<<(sequence-b.next+1) | 1
	b.next = sequence + 1
}

func (b *Buffer) clear() {
	b.past = 0
	for i := range b.slots {
		b.slots[i].full = false
	}
	b.pcm, b.used = b.pcm[:0], 0
}

func (b *Buffer) waiting() (n int) {
	for i := range b.slots {
		if b.slots[i].full {
			n++
		}
	}
	return n
}
