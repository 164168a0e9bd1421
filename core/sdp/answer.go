package sdp

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/pion/sdp/v3"

	"offhook/media"
)

// Offered is an offer of the peer's, read: it can be weighed before a port is
// taken, and answered later.
type Offered struct{ description *sdp.SessionDescription }

// Read reads an offer. The error is a *SyntaxError.
func Read(offer []byte) (*Offered, error) {
	d, err := read(offer)
	if err != nil {
		return nil, err
	}
	return &Offered{d}, nil
}

// Agree tells what an answer would agree on. Errors are as those of Answer.
func (o *Offered) Agree(c Capabilities) (Negotiated, error) {
	_, n, err := o.choose(c)
	return n, err
}

// choose picks the first stream with a codec that we allow.
func (o *Offered) choose(c Capabilities) (chosen int, n Negotiated, err error) {
	flaw := ErrNoCommonCodec
	for i, m := range o.description.MediaDescriptions {
		if !usable(m) {
			continue
		}
		s, err := readStream(o.description, m)
		if err != nil {
			flaw = err
			continue
		}
		if n, ok := s.agree(c); ok {
			return i, n, nil
		}
	}
	return 0, Negotiated{}, flaw
}

// Answer answers the offer: the first stream with a codec that we allow gets our
// side, with that codec and telephone-event; every other one gets port 0
// (RFC 3264 §6). While we hold the peer, it is told so again. Errors are
// ErrNoCommonCodec and *SyntaxError.
func (o *Offered) Answer(l Local, c Capabilities) (answer []byte, n Negotiated, err error) {
	chosen, n, err := o.choose(c)
	if err != nil {
		return nil, n, err
	}
	n.Receive = n.Receive && !l.Hold
	if n.Crypto.Suite != media.NoSuite {
		n.Crypto.Send = l.key(n.Crypto.Suite)
	}
	d, out := o.description, l.description()
	if len(d.TimeDescriptions) > 0 {
		out.TimeDescriptions = d.TimeDescriptions // RFC 3264 §6: t= is the offer's
	}
	for i, m := range d.MediaDescriptions {
		if i == chosen {
			out.MediaDescriptions = append(out.MediaDescriptions, l.stream(m.MediaName.Protos, n, n.direction()))
			continue
		}
		out.MediaDescriptions = append(out.MediaDescriptions, rejected(m))
	}
	answer, err = out.Marshal()
	return answer, n, err
}

// Revise answers an offer within a dialog, in which before is our latest
// description, made as l. The version of the o= line goes up by one, and with it
// that of the Local returned, only if the answer differs from before (RFC 3264 §8):
// an offer that merely refreshes the session changes nothing for the peer.
func Revise(offer, before []byte, l Local, c Capabilities) (answer []byte, after Local, n Negotiated, err error) {
	o, err := Read(offer)
	if err != nil {
		return nil, l, n, err
	}
	answer, n, err = o.Answer(l, c)
	if err == nil && !bytes.Equal(answer, before) {
		l = l.next()
		answer, n, err = o.Answer(l, c)
	}
	return answer, l, n, err
}

// agree picks the first codec of the peer's that we allow.
func (s *stream) agree(c Capabilities) (n Negotiated, ok bool) {
	n = Negotiated{Remote: s.remote, RemoteRTCP: s.rtcp, Ptime: s.ptime, Mux: s.mux}
	i := slices.IndexFunc(s.formats, func(f format) bool { return f.audio && slices.Contains(c.Codecs, f.codec) })
	if i < 0 {
		return n, false
	}
	protection, ok := s.secures(c.SRTP)
	if !ok {
		return n, false
	}
	n.Crypto, n.cryptoTag = media.Crypto{Suite: protection.suite, Receive: protection.key}, protection.tag
	n.Codec, n.PayloadType = s.formats[i].codec, s.formats[i].payloadType
	clock := n.Codec.ClockRate() // telephone-event goes with audio of its own clock (RFC 4733 §2.1)
	if j := slices.IndexFunc(s.formats, func(f format) bool { return f.dtmf == clock }); j >= 0 && c.DTMF {
		n.DTMFPayloadType = s.formats[j].payloadType
	}
	n.Receive = s.direction == sdp.DirectionSendRecv || s.direction == sdp.DirectionSendOnly
	n.Send = s.direction == sdp.DirectionSendRecv || s.direction == sdp.DirectionRecvOnly
	if s.muted {
		n.Send = false
	}
	n.Hold = !n.Send
	return n, true
}

func (n Negotiated) direction() sdp.Direction {
	switch {
	case n.Send && n.Receive:
		return sdp.DirectionSendRecv
	case n.Send:
		return sdp.DirectionSendOnly
	case n.Receive:
		return sdp.DirectionRecvOnly
	}
	return sdp.DirectionInactive
}

// description is the session level of what we send.
func (l Local) description() *sdp.SessionDescription {
	family := "IP4"
	if l.Address.Is6() && !l.Address.Is4In6() {
		family = "IP6"
	}
	address := l.Address.Unmap().WithZone("").String()
	return &sdp.SessionDescription{
		Origin:                sdp.Origin{Username: "offhook", SessionID: l.ID, SessionVersion: l.Version, NetworkType: "IN", AddressType: family, UnicastAddress: address},
		SessionName:           "-",
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: family, Address: &sdp.Address{Address: address}},
		TimeDescriptions:      []sdp.TimeDescription{{}},
	}
}

// stream is our side of one stream with one codec.
func (l Local) stream(protos []string, n Negotiated, direction sdp.Direction) *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: l.Port}, Protos: protos}}
	addCodec(m, n.PayloadType, n.Codec.Encoding(), "")
	if n.DTMFPayloadType != 0 {
		addCodec(m, n.DTMFPayloadType, telephoneEvent(n.Codec.ClockRate()), dtmfEvents)
	}
	if n.Crypto.Suite != media.NoSuite {
		l.addCrypto(m, n.cryptoTag, n.Crypto.Suite)
	}
	if n.Mux {
		m.WithPropertyAttribute("rtcp-mux")
	}
	addAttributes(m, n.Ptime.Milliseconds(), direction)
	return m
}

// telephoneEvent is the encoding at a clock rate in Hz.
func telephoneEvent(clock int) string { return "telephone-event/" + strconv.Itoa(clock) }

func addCodec(m *sdp.MediaDescription, pt uint8, encoding, fmtp string) {
	number := strconv.Itoa(int(pt))
	m.MediaName.Formats = append(m.MediaName.Formats, number)
	m.WithValueAttribute("rtpmap", number+" "+encoding)
	if fmtp != "" {
		m.WithValueAttribute("fmtp", number+" "+fmtp)
	}
}

func addAttributes(m *sdp.MediaDescription, ptimeMs int64, direction sdp.Direction) {
	m.WithValueAttribute("ptime", strconv.FormatInt(ptimeMs, 10))
	m.WithPropertyAttribute(direction.String())
}

// rejected is an m= line of an offer with port 0 and nothing else.
func rejected(m *sdp.MediaDescription) *sdp.MediaDescription {
	name := m.MediaName
	name.Port = sdp.RangedPort{}
	if len(name.Formats) == 0 {
		name.Formats = []string{"0"} // there must be one (RFC 3264 §6)
	}
	return &sdp.MediaDescription{MediaName: name}
}
