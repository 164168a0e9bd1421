package jitter

import "time"

// lateRun is how long packets in order must keep coming too late until the sender's clock is taken to have been set back. A
// network that stood still lets many go at once, which does not last.
const lateRun = 60 * time.Millisecond

// place finds where a packet lies, and moves the cursor if the packet asks for it; false: it came too late.
func (b *Buffer) place(p Packet) (at int64, ok bool) {
	if len(p.Payload) == 0 {
		return b.cursor, true // its timestamp may be that of the beginning of a long event
	}
	follows := newer(p.Sequence, b.newest)
	if b.fresh {
		b.fresh = false
		at = b.cursor + b.initial
	} else if at = b.stamped + int64(int32(p.Timestamp-b.stamp))*b.scale; b.jumped(at, p.Marker, follows) {
		b.stats.Restarts++
		at = max(b.end()+b.packet*int64(p.Sequence-b.newest-1), b.cursor+b.initial)
		at = min(at, b.cursor+2*b.max)
	} else if !follows && at > b.stamped {
		return at, false // sent before the newest, to be heard after it: nonsense
	}
	slack := at - b.cursor
	if slack < 0 {
		if at < b.real || b.slack.most()-slack > b.max {
			return at, b.tooLate(at, follows)
		}
		b.move(slack) // the delay grows
		slack = 0
	}
	if follows {
		b.stamp, b.stamped = p.Timestamp, at
		b.late.running = false
	}
	b.slack.add(slack)
	return at, true
}

// tooLate judges a packet whose time has come before it: of one that is only in part too late the rest can be heard.
func (b *Buffer) tooLate(at int64, follows bool) (usable bool) {
	if at+b.packet > b.cursor {
		return true
	}
	b.stats.Late++
	if follows && !b.late.running {
		b.late = lateness{true, b.pulled}
	}
	return false
}

// jumped reports whether the sender's timestamps jumped: far ahead of what can be, or back for more than a moment. A marker says
// that a sender that kept silent counts on, perhaps from where it fell silent.
func (b *Buffer) jumped(at int64, marker, follows bool) bool {
	if !follows {
		return false
	}
	slack := at - b.cursor
	if slack > 2*b.max {
		return true
	}
	if slack >= 0 || b.slack.most()-slack <= b.max {
		return false
	}
	return marker || b.late.running && b.pulled-b.late.since >= b.samples(lateRun)
}

// end is where the newest packet ends.
func (b *Buffer) end() int64 { return b.stamped + b.packet }

// move sets the cursor n samples ahead, or back, which changes how early all packets come.
func (b *Buffer) move(n int64) {
	b.cursor += n
	b.slack.shift(-n)
}
