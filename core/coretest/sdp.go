package coretest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"offhook/media"
)

// dtmfPayloadType is what the caller offers telephone-event with.
const dtmfPayloadType = 101

// Offer is a session description of the caller, an answer too.
type Offer struct {
	Direction string     // "sendrecv", "sendonly", "recvonly", "inactive"; empty: "sendrecv"
	Address   netip.Addr // RTP moves to another address, where the caller listens from then on; zero: it stays
	SDP       string     // as it stands, in place of all that
}

// describe gives a message its description.
func (c *Caller) describe(m *Message, o Offer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.describeLocked(m, o)
}

// describeLocked is describe with c.mu held.
func (c *Caller) describeLocked(m *Message, o Offer) {
	if o.Address.IsValid() {
		a := c.network.listen(c, o.Address)
		c.stream.local = a
		c.stream.listening = append(c.stream.listening, a)
	}
	m.add("Content-Type", "application/sdp")
	if m.Body = o.SDP; m.Body == "" {
		m.Body = c.newSDP(o.Direction)
	}
}

func (c *Caller) newSDP(direction string) string {
	s := &c.stream
	s.version++
	family, ip := "IP4", s.local.Addr()
	if ip.Is6() {
		family = "IP6"
	}
	if direction == "" {
		direction = "sendrecv"
	}
	var numbers, maps strings.Builder
	add := func(pt uint8, encoding string) {
		fmt.Fprintf(&numbers, " %d", pt)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s\r\n", pt, encoding)
	}
	for _, codec := range c.o.Codecs {
		add(codec.PayloadType(), codec.Encoding())
	}
	if !c.o.NoDTMF {
		add(dtmfPayloadType, fmt.Sprintf("telephone-event/%d", c.o.Codecs[0].ClockRate()))
		maps.WriteString("a=fmtp:101 0-15\r\n")
	}
	return fmt.Sprintf("v=0\r\no=caller %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %d RTP/AVP%s\r\n%sa=ptime:%d\r\na=%s\r\n",
		c.number, s.version, family, ip, family, ip, s.local.Port(), numbers.String(), maps.String(), c.o.Ptime.Milliseconds(), direction)
}

// answered reads where the server wants its RTP, and with which payload types.
func (s *stream) answered(m Message) {
	if m.Body == "" {
		return
	}
	ip, port, formats := netip.Addr{}, 0, []string(nil)
	s.dtmf = 0
	for line := range strings.SplitSeq(m.Body, "\r\n") {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "c=") && len(fields) == 3:
			ip, _ = netip.ParseAddr(fields[2])
		case strings.HasPrefix(line, "m=audio ") && len(fields) > 3:
			port, _ = strconv.Atoi(fields[1])
			formats = fields[3:]
		case strings.HasPrefix(line, "a=rtpmap:") && strings.Contains(line, "telephone-event/"):
			pt, _ := strconv.ParseUint(strings.TrimPrefix(fields[0], "a=rtpmap:"), 10, 7)
			s.dtmf = uint8(pt)
		}
	}
	s.remote = netip.AddrPortFrom(ip, uint16(port))
	for _, codec := range media.Codecs() {
		if slices.Index(formats, strconv.Itoa(int(codec.PayloadType()))) == 0 {
			s.codec = codec
		}
	}
}
