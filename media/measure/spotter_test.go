package measure

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"offhook/media/g711"
)

// spotted is what a spotter tells of a signal that comes in packets, and how far into it it told of each.
func (l law) spotted(signal []float64) (tones []Tone, at []time.Duration) {
	s := NewSpotter(Options{Milliwatt: l.milliwatt})
	var heard time.Duration
	for packet := range slices.Chunk(l.samples(signal), testRate/50) {
		heard += time.Duration(len(packet)) * time.Second / testRate
		for _, t := range s.Write(packet) {
			tones, at = append(tones, t), append(at, heard)
		}
	}
	return tones, at
}

// TestSpotter: each tone is told once, soon after its first 100 ms, with what it is.
func TestSpotter(t *testing.T) {
	type tone struct {
		hz, dBm0 float64
		start    time.Duration
	}
	const second = time.Second
	for _, l := range laws() {
		sine := func(d time.Duration, hz, dBm0 float64) []float64 { return l.sine(d, hz, dBm0, 0.3) }
		for _, c := range []struct {
			name   string
			signal []float64
			want   []tone
		}{
			{"one, for long", slices.Concat(quiet(second), sine(30*second, 440, -10)), []tone{{440, -10, second}}},
			{"one, for 120 ms", slices.Concat(quiet(second), sine(second*12/100, 1100, -10), quiet(second)), []tone{{1100, -10, second}}},
			{"a tone of 80 ms", slices.Concat(quiet(second), sine(second*8/100, 1100, -10), quiet(second)), nil},
			{"special information tones", slices.Concat(sine(second/3, 950, -20), sine(second/3, 1400, -20), sine(second/3, 1800, -20)),
				[]tone{{950, -20, 0}, {1400, -20, second / 3}, {1800, -20, second * 2 / 3}}},
			{"a cadence", slices.Concat(sine(second/2, 425, -10), quiet(second/2), sine(second/2, 425, -10), quiet(second/2)),
				[]tone{{425, -10, 0}, {425, -10, second}}},
			{"softer", slices.Concat(sine(second, 2100, -10), sine(second, 2100, -30)), []tone{{2100, -10, 0}, {2100, -30, second}}},
			{"two packets lost", slices.Concat(sine(second, 1004, 0), quiet(second*4/100), l.sine(second, 1004, 0, 0.3+0.16)), []tone{{1004, 0, 0}}},
			{"in a noise of -30 dBm0", together(white(rand.New(rand.NewPCG(7, 7)), second, l.milliwatt/math.Sqrt2*math.Pow(10, -30.0/20)), sine(second, 440, -10)), []tone{{440, -10, 0}}},
		} {
			t.Run(l.name+", "+c.name, func(t *testing.T) {
				got, at := l.spotted(c.signal)
				if len(got) != len(c.want) {
					t.Fatalf("told %v, want %v", got, c.want)
				}
				for i, want := range c.want {
					if math.Abs(got[i].Frequency-want.hz) > 1 || math.Abs(got[i].Level-want.dBm0) > 0.3 || (got[i].Start-want.start).Abs() > 10*time.Millisecond {
						t.Errorf("tone %d is %v, want %v", i, got[i], want)
					}
					if late := at[i] - want.start - got[i].Duration; got[i].Duration < shortestTone || late < -10*time.Millisecond || at[i]-want.start > 200*time.Millisecond {
						t.Errorf("tone %d is told %v after it began, as one of %v", i, at[i]-want.start, got[i].Duration)
					}
				}
			})
		}
	}
}

// TestSpotterTalkOff: what people say and keys are no tones.
func TestSpotterTalkOff(t *testing.T) {
	l := laws()[0]
	t.Run("keys", func(t *testing.T) {
		for _, low := range []float64{697, 770, 852, 941} {
			for _, high := range []float64{1209, 1336, 1477, 1633} {
				for _, twist := range []float64{-8, -4, 0, 4, 8} { // dB, as Q.24 has receivers accept and more
					for _, d := range []time.Duration{50, 100, 400, 3000} {
						d *= time.Millisecond
						key := together(l.sine(d, low, -10-twist/2, 0.1), l.sine(d, high, -10+twist/2, 0.6))
						if got, _ := l.spotted(slices.Concat(quiet(time.Second/10), key, quiet(time.Second/10))); len(got) > 0 {
							t.Errorf("%g and %g Hz, %g dB apart, for %v: told %v", low, high, twist, d, got)
						}
					}
				}
			}
		}
	})
	t.Run("babble", func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 8))
		for range 5 {
			if got, _ := l.spotted(speech(r, time.Minute)); len(got) > 0 {
				t.Errorf("told %v", got)
			}
		}
	})
	t.Run("prompts", func(t *testing.T) {
		names, err := filepath.Glob("../../scripts/sounds/en/*.wav")
		if err != nil || len(names) < 50 {
			t.Fatalf("%d prompts, %v", len(names), err)
		}
		var length time.Duration
		for _, name := range names {
			prompt := readULaw(t, name)
			length += time.Duration(len(prompt)) * time.Second / testRate
			got, _ := l.spotted(prompt)
			if beep := filepath.Base(name) == "beep.wav"; beep != (len(got) == 1) || len(got) > 1 {
				t.Errorf("%s: told %v", name, got)
			}
		}
		t.Logf("%v of speech", length)
	})
}

// readULaw reads a prompt, which is a WAV file of µ-law at 8 kHz.
func readULaw(t *testing.T, name string) []float64 {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte("data")) + 8
	if at < 40 || raw[20] != 7 {
		t.Fatalf("%s is no WAV file of µ-law", name)
	}
	signal := make([]float64, 0, len(raw))
	for _, b := range raw[at:] {
		signal = append(signal, float64(g711.DecodeULaw(b)))
	}
	return signal
}

// BenchmarkSpotter takes in a second of each.
func BenchmarkSpotter(b *testing.B) {
	l := laws()[0]
	for name, signal := range map[string][]float64{
		"silence": quiet(time.Second), "speech": speech(rand.New(rand.NewPCG(9, 9)), time.Second), "tone": l.sine(time.Second, 440, -10, 0),
		"two": together(l.sine(time.Second, 350, -13, 0), l.sine(time.Second, 440, -13, 0)),
	} {
		b.Run(name, func(b *testing.B) {
			s, samples := NewSpotter(Options{}), l.samples(signal)
			for b.Loop() {
				s.Write(samples)
			}
		})
	}
}
