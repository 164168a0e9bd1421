package sdp

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"

	"offhook/media"
)

// parse reads a description. Phones and gateways leave out the last line end
// and add lines of their own; such lines are passed over.
func parse(body []byte) (*sdp.SessionDescription, error) {
	var clean bytes.Buffer
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 2 || line[1] != '=' || !bytes.ContainsRune([]byte("vosiuepcbtrzkam"), rune(line[0])) {
			continue
		}
		clean.Write(line)
		clean.WriteString("\r\n")
	}
	d := &sdp.SessionDescription{}
	if err := d.Unmarshal(clean.Bytes()); err != nil {
		return nil, syntaxError("%v", err)
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, syntaxError("no m= line")
	}
	return d, nil
}

// stream is one audio stream of a peer's description.
type stream struct {
	remote, rtcp netip.AddrPort
	formats      []format
	ptime        time.Duration
	direction    sdp.Direction
	muted        bool // c=0.0.0.0: hold as before RFC 3264
}

// format is one payload type of an m= line, in the peer's order.
type format struct {
	payloadType uint8
	audio       bool // one of our codecs
	codec       media.Codec
	dtmf        bool
}

// usable tells whether a stream of an m= line can be one of ours at all.
func usable(m *sdp.MediaDescription) bool {
	profile := strings.Join(m.MediaName.Protos, "/")
	return m.MediaName.Media == "audio" && m.MediaName.Port.Value != 0 && (profile == "RTP/AVP" || profile == "RTP/AVPF")
}

// readStream reads the stream of a usable m= line.
func readStream(d *sdp.SessionDescription, m *sdp.MediaDescription) (stream, error) {
	s := stream{direction: directionOf(d, m), ptime: ptimeOf(m), formats: formatsOf(m)}
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return s, syntaxError("no c= line")
	}
	address, _, _ := strings.Cut(c.Address.Address, "/") // a multicast TTL
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return s, syntaxError("c= line: %q is not an IP address", address)
	}
	if port := m.MediaName.Port.Value; port < 1 || port > 65535 {
		return s, syntaxError("m= line: port %d out of range", port)
	}
	s.muted = ip.IsUnspecified()
	s.remote = netip.AddrPortFrom(ip.Unmap(), uint16(m.MediaName.Port.Value))
	s.rtcp = rtcpOf(m, ip)
	return s, nil
}

// rtcpOf reads a=rtcp (RFC 3605): a port, with an address or without.
func rtcpOf(m *sdp.MediaDescription, ip netip.Addr) netip.AddrPort {
	value, ok := m.Attribute("rtcp")
	if !ok {
		return netip.AddrPort{}
	}
	fields := strings.Fields(value)
	if len(fields) == 4 {
		if other, err := netip.ParseAddr(fields[3]); err == nil {
			ip = other
		}
	}
	if len(fields) == 0 {
		return netip.AddrPort{}
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
		value, _ := m.Attribute(name)
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
		number, encoding, _ := strings.Cut(a.Value, " ")
		if pt, err := strconv.ParseUint(number, 10, 7); err == nil {
			maps[uint8(pt)] = strings.ToLower(strings.TrimSpace(encoding))
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

// formatOf knows "pcmu/8000", also with "/1" for its one channel.
func formatOf(pt uint8, encoding string) format {
	f := format{payloadType: pt}
	switch strings.TrimSuffix(encoding, "/1") {
	case "pcmu/8000":
		f.audio, f.codec = true, media.PCMU
	case "pcma/8000":
		f.audio, f.codec = true, media.PCMA
	case "telephone-event/8000":
		f.dtmf = true
	case "":
		for _, c := range media.Codecs() {
			if c.PayloadType() == pt {
				f.audio, f.codec = true, c
			}
		}
	}
	return f
}
