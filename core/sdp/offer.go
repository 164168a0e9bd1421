package sdp

import (
	"strconv"

	"github.com/pion/sdp/v3"
)

// Offer describes our side to a peer that has yet to answer: one audio stream
// with all our codecs, in our order.
func Offer(l Local, c Capabilities) []byte {
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: l.Port}, Protos: []string{"RTP", "AVP"}}}
	for _, codec := range c.Codecs {
		addCodec(m, codec.PayloadType(), codec.String()+"/"+strconv.Itoa(codec.ClockRate()), "")
	}
	if c.DTMF {
		addCodec(m, dtmfPayloadType, "telephone-event/8000", dtmfEvents)
	}
	ptime := c.Ptime
	if ptime == 0 {
		ptime = usualPtime
	}
	addAttributes(m, ptime.Milliseconds(), sdp.DirectionSendRecv)
	d := l.description()
	d.MediaDescriptions = []*sdp.MediaDescription{m}
	body, err := d.Marshal()
	if err != nil { // it has no error of its own: all fields are ours
		panic("sdp: marshal offer: " + err.Error())
	}
	return body
}

// Accept reads the answer to an offer of ours, made with the same capabilities.
// Errors are ErrNoCommonCodec, also when the stream was rejected, and
// *SyntaxError.
func Accept(answer []byte, c Capabilities) (Negotiated, error) {
	d, err := read(answer)
	if err != nil {
		return Negotiated{}, err
	}
	m := d.MediaDescriptions[0] // we offer one stream, so the first line answers it
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
