package media

import (
	"math"
	"sort"
	"strings"
	"testing"
	"time"
)

// heard decodes the first n frames of a clip.
func heard(t *testing.T, c *Clip, n int64) []int16 {
	t.Helper()
	var pcm []int16
	decoder := c.Codec().Decoder()
	for i := range n {
		f := c.Frame(i)
		if len(f) != c.Codec().FrameSize(c.Ptime()) {
			t.Fatalf("frame %d has %d octets, want %d", i, len(f), c.Codec().FrameSize(c.Ptime()))
		}
		pcm = decoder.Decode(pcm, f)
	}
	return pcm
}

// sineFit is the amplitude of a frequency in pcm and the power of all else, by projection onto the sine and the cosine.
// It is exact where pcm holds whole cycles.
func sineFit(pcm []int16, hz float64) (amplitude, rest float64) {
	var in, quadrature, power float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / 8000)
		in += float64(x) * s
		quadrature += float64(x) * c
		power += float64(x) * float64(x)
	}
	n := float64(len(pcm))
	amplitude = 2 / n * math.Hypot(in, quadrature)
	return amplitude, power/n - amplitude*amplitude/2
}

func clipOf(t *testing.T, s Source, c Codec, ptime time.Duration) *Clip {
	t.Helper()
	clip, err := s.Clip(c, ptime)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

func TestToneLength(t *testing.T) {
	tests := []struct {
		name   string
		o      ToneOptions
		ptime  time.Duration
		frames int64
		bytes  int // memory
	}{
		{"440 Hz for 30 s", ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 30 * time.Second}, 20 * time.Millisecond, 1500, 800},
		{"440 Hz without end", ToneOptions{Frequencies: []float64{440}, Level: -10}, 20 * time.Millisecond, 0, 800},
		{"440 Hz for a day", ToneOptions{Frequencies: []float64{440}, Duration: 24 * time.Hour}, 20 * time.Millisecond, 4320000, 800},
		{"440 Hz for 30 s at 30 ms", ToneOptions{Frequencies: []float64{440}, Duration: 30 * time.Second}, 30 * time.Millisecond, 1000, 1200},
		{"a part of a frame at the end", ToneOptions{Frequencies: []float64{440}, Duration: 30*time.Second + time.Millisecond}, 20 * time.Millisecond, 1501, 960},
		{"shorter than its loop", ToneOptions{Frequencies: []float64{440.5}, Duration: time.Second}, 20 * time.Millisecond, 50, 8000},
		{"440.5 Hz", ToneOptions{Frequencies: []float64{440.5}, Duration: 30 * time.Second}, 20 * time.Millisecond, 1500, 16000},
		{"π", ToneOptions{Frequencies: []float64{100 * math.Pi}, Duration: time.Hour}, 20 * time.Millisecond, 180000, 480000},
		{"with a ramp", ToneOptions{Frequencies: []float64{440}, Duration: 30 * time.Second, Ramp: 5 * time.Millisecond}, 20 * time.Millisecond, 1500, 7 * 160},
		{"shorter than a frame", ToneOptions{Frequencies: []float64{440}, Duration: time.Millisecond}, 20 * time.Millisecond, 1, 160},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := clipOf(t, Tone(tt.o), PCMU, tt.ptime)
			if c.Len() != tt.frames {
				t.Errorf("%d frames, want %d", c.Len(), tt.frames)
			}
			if c.Bytes() > tt.bytes {
				t.Errorf("takes %d bytes, want no more than %d", c.Bytes(), tt.bytes)
			}
			if c.Len() > 0 {
				c.Frame(c.Len() - 1)
			}
		})
	}
}

// The tone has the level asked for, within 0.2 dB, and the frequency, over 30 s.
func TestToneLevelAndFrequency(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		for _, hz := range []float64{200, 400.05, 440, 440.5, 1004, 1234.567, 3400} {
			for _, level := range []float64{0, -10, -20, -40} {
				c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{hz}, Level: level, Duration: 30 * time.Second}), codec, 20*time.Millisecond)
				pcm := heard(t, c, c.Len())
				amplitude, _ := sineFit(pcm, hz)
				got := 20 * math.Log10(amplitude/codec.Amplitude(0))
				if math.Abs(got-level) > 0.1 {
					t.Errorf("%v %g Hz: level %.3f dBm0, want %g", codec, hz, got, level)
				}
				// 0.05 Hz beside it there is much less: in 30 s that is one and a half cycles.
				for _, beside := range []float64{hz - 0.05, hz + 0.05} {
					if a, _ := sineFit(pcm, beside); a > 0.4*amplitude {
						t.Errorf("%v %g Hz: amplitude %.0f, and %.0f at %g Hz", codec, hz, amplitude, a, beside)
					}
				}
				// Method 2 of G.712 §10 allows no less than 33 dB down to -30 dBm0, and 27 dB at -40 dBm0.
				amplitude, rest := sineFit(pcm[:8000], hz)
				distortion := 10 * math.Log10(amplitude*amplitude/2/rest)
				want := 33.0
				if level < -30 {
					want = 27
				}
				if distortion < want {
					t.Errorf("%v %g Hz at %g dBm0: signal to total distortion %.1f dB, want at least %g", codec, hz, level, distortion, want)
				}
			}
		}
	}
}

