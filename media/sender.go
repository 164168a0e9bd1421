package media

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"offhook/media/dtmf"
)

// sender builds the outgoing RTP stream of one session. It is pure: who calls it says what time it is.
//
// The RTP timestamp is a function of the instant alone, so it runs on while nothing is sent, as RFC 3550 §5.1 asks, and
// frames that were left out because the pacer was late show as a gap that the receiver plays at the right length.
type sender struct {
	ssrc      uint32
	sequence  uint16
	clockRate int64   // Hz
	origin    instant // when the timestamp was base
	base      uint32

	talking bool   // the previous frame was sent: the next one needs no marker
	packet  []byte // the latest packet, header first; patched in place
	payload int    // octets of its payload
	refused uint64 // packets that were counted as sent and could not be
	sent    Sent
}

// newSender draws SSRC, sequence number and timestamp at random (RFC 3550 §5.1, §8).
func newSender(now instant) sender {
	s := sender{
		ssrc:      rand.Uint32(),
		sequence:  uint16(rand.Uint32()),
		base:      rand.Uint32(),
		origin:    now,
		clockRate: defaultClockRate,
	}
	s.reserve(dtmf.Size)
	return s
}

// setClock changes the clock rate, in Hz; the timestamp goes on from where it is.
func (s *sender) setClock(now instant, rate int64) {
	if rate != s.clockRate {
		s.base, s.origin, s.clockRate = s.timestamp(now), now, rate
	}
}

// setSSRC begins another stream: the sequence number goes on, and the far end counts from where it is.
func (s *sender) setSSRC(ssrc uint32) {
	s.ssrc = ssrc
	if s.packet != nil {
		binary.BigEndian.PutUint32(s.packet[8:], ssrc)
	}
	s.talking = false
}

// reserve makes room for payloads of n octets.
func (s *sender) reserve(n int) {
	if len(s.packet) >= rtpHeaderLen+n {
		return
	}
	s.packet = make([]byte, rtpHeaderLen+n)
	s.packet[0] = rtpVersion << 6
	binary.BigEndian.PutUint32(s.packet[8:], s.ssrc)
}

// timestamp is the RTP timestamp of an instant; the seconds apart, so that no product overflows in a long call.
func (s *sender) timestamp(at instant) uint32 {
	d := at.sub(s.origin)
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	return s.base + uint32(seconds*s.clockRate+rest*s.clockRate/int64(time.Second))
}

// next builds the next packet of the stream in s.packet and returns it; it stays valid until the next call.
func (s *sender) next(payloadType uint8, marker bool, timestamp uint32, payload []byte) []byte {
	p := s.packet[:rtpHeaderLen+len(payload)]
	p[1] = payloadType
	if marker {
		p[1] |= markerBit
	}
	binary.BigEndian.PutUint16(p[2:], s.sequence)
	binary.BigEndian.PutUint32(p[4:], timestamp)
	copy(p[rtpHeaderLen:], payload)
	s.sequence++
	return p
}

// count books a packet after the wire took or refused it.
func (s *sender) count(payload int, err error) {
	if err != nil {
		s.sent.Errors++
		return
	}
	if s.sent.Packets == 0 {
		s.sent.First = time.Now()
	}
	s.sent.Packets++
	s.sent.Bytes += uint64(payload)
	s.payload = payload
}

// uncount takes back packets that were not sent after all; their payloads are taken to be as long as the latest.
func (s *sender) uncount(packets uint64) {
	s.sent.Packets -= packets
	s.sent.Bytes -= packets * uint64(s.payload)
}

// settle books how many packets in all the kernel refused after the wire took them.
func (s *sender) settle(refused uint64) {
	if n := refused - s.refused; n > 0 {
		s.refused = refused
		s.uncount(n)
		s.sent.Errors += n
	}
}
