package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"

	"offhook/media"
)

// stream is one audio stream of a peer's description.
type stream struct {
	remote, rtcp netip.AddrPort
	formats      []format
	ptime        time.Duration
	direction    sdp.Direction
	muted        bool // c=0.0.0.0: hold as before RFC 3264
	mux          bool // RTCP on the RTP port (RFC 5761)
	secure       bool // the profile is one of SRTP
	cryptos      []crypto
}

// format is one payload type of an m= line, in the peer's order.
type format struct {
	payloadType uint8
	audio       bool // one of our codecs
	codec       media.Codec
	dtmf        int // clock rate of telephone-event in Hz; 0: it is something else
}

// usable tells whether a stream of an m= line can be one of ours at all.
func usable(m *sdp.MediaDescription) bool {
	if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
		return false
	}
	switch strings.Join(m.MediaName.Protos, "/") {
	case "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF":
		return true
	}
	return false
}

// readStream reads the stream of a usable m= line.
func readStream(d *sdp.SessionDescription, m *sdp.MediaDescription) (stream, error) {
	s := stream{direction: directionOf(d, m), ptime: ptimeOf(m), formats: formatsOf(m)}
	ip, err := addressOf(d, m)
	if err != nil {
		return s, err
	}
	s.muted = ip.IsUnspecified()
	s.remote = netip.AddrPortFrom(ip, uint16(m.MediaName.Port.Value))
	s.rtcp = rtcpOf(m, ip)
	s.secure, s.cryptos = isSecure(m), cryptosOf(m)
	_, s.mux = m.Attribute("rtcp-mux")
	return s, nil
}

// addressOf is the address of c=, that of the stream or else of the session.
// Names are not looked up, and we join no multicast group (RFC 3264 §6.2).
func addressOf(d *sdp.SessionDescription, m *sdp.MediaDescription) (netip.Addr, error) {
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	switch {
	case c == nil:
		return netip.Addr{}, syntaxError("no c= line for m=audio")
	case c.Address == nil:
		return netip.Addr{}, syntaxError("c= line: want IN, IP4 or IP6, and an address")
	}
	address, _, _ := strings.Cut(c.Address.Address, "/") // a TTL
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return ip, syntaxError("c= line: %.60q is not an IP address", address)
	case ip.IsMulticast():
		return ip, fmt.Errorf("%w: %s is a multicast address", ErrNoCommonCodec, ip)
	}
	return ip.Unmap(), nil
}

// rtcpOf reads a=rtcp (RFC 3605): a port, with an address or without.
func rtcpOf(m *sdp.MediaDescription, ip netip.Addr) netip.AddrPort {
	value, ok := m.Attribute("rtcp")
	if !ok {
		return netip.AddrPort{}
	}
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return netip.AddrPort{}
	}
	if len(fields) == 4 {
		if other, err := netip.ParseAddr(fields[3]); err == nil {
			ip = other
		}
	}
	port, err := strconv.ParseUint(fields[0], 10, 16)
	if err != nil || port == 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port))
}

// directionOf is the direction of the stream, else that of the session, else
// sendrecv (RFC 8866 §6.7).
func directionOf(d *sdp.SessionDescription, m *sdp.MediaDescription) sdp.Direction {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, d.Attributes} {
		for _, a := range attributes {
			if direction, err := sdp.NewDirection(a.Key); err == nil {
				return direction
			}
		}
	}
	return sdp.DirectionSendRecv
}

// ptimeOf is the ptime the peer asks for, within maxptime and what we can do:
// whole tens of milliseconds.
func ptimeOf(m *sdp.MediaDescription) time.Duration {
	read := func(name string, otherwise time.Duration) time.Duration {
		value, ok := m.Attribute(name)
		if !ok {
			return otherwise
		}
		ms, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(ms > 0 && ms < 1000) {
			return otherwise
		}
		return time.Duration(ms * float64(time.Millisecond))
	}
	ptime := min(read("ptime", usualPtime), read("maxptime", longestPtime), longestPtime)
	return max(ptime.Truncate(10*time.Millisecond), shortestPtime)
}

// formatsOf reads the payload types of an m= line: dynamic ones by their
// rtpmap, static ones (RFC 3551 §6) with or without.
func formatsOf(m *sdp.MediaDescription) []format {
	maps := map[uint8]string{}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		fields := strings.Fields(a.Value)
		if len(fields) < 2 {
			continue
		}
		if pt, err := strconv.ParseUint(fields[0], 10, 7); err == nil {
			maps[uint8(pt)] = strings.ToLower(fields[1])
		}
	}
	var formats []format
	for _, text := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			continue
		}
		formats = append(formats, formatOf(uint8(pt), maps[uint8(pt)]))
	}
	return formats
}

// formatOf knows "pcmu/8000", also with "/1" for its one channel; static payload types have a meaning without.
func formatOf(pt uint8, encoding string) format {
	f := format{payloadType: pt}
	encoding = strings.TrimSuffix(encoding, "/1")
	if clock, ok := strings.CutPrefix(encoding, "telephone-event/"); ok {
		f.dtmf, _ = strconv.Atoi(clock)
		return f
	}
	for _, c := range media.Codecs() {
		if strings.EqualFold(encoding, c.Encoding()) || encoding == "" && c.Static() && c.PayloadType() == pt {
			f.audio, f.codec = true, c
		}
	}
	return f
}
