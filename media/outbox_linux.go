package media

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// lead is how long before they are due a shard makes the packets of a stream. That much the shard, a goroutine among
	// others, may be late without anybody hearing it: while all Ps are busy, it waits for one as long as others run, 10 ms each.
	lead = 40 * time.Millisecond

	outboxParcels = 1 << 13 // packets of lead, for more sessions than a thread can serve
	outboxOctets  = 1 << 21
)

var errOutboxFull = errors.New("pacing thread is too far behind")

// outbox is where packets wait until they are due: a queue with one writer, the shard, and one reader, the postman. The
// postman knows neither locks nor Go's scheduler, so nothing that the rest of the process does holds it up.
type outbox struct {
	clock *monotonic

	// The writer's.
	put, octets uint64 // parcels and octets put so far
	counted     uint64 // parcels that were taken when the writer looked last

	// The reader's.
	lateness latenessCounts

	_       [64]byte // what each writes lies in a cache line of its own
	posted  atomic.Uint64
	closing atomic.Bool
	_       [64]byte
	taken   atomic.Uint64
	asleep  atomic.Uint32 // the postman waits for posted

	parcels [outboxParcels]parcel
	data    [outboxOctets]byte
}

// parcel is a packet that waits.
type parcel struct {
	wire  *socketPair
	due   instant
	to    sockaddr
	begin uint64 // octets put before it
	len   uint32
	fd    int32 // wire.rtp, here in the cache
}

func newOutbox(clock *monotonic) *outbox { return &outbox{clock: clock} }

// post puts a copy of packet behind those that wait. It is late if one before it is due later.
func (o *outbox) post(wire *socketPair, packet []byte, due instant) error {
	if o.put-o.counted == outboxParcels {
		o.counted = o.taken.Load()
	}
	begin := o.octets
	if at := begin % outboxOctets; at+uint64(len(packet)) > outboxOctets { // it stays in one piece
		begin += outboxOctets - at
	}
	end := begin + uint64(len(packet))
	if !o.holds(end) {
		o.counted = o.taken.Load()
	}
	if !o.holds(end) {
		return errOutboxFull
	}
	copy(o.data[begin%outboxOctets:], packet)
	p := &o.parcels[o.put%outboxParcels]
	p.wire, p.due, p.to, p.begin, p.len, p.fd = wire, due, wire.rtpTo, begin, uint32(len(packet)), int32(wire.rtp)
	o.put++
	o.octets = end
	return nil
}

// holds tells whether there is room for one more parcel, whose octets end there.
func (o *outbox) holds(end uint64) bool {
	switch o.put - o.counted {
	case 0:
		return true
	case outboxParcels:
		return false
	}
	return end-o.parcels[o.counted%outboxParcels].begin <= outboxOctets
}

// crowded tells that the postman does not keep up: better be late with what comes than lose it.
func (o *outbox) crowded() bool {
	taken := o.taken.Load()
	if taken == o.put {
		return false
	}
	return o.put-taken > outboxParcels/8*7 || o.octets-o.parcels[taken%outboxParcels].begin > outboxOctets/8*7
}

// flush lets the postman have what was posted.
func (o *outbox) flush() {
	if o.posted.Load() == o.put {
		return
	}
	o.posted.Store(o.put)
	o.rouse()
}

// late is how many packets were sent so late as latenessCounts says.
func (o *outbox) late(i int) uint64 { return o.lateness[i].Load() }

func (o *outbox) rouse() {
	if o.asleep.Swap(0) != 0 {
		wakeFutex(&o.asleep)
	}
}

// close ends deliver.
func (o *outbox) close() {
	o.closing.Store(true)
	o.rouse()
}

// deliver sends all parcels, each when it is due, until close. It runs on a thread of its own, detached from Go's scheduler:
// for the runtime it is one long system call. So it, and what it calls, must not allocate, grow the stack, store pointers or
// meet the race detector.
//
//go:nosplit
//go:norace
func (o *outbox) deliver() {
	detach()
	var taken uint64
	var due, now instant
	for {
		posted := o.posted.Load()
		if posted == taken {
			if o.closing.Load() {
				break
			}
			o.await(taken)
			continue
		}
		for ; taken != posted; taken++ {
			p := &o.parcels[taken%outboxParcels]
			if p.due > due {
				due = p.due
				o.taken.Store(taken)
				o.clock.wait(due)
				now = o.clock.read()
			} else if taken%8 == 0 {
				now = o.clock.read()
			}
			p.wire.mail(p, &o.data[p.begin%outboxOctets])
			o.lateness.add(time.Duration(now - p.due))
		}
		o.taken.Store(taken)
	}
	attach()
}

// await sleeps until there is something to do.
//
//go:nosplit
//go:norace
func (o *outbox) await(taken uint64) {
	o.asleep.Store(1)
	if o.posted.Load() == taken && !o.closing.Load() {
		waitFutex(&o.asleep, 1)
	}
	o.asleep.Store(0)
}

// mail sends a parcel, unless it was recalled. The sockets are closed here if they were shut meanwhile.
//
//go:nosplit
//go:norace
func (p *socketPair) mail(parcel *parcel, data *byte) {
	state := p.state.Load()
	if state%passed >= recalled || !p.state.CompareAndSwap(state, state|mailing) { // only recall comes between
		p.state.Add(passed - recalled)
		return
	}
	if !sendRaw(int(parcel.fd), data, uintptr(parcel.len), &parcel.to) {
		p.failed.Add(1)
	}
	if p.state.Add(passed-mailing)&shut != 0 {
		closeRaw(p.rtp)
		closeRaw(p.rtcp)
	}
}
