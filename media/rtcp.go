package media

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// RTCP packet types and sizes (RFC 3550 §6.4, §12.1).
const (
	rtcpSenderReport   = 200
	rtcpReceiverReport = 201
	rtcpDescription    = 202
	rtcpBye            = 203
	rtcpExtended       = 207 // RFC 3611

	rtcpHeaderLen  = 4
	senderInfoLen  = 20
	reportBlockLen = 24
	sdesCNAME      = 1

	maxCNAME  = 255
	maxReport = 2*rtcpHeaderLen + 4 + senderInfoLen + reportBlockLen + 4 + 2 + maxCNAME + 4 + rtcpHeaderLen + 4
)

// reportInterval is how often a session sends RTCP, in the mean: the minimum of RFC 3550 §6.2. A call has two members, whose
// reports take less than 5 % of the bandwidth at that rate, so the rules that make the interval longer never apply.
const reportInterval = 5 * time.Second

// reportDelay draws the time to the next report, half to one and a half of the interval, so that sessions which began
// together do not report together. The first report comes after half of that (§6.2). The reconsideration of §6.3.3 is
// for groups: with two members it changes nothing, and so there is nothing for which §6.3.1 has to make up.
func reportDelay(first bool) time.Duration {
	d := reportInterval/2 + rand.N(reportInterval)
	if first {
		d /= 2
	}
	return d
}

// reporter is the RTCP side of one session. It is pure: who calls it says what time it is.
type reporter struct {
	cname   string
	reports uint64 // sent
	heard   uint64 // received

	packetsBefore  uint64 // sent RTP packets at the previous report and
	packetsBefore2 uint64 // the one before that: a sender is who sent since then (§6.4)

	lastSR        uint32 // middle 32 bits of the NTP time in the latest sender report of the far end; 0 = none
	lastSRSource  uint32 // its SSRC
	lastSRArrival int64  // Unix nanoseconds

	roundTrip    time.Duration
	remoteLost   int64
	remoteJitter time.Duration
	remoteVoIP   VoIPMetrics
}

// report appends a compound packet to b: SR or RR, then SDES with CNAME (§6.1), and BYE if the session ends (§6.6).
// The stream's timestamp belongs to the same moment as wall.
func (r *reporter) report(b []byte, s *sender, in *receiver, timestamp uint32, wall time.Time, bye bool) []byte {
	start := len(b)
	if s.sent.Packets > r.packetsBefore2 {
		b = appendHeader(b, rtcpSenderReport, s.ssrc)
		b = binary.BigEndian.AppendUint64(b, ntpTime(wall))
		b = binary.BigEndian.AppendUint32(b, timestamp)
		b = binary.BigEndian.AppendUint32(b, uint32(s.sent.Packets))
		b = binary.BigEndian.AppendUint32(b, uint32(s.sent.Bytes))
	} else {
		b = appendHeader(b, rtcpReceiverReport, s.ssrc)
	}
	r.packetsBefore2, r.packetsBefore = r.packetsBefore, s.sent.Packets
	if in.current.packets > in.current.reported.packets && in.current.probation == 0 {
		b[start]++ // report count
		b = r.appendBlock(b, &in.current, in.clockRate, wall)
	}
	closeHeader(b, start)

	start = len(b)
	b = appendHeader(b, rtcpDescription, s.ssrc)
	b[start]++ // one chunk
	b = append(b, sdesCNAME, byte(len(r.cname)))
	b = append(b, r.cname...)
	b = append(b, 0, 0, 0, 0)[:start+(len(b)-start)/4*4+4] // ends with at least one zero, on a 32-bit boundary (§6.5)
	closeHeader(b, start)

	if bye {
		start = len(b)
		b = appendHeader(b, rtcpBye, s.ssrc)
		b[start]++ // one source
		closeHeader(b, start)
	}
	r.reports++
	return b
}

// appendHeader begins an RTCP packet whose first word is an SSRC; closeHeader writes its length.
func appendHeader(b []byte, kind byte, ssrc uint32) []byte {
	b = append(b, rtpVersion<<6, kind, 0, 0)
	return binary.BigEndian.AppendUint32(b, ssrc)
}

func closeHeader(b []byte, start int) {
	binary.BigEndian.PutUint16(b[start+2:], uint16((len(b)-start)/4-1))
}

// appendBlock appends a reception report (§6.4.1) and marks where its interval ends.
func (r *reporter) appendBlock(b []byte, in *inbound, clockRate int64, wall time.Time) []byte {
	expected, packets := in.expected(), in.packets
	lost := int64(expected - packets)
	var fraction int64
	interval := int64(expected - in.reported.expected)
	if gone := interval - int64(packets-in.reported.packets); interval > 0 && gone > 0 {
		fraction = min(255, gone<<8/interval)
	}
	in.reported.expected, in.reported.packets = expected, packets

	b = binary.BigEndian.AppendUint32(b, in.ssrc)
	lost = max(-1<<23, min(1<<23-1, lost))
	b = binary.BigEndian.AppendUint32(b, uint32(fraction)<<24|uint32(lost)&0xffffff)
	b = binary.BigEndian.AppendUint32(b, in.max)
	b = binary.BigEndian.AppendUint32(b, uint32(in.jitter*float64(clockRate)/float64(time.Second)))
	var lastSR, delay uint32 // since that report, in 1/65536 s
	if r.lastSR != 0 && r.lastSRSource == in.ssrc {
		lastSR, delay = r.lastSR, uint32(compact(time.Duration(wall.UnixNano()-r.lastSRArrival)))
	}
	b = binary.BigEndian.AppendUint32(b, lastSR)
	return binary.BigEndian.AppendUint32(b, delay)
}

// ntpTime is the 64-bit NTP format of RFC 3550 §4: seconds since 1900 and their binary fraction.
func ntpTime(t time.Time) uint64 {
	const since1900 = 2208988800 // seconds from 1900 to 1970
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// compact is a duration in units of 1/65536 s (§4).
func compact(d time.Duration) int64 { return int64(d) << 16 / int64(time.Second) }