// idealQuantiser is G.711 on real numbers. Its decision values follow from the quantised values, which lie half way between
// them (G.711 Tables 1 and 2), but for the first of µ-law, which is 0 up to the decision value 1 of 8159.
func idealQuantiser(c Codec) func(float64) float64 {
	var quantised, upTo []float64
	edge := 0.0
	for n := range 128 {
		code := byte(0xff - n)
		if c == PCMA {
			code = byte(0x80+n) ^ 0x55
		}
		y := float64(c.Decode(nil, []byte{code})[0])
		if edge = 2*y - edge; y == 0 {
			edge = 4
		}
		quantised, upTo = append(quantised, y), append(upTo, edge)
	}
	return func(x float64) float64 {
		n := min(sort.Search(128, func(n int) bool { return upTo[n] > math.Abs(x) }), 127)
		return math.Copysign(quantised[n], x)
	}
}

// Total distortion is that of an ideal G.711 quantiser: nothing is lost on the way through 16-bit samples.
func TestToneDistortion(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		quantise := idealQuantiser(codec)
		for _, level := range []float64{3, 0, -10, -20, -30, -40, -50} {
			const hz = 1004 // the 2000 samples of its period take many different values
			c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{hz}, Level: level, Duration: time.Second}), codec, 20*time.Millisecond)
			var ours, ideal, signal float64
			for i, x := range heard(t, c, c.Len()) {
				s := codec.Amplitude(level) * math.Sin(2*math.Pi*hz*float64(i)/8000)
				signal += s * s
				ours += (float64(x) - s) * (float64(x) - s)
				ideal += (quantise(s) - s) * (quantise(s) - s)
			}
			got, want := 10*math.Log10(signal/ours), 10*math.Log10(signal/ideal)
			if math.Abs(got-want) > 0.001 {
				t.Errorf("%v at %g dBm0: signal to distortion %.2f dB, an ideal quantiser has %.2f", codec, level, got, want)
			}
		}
	}
}

// Frequencies that go into the sample rate have few different samples; their level is right all the same.
func TestToneLevelOfFewSamples(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		for _, hz := range []float64{400, 500, 800, 1000, 1600, 2000, 2400, 3000, 3400} {
			for level := -45.0; level <= 3; level += 0.3 {
				c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{hz}, Level: level, Duration: time.Second}), codec, 20*time.Millisecond)
				amplitude, _ := sineFit(heard(t, c, 10), hz)
				if got := 20 * math.Log10(amplitude/codec.Amplitude(0)); math.Abs(got-level) > 0.2 {
					t.Errorf("%v %g Hz: level %.3f dBm0, want %.1f", codec, hz, got, level)
				}
			}
		}
	}
}

// A loop repeats without a click, and a tone ends where it should.
func TestToneLoopAndEnd(t *testing.T) {
	const hz, level = 440, -10
	o := ToneOptions{Frequencies: []float64{hz}, Level: level, Duration: 2*time.Second + 5*time.Millisecond}
	for _, codec := range []Codec{PCMU, PCMA} {
		c := clipOf(t, Tone(o), codec, 20*time.Millisecond)
		if c.Len() != 101 {
			t.Fatalf("%d frames, want 101", c.Len())
		}
		silence := codec.Decode(nil, codec.Encode(nil, []int16{0}))[0]
		for i, x := range heard(t, c, c.Len()) {
			if i >= 16040 {
				if x != silence {
					t.Fatalf("%v: sample %d after the end is %d", codec, i, x)
				}
				continue
			}
			s := codec.Amplitude(level) * math.Sin(2*math.Pi*hz*float64(i)/8000)
			if step := max(math.Abs(s)/16, 16); math.Abs(float64(x)-s) > step/2+8 {
				t.Fatalf("%v: sample %d is %d, want %.0f", codec, i, x, s)
			}
		}
	}
}

