package media

import (
	"encoding/binary"
	"time"
)

// instant is a moment on a driver's monotonic clock: nanoseconds since the driver started.
type instant int64

func (t instant) add(d time.Duration) instant { return t + instant(d) }

func (t instant) sub(u instant) time.Duration { return time.Duration(t - u) }

const (
	rtpHeaderLen = 12 // octets, without CSRC list and extension (RFC 3550 §5.1)
	rtpVersion   = 2
	// defaultClockRate is the one of G.711 and telephone-event (RFC 3551 §6), in Hz.
	defaultClockRate = 8000
	markerBit        = 0x80
)

// header is the part of an RTP header that this package looks at.
type header struct {
	marker      bool
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	ssrc        uint32
}

// parseRTP splits a datagram into header and payload by the validity checks of RFC 3550 §A.1. It refuses RTCP that
// strayed onto the RTP port: its packet types 200 to 204 look like the payload types 72 to 76.
func parseRTP(b []byte) (h header, payload []byte, ok bool) {
	if len(b) < rtpHeaderLen || b[0]>>6 != rtpVersion {
		return header{}, nil, false
	}
	h = header{
		marker:      b[1]&markerBit != 0,
		payloadType: b[1] &^ markerBit,
		sequence:    binary.BigEndian.Uint16(b[2:]),
		timestamp:   binary.BigEndian.Uint32(b[4:]),
		ssrc:        binary.BigEndian.Uint32(b[8:]),
	}
	if h.payloadType >= 72 && h.payloadType <= 76 {
		return header{}, nil, false
	}
	start := rtpHeaderLen + 4*int(b[0]&0x0f) // CSRC list
	if b[0]&0x10 != 0 {                      // header extension, §5.3.1
		if len(b) < start+4 {
			return header{}, nil, false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding: its last octet counts itself
		padding := int(b[end-1])
		if padding == 0 {
			return header{}, nil, false
		}
		end -= padding
	}
	if start > end {
		return header{}, nil, false
	}
	return h, b[start:end], true
}
