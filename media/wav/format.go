package wav

import "fmt"

// Encoding is how samples are coded: the format tag of the header.
type Encoding uint16

const (
	PCM   Encoding = 1 // WAVE_FORMAT_PCM
	Float Encoding = 3 // WAVE_FORMAT_IEEE_FLOAT
	ALaw  Encoding = 6 // WAVE_FORMAT_ALAW
	ULaw  Encoding = 7 // WAVE_FORMAT_MULAW

	extensible Encoding = 0xfffe // WAVE_FORMAT_EXTENSIBLE: the tag proper stands in an extension
)

// String names the encoding.
func (e Encoding) String() string {
	switch e {
	case PCM:
		return "PCM"
	case Float:
		return "float"
	case ALaw:
		return "A-law"
	case ULaw:
		return "µ-law"
	}
	return fmt.Sprintf("format %d", uint16(e))
}

// Format is what the header says of the samples.
type Format struct {
	Encoding   Encoding
	Channels   int
	SampleRate int // Hz
	Bits       int // of one sample
}

// String describes the format for people.
func (f Format) String() string {
	channels := "channels"
	if f.Channels == 1 {
		channels = "channel"
	}
	return fmt.Sprintf("%d-bit %v, %d Hz, %d %s", f.Bits, f.Encoding, f.SampleRate, f.Channels, channels)
}

// check tells why samples of this format cannot be read.
func (f Format) check() error {
	switch {
	case f.Channels < 1 || f.SampleRate < 1:
		return fmt.Errorf("%v: no sound in it", f)
	case f.Encoding == PCM && (f.Bits == 8 || f.Bits == 16 || f.Bits == 24 || f.Bits == 32):
	case f.Encoding == Float && (f.Bits == 32 || f.Bits == 64):
	case (f.Encoding == ALaw || f.Encoding == ULaw) && f.Bits == 8:
	default:
		return fmt.Errorf("%v: want PCM of 8, 16, 24 or 32 bits, float of 32 or 64, µ-law or A-law", f)
	}
	return nil
}
