package media

import (
	"fmt"
	"math"
	"strings"
	"time"

	"offhook/media/g711"
)

// Codec is an audio format of RFC 3551. The zero value is PCMU.
type Codec uint8

const (
	// PCMU is G.711 µ-law, 8 kHz, one channel: payload type 0.
	PCMU Codec = iota
	// PCMA is G.711 A-law, 8 kHz, one channel: payload type 8.
	PCMA
)

// Codecs lists all codecs there are.
func Codecs() []Codec { return []Codec{PCMU, PCMA} }

// ParseCodec finds a codec by its encoding name in SDP, whatever its case (RFC 3551 §4.5).
func ParseCodec(name string) (Codec, error) {
	for _, c := range Codecs() {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("codec %q: unknown, use PCMU or PCMA", name)
}

// String is the encoding name, as in a=rtpmap.
func (c Codec) String() string {
	if c == PCMA {
		return "PCMA"
	}
	return "PCMU"
}

// PayloadType is the static payload type of RFC 3551 §6.
func (c Codec) PayloadType() uint8 {
	if c == PCMA {
		return 8
	}
	return 0
}

// ClockRate is the RTP clock rate in Hz.
func (c Codec) ClockRate() int { return 8000 }

// SampleRate is what is sampled per second, in Hz.
func (c Codec) SampleRate() int { return 8000 }

// FrameSamples is how many samples ptime of sound are.
func (c Codec) FrameSamples(ptime time.Duration) int {
	return int(ptime * time.Duration(c.SampleRate()) / time.Second)
}

// FrameSize is the size in octets of the payload that holds ptime of sound.
func (c Codec) FrameSize(ptime time.Duration) int {
	return int(ptime * time.Duration(c.SampleRate()) / time.Second)
}

// Overload is the level of the largest undistorted sine in dBm0 (Tmax in G.711 §5): 3.17 for µ-law, 3.14 for A-law.
func (c Codec) Overload() float64 {
	if c == PCMA {
		return g711.OverloadALaw
	}
	return g711.OverloadULaw
}

// Amplitude is the peak of a sine of a level in dBm0, in units of 16-bit samples.
func (c Codec) Amplitude(dBm0 float64) float64 {
	milliwatt := g711.MilliwattULaw
	if c == PCMA {
		milliwatt = g711.MilliwattALaw
	}
	return milliwatt * math.Pow(10, dBm0/20)
}

// Encode appends the payload of samples to dst.
func (c Codec) Encode(dst []byte, samples []int16) []byte {
	if c == PCMA {
		for _, x := range samples {
			dst = append(dst, g711.EncodeALaw(x))
		}
		return dst
	}
	for _, x := range samples {
		dst = append(dst, g711.EncodeULaw(x))
	}
	return dst
}

// Decode appends the samples of a payload to dst.
func (c Codec) Decode(dst []int16, payload []byte) []int16 {
	if c == PCMA {
		for _, b := range payload {
			dst = append(dst, g711.DecodeALaw(b))
		}
		return dst
	}
	for _, b := range payload {
		dst = append(dst, g711.DecodeULaw(b))
	}
	return dst
}
