package media

import (
	"math"
	"testing"
	"time"
)

func TestCodecs(t *testing.T) {
	for _, tt := range []struct {
		codec       Codec
		name        string
		payloadType uint8
	}{{PCMU, "PCMU", 0}, {PCMA, "PCMA", 8}} {
		if tt.codec.String() != tt.name || tt.codec.PayloadType() != tt.payloadType || tt.codec.ClockRate() != 8000 {
			t.Errorf("%v: payload type %d, clock rate %d", tt.codec, tt.codec.PayloadType(), tt.codec.ClockRate())
		}
		if n := tt.codec.FrameSize(30 * time.Millisecond); n != 240 {
			t.Errorf("%v: 30 ms are %d octets", tt.codec, n)
		}
		for _, name := range []string{tt.name, "pcm" + tt.name[3:]} {
			if c, err := ParseCodec(name); err != nil || c != tt.codec {
				t.Errorf("ParseCodec(%q): %v, %v", name, c, err)
			}
		}
	}
	for _, name := range []string{"", "G729", "PCMU "} {
		if c, err := ParseCodec(name); err == nil {
			t.Errorf("ParseCodec(%q): %v, want an error", name, c)
		}
	}
}

// A sine at the overload point just reaches the largest value of the law (G.711 §5).
func TestOverload(t *testing.T) {
	for codec, want := range map[Codec]float64{PCMU: 8159 * 4, PCMA: 4096 * 8} {
		if got := codec.Amplitude(codec.Overload()); math.Abs(got-want) > 20 {
			t.Errorf("%v: %g dBm0 peaks at %.0f, want %.0f", codec, codec.Overload(), got, want)
		}
	}
}

func TestCodecRoundTrip(t *testing.T) {
	for _, codec := range Codecs() {
		in := []int16{0, 1000, -1000, 32767, -32768}
		out := codec.Decode(nil, codec.Encode(nil, in))
		for i, x := range in {
			if d := math.Abs(float64(x) - float64(out[i])); d > math.Abs(float64(x))/32+8 {
				t.Errorf("%v: %d becomes %d", codec, x, out[i])
			}
		}
	}
}
