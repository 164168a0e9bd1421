package sdp

import (
	"bytes"
	"slices"

	"github.com/pion/sdp/v3"

	"offhook/media"
)

// Offer describes our side to a peer that has yet to answer: one audio stream
// with all our codecs, in our order.
func Offer(l Local, c Capabilities) []byte {
	d := l.description()
	d.MediaDescriptions = []*sdp.MediaDescription{l.offered(c, c.SRTP == SRTPRequired)}
	return marshal(d)
}

// Reoffer is Offer within a dialog in which before is our latest description:
// its m= lines stay where they are, those of rejected streams too (RFC 3264 §8).
// Only an offer that differs from before has a new version in its o= line.
func Reoffer(before []byte, l Local, c Capabilities) (offer []byte, after Local) {
	offer = l.reoffer(before, c)
	if !bytes.Equal(offer, before) {
		l = l.next()
		offer = l.reoffer(before, c)
	}
	return offer, l
}

func (l Local) reoffer(before []byte, c Capabilities) []byte {
	old, err := read(before)
	if err != nil {
		return Offer(l, c) // there was none
	}
	d := l.description()
	for _, m := range old.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			m = l.offered(c, c.SRTP == SRTPRequired || c.SRTP == SRTPOptional && isSecure(m))
		}
		d.MediaDescriptions = append(d.MediaDescriptions, m)
	}
	return marshal(d)
}

// offered is our stream with all our codecs, and all our suites if it may be encrypted; secure: it must be.
func (l Local) offered(c Capabilities, secure bool) *sdp.MediaDescription {
	profile := "AVP"
	if secure {
		profile = "SAVP"
	}
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: l.Port}, Protos: []string{"RTP", profile}}}
	var clocks []int
	for _, codec := range c.Codecs {
		addCodec(m, codec.PayloadType(), codec.Encoding(), "")
		if !slices.Contains(clocks, codec.ClockRate()) {
			clocks = append(clocks, codec.ClockRate())
		}
	}
	if c.DTMF {
		for i, clock := range clocks {
			addCodec(m, dtmfPayloadType+uint8(i), telephoneEvent(clock), dtmfEvents)
		}
	}
	if c.SRTP != SRTPOff {
		for i, suite := range media.Suites() {
			l.addCrypto(m, i+1, suite)
		}
	}
	ptime := c.Ptime
	if ptime == 0 {
		ptime = usualPtime
	}
	addAttributes(m, ptime.Milliseconds(), l.direction(false))
	return m
}

// direction is the one we offer. A stream is held in each direction by itself
// (RFC 3264 §8.4); a peer that holds us says so again in its answer, so that we
// offer to send all the same, unless both hold.
func (l Local) direction(held bool) sdp.Direction {
	switch {
	case !l.Hold:
		return sdp.DirectionSendRecv
	case held:
		return sdp.DirectionInactive
	}
	return sdp.DirectionSendOnly
}

// Turn is an offer that changes nothing of before, our latest description, but
// the direction, to what l.Hold says: codecs, payload types and ports stay as they
// were agreed on. held tells that the peer holds us. Versions are as in Reoffer.
func Turn(before []byte, l Local, held bool) (offer []byte, after Local, err error) {
	if offer, err = l.turn(before, held); err == nil && !bytes.Equal(offer, before) {
		l = l.next()
		offer, err = l.turn(before, held)
	}
	return offer, l, err
}

func (l Local) turn(before []byte, held bool) ([]byte, error) {
	old, err := read(before)
	if err != nil {
		return nil, err
	}
	d := l.description()
	d.TimeDescriptions = old.TimeDescriptions
	for _, m := range old.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
				_, err := sdp.NewDirection(a.Key)
				return err == nil
			})
			m.WithPropertyAttribute(l.direction(held).String())
		}
		d.MediaDescriptions = append(d.MediaDescriptions, m)
	}
	return marshal(d), nil
}

func marshal(d *sdp.SessionDescription) []byte {
	body, err := d.Marshal()
	if err != nil { // it has no error of its own: all fields are ours
		panic("sdp: marshal offer: " + err.Error())
	}
	return body
}

// Accept reads the answer to an offer of ours. Errors are ErrNoCommonCodec, also
// when the stream was rejected or the answer picks what we did not offer, and
// *SyntaxError.
func Accept(answer, offer []byte) (Negotiated, error) {
	ours, err := read(offer)
	if err != nil {
		return Negotiated{}, err
	}
	d, err := read(answer)
	if err != nil {
		return Negotiated{}, err
	}
	if got, want := len(d.MediaDescriptions), len(ours.MediaDescriptions); got < want {
		return Negotiated{}, syntaxError("%d m= lines in an answer to %d", got, want)
	}
	for i, m := range ours.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			n, err := accept(d, d.MediaDescriptions[i], m)
			n.limit(directionOf(ours, m))
			return n, err
		}
	}
	return Negotiated{}, ErrNoCommonCodec
}

// limit keeps an answer within the direction that we offered: some peers answer a
// hold with sendrecv.
func (n *Negotiated) limit(offered sdp.Direction) {
	n.Receive = n.Receive && (offered == sdp.DirectionSendRecv || offered == sdp.DirectionRecvOnly)
	n.Send = n.Send && (offered == sdp.DirectionSendRecv || offered == sdp.DirectionSendOnly)
	n.Hold = !n.Send
}

// accept reads one stream of an answer to one of ours.
func accept(d *sdp.SessionDescription, m, ours *sdp.MediaDescription) (Negotiated, error) {
	if !usable(m) {
		return Negotiated{}, ErrNoCommonCodec
	}
	s, err := readStream(d, m)
	if err != nil {
		return Negotiated{}, err
	}
	n, ok := s.agree(offeredBy(ours))
	if !ok || !acceptCrypto(&n, ours) {
		return Negotiated{}, ErrNoCommonCodec
	}
	n.Mux = false // we did not offer it (RFC 5761 §5.1.1)
	n.Offered = n.numbersOf(ours)
	return n, nil
}

// numbersOf are the payload types that the peer is to send with, those of our offer, where its answer has others (RFC 3264 §6.1).
func (n *Negotiated) numbersOf(offer *sdp.MediaDescription) (types media.PayloadTypes) {
	for _, f := range formatsOf(offer) {
		switch {
		case f.audio && f.codec == n.Codec && f.payloadType != n.PayloadType:
			types.Audio = f.payloadType
		case n.DTMFPayloadType != 0 && f.dtmf == n.Codec.ClockRate() && f.payloadType != n.DTMFPayloadType:
			types.DTMF = f.payloadType
		}
	}
	return types
}

// offeredBy is what a stream of ours offers.
func offeredBy(m *sdp.MediaDescription) (c Capabilities) {
	for _, f := range formatsOf(m) {
		if f.audio {
			c.Codecs = append(c.Codecs, f.codec)
		}
		c.DTMF = c.DTMF || f.dtmf != 0
	}
	switch {
	case isSecure(m):
		c.SRTP = SRTPRequired
	case len(cryptosOf(m)) > 0:
		c.SRTP = SRTPOptional
	}
	return c
}
