package sdp

import (
	"slices"

	"github.com/pion/sdp/v3"
)

// Offer describes our side to a peer that has yet to answer: one audio stream
// with all our codecs, in our order.
func Offer(l Local, c Capabilities) []byte {
	d := l.description()
	d.MediaDescriptions = []*sdp.MediaDescription{l.offered(c)}
	return marshal(d)
}

// Reoffer is Offer within a dialog in which before is our latest description:
// its m= lines stay where they are, those of rejected streams too (RFC 3264 §8).
func Reoffer(before []byte, l Local, c Capabilities) []byte {
	old, err := read(before)
	if err != nil {
		return Offer(l, c) // there was none
	}
	d := l.description()
	for _, m := range old.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			m = l.offered(c)
		}
		d.MediaDescriptions = append(d.MediaDescriptions, m)
	}
	return marshal(d)
}

// offered is our stream with all our codecs.
func (l Local) offered(c Capabilities) *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: l.Port}, Protos: []string{"RTP", "AVP"}}}
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
	ptime := c.Ptime
	if ptime == 0 {
		ptime = usualPtime
	}
	addAttributes(m, ptime.Milliseconds(), sdp.DirectionSendRecv)
	return m
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
			return accept(d, d.MediaDescriptions[i], offeredBy(m))
		}
	}
	return Negotiated{}, ErrNoCommonCodec
}

// accept reads one stream of an answer.
func accept(d *sdp.SessionDescription, m *sdp.MediaDescription, c Capabilities) (Negotiated, error) {
	if !usable(m) {
		return Negotiated{}, ErrNoCommonCodec
	}
	s, err := readStream(d, m)
	if err != nil {
		return Negotiated{}, err
	}
	n, ok := s.agree(c)
	if !ok {
		return Negotiated{}, ErrNoCommonCodec
	}
	return n, nil
}

// offeredBy is what a stream of ours offers.
func offeredBy(m *sdp.MediaDescription) (c Capabilities) {
	for _, f := range formatsOf(m) {
		if f.audio {
			c.Codecs = append(c.Codecs, f.codec)
		}
		c.DTMF = c.DTMF || f.dtmf != 0
	}
	return c
}
