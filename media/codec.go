package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"offhook/media/g711"
	"offhook/media/g722"
)

// Codec is an audio format of RFC 3551, of one channel. The zero value is PCMU.
type Codec uint8

const (
	// PCMU is G.711 µ-law, 8 kHz: payload type 0.
	PCMU Codec = iota
	// PCMA is G.711 A-law, 8 kHz: payload type 8.
	PCMA
	// G722 is G.722 at 64 kbit/s, 16 kHz: payload type 9. Its RTP clock rate is 8000 Hz by an error that stayed (RFC 3551 §4.5.2).
	G722
	// L16 is linear samples of 16 bits, 8 kHz.
	L16
	// L16Wideband is linear samples of 16 bits, 16 kHz.
	L16Wideband
)

// Codecs lists all codecs there are.
func Codecs() []Codec { return []Codec{PCMU, PCMA, G722, L16, L16Wideband} }

// format is what RFC 3551 §6 says of a codec.
type format struct {
	name        string
	encoding    string // as in a=rtpmap
	payloadType uint8
	clockRate   int // Hz, of RTP
	sampleRate  int // Hz
	octets      int // per second
}

// format of a codec. L16 has no static payload type at these rates: 96 and 97 are what we offer it with.
func (c Codec) format() format {
	return [...]format{
		PCMU:        {"PCMU", "PCMU/8000", 0, 8000, 8000, 8000},
		PCMA:        {"PCMA", "PCMA/8000", 8, 8000, 8000, 8000},
		G722:        {"G722", "G722/8000", 9, 8000, 16000, 8000},
		L16:         {"L16/8000", "L16/8000", 97, 8000, 8000, 16000},
		L16Wideband: {"L16/16000", "L16/16000", 96, 16000, 16000, 32000},
	}[c]
}

// ParseCodec finds a codec by its name, whatever its case: that of SDP (RFC 3551 §4.5), for L16 with the rate.
func ParseCodec(name string) (Codec, error) {
	var names []string
	for _, c := range Codecs() {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
		names = append(names, c.String())
	}
	last := len(names) - 1
	return 0, fmt.Errorf("codec %q: unknown, use %s or %s", name, strings.Join(names[:last], ", "), names[last])
}

// String is the name that ParseCodec takes.
func (c Codec) String() string { return c.format().name }

// Encoding is what a=rtpmap says of the codec: encoding name and clock rate.
func (c Codec) Encoding() string { return c.format().encoding }

// PayloadType is the static payload type of RFC 3551 §6, or the dynamic one that we offer.
func (c Codec) PayloadType() uint8 { return c.format().payloadType }

// Static tells whether the payload type needs no a=rtpmap.
func (c Codec) Static() bool { return c.PayloadType() < 96 }

// ClockRate is the RTP clock rate in Hz.
func (c Codec) ClockRate() int { return c.format().clockRate }

// SampleRate is what is sampled per second, in Hz.
func (c Codec) SampleRate() int { return c.format().sampleRate }

// FrameSamples is how many samples ptime of sound are.
func (c Codec) FrameSamples(ptime time.Duration) int {
	return int(ptime * time.Duration(c.SampleRate()) / time.Second)
}

// FrameSize is the size in octets of the payload that holds ptime of sound.
func (c Codec) FrameSize(ptime time.Duration) int {
	return int(ptime * time.Duration(c.format().octets) / time.Second)
}

// Overload is the level of the largest undistorted sine in dBm0 (Tmax in G.711 §5): 3.17 for µ-law, 3.14 for A-law. The other
// codecs have the scale of µ-law: see Amplitude.
func (c Codec) Overload() float64 {
	if c == PCMA {
		return g711.OverloadALaw
	}
	return g711.OverloadULaw
}

// Amplitude is the peak of a sine of a level in dBm0, in units of 16-bit samples. G.722 and L16 have the scale of µ-law, as in
// every gateway that hands 16-bit samples from one codec to another; G.722 itself puts its overload point at 9 dBm0 instead.
func (c Codec) Amplitude(dBm0 float64) float64 {
	milliwatt := g711.MilliwattULaw
	if c == PCMA {
		milliwatt = g711.MilliwattALaw
	}
	return milliwatt * math.Pow(10, dBm0/20)
}

// Encoder encodes a stream of samples; Encode appends to dst. It keeps what its codec remembers of the samples before, and is for
// one goroutine at a time.
type Encoder interface {
	Encode(dst []byte, samples []int16) []byte
}

// Decoder decodes a stream of payloads; Decode appends to dst. It keeps what its codec remembers of the payloads before, and is
// for one goroutine at a time.
type Decoder interface {
	Decode(dst []int16, payload []byte) []int16
}

// Encoder makes an encoder of one stream.
func (c Codec) Encoder() Encoder {
	if c == G722 {
		return g722.NewEncoder()
	}
	return c
}

// Decoder makes a decoder of one stream.
func (c Codec) Decoder() Decoder {
	if c == G722 {
		return g722.NewDecoder()
	}
	return c
}

// silence is a frame of silence. One frame of what G.722 makes of zeros, again and again, is not silent.
func (c Codec) silence(ptime time.Duration) []byte {
	if c == G722 {
		return bytes.Repeat([]byte{g722.Silence}, c.FrameSize(ptime))
	}
	return c.Encode(nil, make([]int16, c.FrameSamples(ptime)))
}

// hasMemory tells whether a payload sounds right only after the one before.
func (c Codec) hasMemory() bool { return c == G722 }

// Encode appends the payload of samples to dst, as the beginning of a stream: see Encoder.
func (c Codec) Encode(dst []byte, samples []int16) []byte {
	switch c {
	case PCMU:
		for _, x := range samples {
			dst = append(dst, g711.EncodeULaw(x))
		}
	case PCMA:
		for _, x := range samples {
			dst = append(dst, g711.EncodeALaw(x))
		}
	case L16, L16Wideband:
		for _, x := range samples {
			dst = binary.BigEndian.AppendUint16(dst, uint16(x))
		}
	default:
		dst = c.Encoder().Encode(dst, samples)
	}
	return dst
}

// Decode appends the samples of a payload to dst, as the beginning of a stream: see Decoder. Half a sample of L16 is left out.
func (c Codec) Decode(dst []int16, payload []byte) []int16 {
	switch c {
	case PCMU:
		for _, b := range payload {
			dst = append(dst, g711.DecodeULaw(b))
		}
	case PCMA:
		for _, b := range payload {
			dst = append(dst, g711.DecodeALaw(b))
		}
	case L16, L16Wideband:
		for ; len(payload) > 1; payload = payload[2:] {
			dst = append(dst, int16(binary.BigEndian.Uint16(payload)))
		}
	default:
		dst = c.Decoder().Decode(dst, payload)
	}
	return dst
}
