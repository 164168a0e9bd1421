package media

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCodecs(t *testing.T) {
	for _, tt := range []struct {
		codec             Codec
		name              string
		payloadType       uint8
		clock, rate, size int // size of 30 ms
	}{
		{PCMU, "PCMU", 0, 8000, 8000, 240}, {PCMA, "PCMA", 8, 8000, 8000, 240}, {G722, "G722", 9, 8000, 16000, 240},
		{L16, "L16/8000", 97, 8000, 8000, 480}, {L16Wideband, "L16/16000", 96, 16000, 16000, 960},
	} {
		if tt.codec.String() != tt.name || tt.codec.PayloadType() != tt.payloadType || tt.codec.ClockRate() != tt.clock || tt.codec.SampleRate() != tt.rate {
			t.Errorf("%v: payload type %d, clock rate %d, sample rate %d", tt.codec, tt.codec.PayloadType(), tt.codec.ClockRate(), tt.codec.SampleRate())
		}
		if name, _, _ := strings.Cut(tt.name, "/"); tt.codec.Encoding() != fmt.Sprintf("%s/%d", name, tt.clock) || tt.codec.Static() != (tt.payloadType < 96) {
			t.Errorf("%v: %s, static %v", tt.codec, tt.codec.Encoding(), tt.codec.Static())
		}
		if n := tt.codec.FrameSize(30 * time.Millisecond); n != tt.size || tt.codec.FrameSamples(30*time.Millisecond) != 30*tt.rate/1000 {
			t.Errorf("%v: 30 ms are %d octets", tt.codec, n)
		}
		if out := tt.codec.Decode(nil, make([]byte, tt.size)); len(out) != 30*tt.rate/1000 {
			t.Errorf("%v: 30 ms decode to %d samples", tt.codec, len(out))
		}
		for _, name := range []string{tt.name, strings.ToLower(tt.name)} {
			if c, err := ParseCodec(name); err != nil || c != tt.codec {
				t.Errorf("ParseCodec(%q): %v, %v", name, c, err)
			}
		}
	}
	for _, name := range []string{"", "G729", "PCMU ", "L16"} {
		if c, err := ParseCodec(name); err == nil || !strings.HasSuffix(err.Error(), "unknown, use PCMU, PCMA, G722, L16/8000 or L16/16000") {
			t.Errorf("ParseCodec(%q): %v, %v", name, c, err)
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
	for _, codec := range []Codec{PCMU, PCMA, L16, L16Wideband} {
		in := []int16{0, 1000, -1000, 32767, -32768}
		out := codec.Decode(nil, codec.Encode(nil, in))
		for i, x := range in {
			if d := math.Abs(float64(x) - float64(out[i])); d > math.Abs(float64(x))/32+8 {
				t.Errorf("%v: %d becomes %d", codec, x, out[i])
			}
		}
	}
}
