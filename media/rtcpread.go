package media

import (
	"encoding/binary"
	"time"
)

// streams are the two that a report can be about.
type streams struct {
	ours, theirs uint32 // SSRCs; theirs is 0 until RTP came
	clockRate    int64  // of ours, in Hz
}

// receive reads a compound packet that arrived at a Unix time in nanoseconds, and reports whether it says that their stream
// has ended (RFC 3550 §6.6). Feedback (RFC 4585), application packets and whatever else is in it are passed over; malformed
// packets are read up to where they make no sense.
func (r *reporter) receive(b []byte, arrival int64, of streams) (bye bool) {
	if len(b) < 2*rtcpHeaderLen || b[0]>>6 != rtpVersion || b[1] < rtcpSenderReport || b[1] > rtcpReceiverReport {
		return false // §A.2: a compound packet begins with a report
	}
	r.heard++
	for len(b) >= 2*rtcpHeaderLen && b[0]>>6 == rtpVersion {
		n := rtcpHeaderLen * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if n > len(b) {
			return bye
		}
		count, body := int(b[0]&0x1f), b[min(2*rtcpHeaderLen, n):n]
		switch b[1] {
		case rtcpSenderReport:
			if len(body) < senderInfoLen {
				return bye
			}
			r.lastSR, r.lastSRArrival = binary.BigEndian.Uint32(body[2:]), arrival
			r.lastSRSource = binary.BigEndian.Uint32(b[rtcpHeaderLen:])
			r.readBlocks(body[senderInfoLen:], count, arrival, of)
		case rtcpReceiverReport:
			r.readBlocks(body, count, arrival, of)
		case rtcpBye:
			bye = bye || names(b[rtcpHeaderLen:n], count, of.theirs)
		case rtcpExtended:
			r.readExtended(body, of.ours)
		}
		b = b[n:]
	}
	return bye
}

// names tells whether an SSRC is one of the first in a list.
func names(list []byte, count int, ssrc uint32) bool {
	for ; count > 0 && len(list) >= 4; count, list = count-1, list[4:] {
		if binary.BigEndian.Uint32(list) == ssrc {
			return true
		}
	}
	return false
}

// readBlocks looks for the far end's report about what we send.
func (r *reporter) readBlocks(b []byte, count int, arrival int64, of streams) {
	for ; count > 0 && len(b) >= reportBlockLen; count, b = count-1, b[reportBlockLen:] {
		if binary.BigEndian.Uint32(b) != of.ours {
			continue
		}
		r.remoteLost = int64(int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8)
		r.remoteJitter = time.Duration(binary.BigEndian.Uint32(b[12:])) * time.Second / time.Duration(of.clockRate)
		lastSR, delay := binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])
		if lastSR == 0 {
			continue
		}
		now := uint32(ntpTime(time.Unix(0, arrival)) >> 16)
		if trip := int32(now - lastSR - delay); trip >= 0 {
			r.roundTrip = time.Duration(trip) * time.Second >> 16
		}
	}
}