func TestToneRamp(t *testing.T) {
	const ramp = 10 * time.Millisecond
	o := ToneOptions{Frequencies: []float64{1000}, Duration: 3*time.Second + 5*time.Millisecond, Ramp: ramp}
	c := clipOf(t, Tone(o), PCMU, 20*time.Millisecond)
	pcm := heard(t, c, c.Len())
	if len(pcm) != 151*160 {
		t.Fatalf("%d samples", len(pcm))
	}
	peak := func(from, to int) float64 {
		m := 0.0
		for _, x := range pcm[from:to] {
			m = max(m, math.Abs(float64(x)))
		}
		return m / PCMU.Amplitude(0)
	}
	end := 3*8000 + 40
	for _, tt := range []struct {
		name     string
		from, to int
		min, max float64
	}{
		{"first millisecond", 0, 8, 0, 0.05},
		{"half way up", 36, 44, 0.3, 0.65},
		{"after the ramp", 80, 160, 0.97, 1.03},
		{"in the loop", 8000, 16000, 0.97, 1.03},
		{"before the ramp", end - 160, end - 80, 0.97, 1.03},
		{"half way down", end - 44, end - 36, 0.3, 0.65},
		{"last millisecond", end - 8, end, 0, 0.05},
		{"after it", end, len(pcm), 0, 0},
	} {
		if p := peak(tt.from, tt.to); p < tt.min || p > tt.max {
			t.Errorf("%s: peak %.2f, want %g to %g", tt.name, p, tt.min, tt.max)
		}
	}
	endless := clipOf(t, Tone(ToneOptions{Frequencies: []float64{1000}, Ramp: ramp}), PCMU, 20*time.Millisecond)
	if endless.Len() != 0 || endless.Bytes() != 320 {
		t.Errorf("endless: %d frames, %d bytes", endless.Len(), endless.Bytes())
	}
}

func TestToneRefuses(t *testing.T) {
	tests := []struct {
		name string
		o    ToneOptions
		says string
	}{
		{"no frequency", ToneOptions{}, "no frequency"},
		{"above half the sample rate", ToneOptions{Frequencies: []float64{4001}}, "4001 Hz"},
		{"too loud", ToneOptions{Frequencies: []float64{440}, Level: 4}, "above the 3.17 dBm0 of PCMU"},
		{"too loud together", ToneOptions{Frequencies: []float64{350, 440}, Level: -2}, "peaks at 4.02 dBm0"},
		{"no level", ToneOptions{Frequencies: []float64{440}, Level: math.NaN()}, "NaN"},
		{"negative", ToneOptions{Frequencies: []float64{440}, Duration: -1}, "-1ns"},
		{"a ramp too long", ToneOptions{Frequencies: []float64{440}, Ramp: time.Hour}, "1h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Tone(tt.o).Clip(PCMU, 20*time.Millisecond)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one with %q", err, tt.says)
			}
		})
	}
	if _, err := Tone(ToneOptions{Frequencies: []float64{440}}).Clip(PCMU, time.Microsecond); err == nil {
		t.Error("frames of a microsecond are accepted")
	}
	if _, err := Tone(ToneOptions{Frequencies: []float64{440}, Level: 3.17}).Clip(PCMU, 20*time.Millisecond); err != nil {
		t.Errorf("at the overload point: %v", err)
	}
}

func TestSilenceClip(t *testing.T) {
	for _, tt := range []struct {
		d      time.Duration
		frames int64
	}{{0, 0}, {time.Second, 50}, {time.Millisecond, 1}, {21 * time.Millisecond, 2}} {
		c := clipOf(t, Silence(tt.d), PCMA, 20*time.Millisecond)
		if c.Len() != tt.frames {
			t.Errorf("%v: %d frames, want %d", tt.d, c.Len(), tt.frames)
		}
		for _, b := range c.Frame(max(tt.frames-1, 0)) {
			if b != 0xd5 {
				t.Fatalf("%v: octet %#x", tt.d, b)
			}
		}
	}
	if _, err := Silence(-1).Clip(PCMU, 20*time.Millisecond); err == nil {
		t.Error("negative silence is accepted")
	}
}

func BenchmarkClipFrame(b *testing.B) {
	c, err := Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 30 * time.Second}).Clip(PCMU, 20*time.Millisecond)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i, n := int64(0), 0
	for b.Loop() {
		n += len(c.Frame(i % 1500))
		i++
	}
}

func BenchmarkToneClip(b *testing.B) {
	b.ReportAllocs()
	s := Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 30 * time.Second})
	for b.Loop() {
		if _, err := s.Clip(PCMU, 20*time.Millisecond); err != nil {
			b.Fatal(err)
		}
	}
}
