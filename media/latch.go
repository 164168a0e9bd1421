package media

import (
	"net/netip"
	"time"
)

const (
	// latchPackets in a row from one address, in order, prove a source that the far end did not announce.
	latchPackets = 4
	// relatchSame and relatchOther are how long the source that the session listens to must have been silent before another
	// address takes its place: soon when the same stream goes on from there, as after a NAT gave it another port; who does
	// not hear the call cannot guess its SSRC. Later when it is another stream.
	relatchSame  = 200 * time.Millisecond
	relatchOther = 2 * time.Second
)

// latch finds out where the far end really is (symmetric RTP, RFC 4961) and keeps others out. It is pure.
//
//	learning: packets of all sources are listened to. The first one from the announced address locks it, and
//	          latchPackets in order from another one lock that.
//	locked:   only the source is listened to. Another one takes its place, by latchPackets in order, when it is the
//	          announced address, or when the source has said BYE or been silent for relatchSame or relatchOther.
//
// A new announced address begins the learning anew.
type latch struct {
	announced netip.AddrPort
	source    netip.AddrPort // locked; the zero value: learning
	ssrc      uint32         // of source
	heard     instant        // source's latest packet
	left      bool           // source said BYE

	candidate struct {
		from     netip.AddrPort
		ssrc     uint32
		sequence uint16
		run      int // packets in order
	}
	strangers uint64 // packets that were kept out
}

// announce sets the address that the far end told.
func (l *latch) announce(a netip.AddrPort) {
	if a != l.announced {
		l.announced, l.source = a, netip.AddrPort{}
		l.candidate.run = 0
	}
}

// admit judges a packet by where it came from: whether the session listens to it, and whether the source is another now.
func (l *latch) admit(from netip.AddrPort, h header, now instant) (listen, moved bool) {
	if l.source.IsValid() && from == l.source {
		l.ssrc, l.heard, l.left = h.ssrc, now, false
		return true, false
	}
	run := l.follow(from, h)
	switch {
	case !l.source.IsValid():
		if from != l.announced && run < latchPackets {
			return true, false
		}
	case run < latchPackets || !l.yields(from, h.ssrc, now):
		l.strangers++
		return false, false
	}
	l.source, l.ssrc, l.heard, l.left = from, h.ssrc, now, false
	l.candidate.run = 0
	return true, true
}

// follow counts how many packets in order came from an address that is not the source.
func (l *latch) follow(from netip.AddrPort, h header) int {
	c := &l.candidate
	if c.run > 0 && c.from == from && c.ssrc == h.ssrc && h.sequence == c.sequence+1 {
		c.run++
	} else {
		c.from, c.ssrc, c.run = from, h.ssrc, 1
	}
	c.sequence = h.sequence
	return c.run
}

// yields tells whether the source gives way to another address.
func (l *latch) yields(to netip.AddrPort, ssrc uint32, now instant) bool {
	silence := now.sub(l.heard)
	return l.left || to == l.announced || silence >= relatchOther || ssrc == l.ssrc && silence >= relatchSame
}

// admitsControl tells whether RTCP may come from an address: a host that has another port for it, or another for each.
func (l *latch) admitsControl(from netip.AddrPort) bool {
	switch {
	case !l.source.IsValid():
		return true
	case from.Addr() == l.source.Addr():
		return true
	}
	l.strangers++
	return false
}
