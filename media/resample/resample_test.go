package resample

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

const amplitude = 16000

func sine(hz float64, rate, n int) []int16 {
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return samples
}

func convert(t testing.TB, from, to int, samples []int16) []int16 {
	t.Helper()
	r, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	for block := range slices.Chunk(samples, 777) {
		out = r.Write(out, block)
	}
	return r.Flush(out)
}

// level is the level in dB of samples against the sine that was put in. The first and last 50 ms are left out, and a window
// makes it the same wherever in its wave a sine is cut.
func level(samples []int16, rate int) float64 {
	edge := rate / 20
	samples = samples[edge : len(samples)-edge]
	sum, weights := 1e-9, 0.0
	for i, x := range samples {
		w := 1 - math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		sum += w * float64(x) * float64(x)
		weights += w
	}
	return 10 * math.Log10(sum/weights/(amplitude*amplitude/2))
}

// rates are those of sound files, with the bounds of what is heard at 8 kHz and 16 kHz.
var rates = []struct{ from, to int }{
	{11025, 8000}, {12000, 8000}, {16000, 8000}, {22050, 8000}, {24000, 8000}, {32000, 8000}, {44100, 8000}, {48000, 8000}, {96000, 8000},
	{8000, 16000}, {11025, 16000}, {44100, 16000}, {48000, 16000},
}

// What the lower rate can carry keeps its level, up to the edge of the passband.
func TestPassband(t *testing.T) {
	for _, c := range rates {
		t.Run(fmt.Sprintf("%d to %d", c.from, c.to), func(t *testing.T) {
			edge := passband * float64(min(c.from, c.to)) / 2
			for hz := 50.0; hz <= edge; hz += (edge - 50) / 20 {
				if got := level(convert(t, c.from, c.to, sine(hz, c.from, c.from/4)), c.to); math.Abs(got) > 0.01 {
					t.Errorf("%.0f Hz: %.4f dB", hz, got)
				}
			}
		})
	}
}

// A sweep over what the lower rate cannot carry leaves nothing: no alias, and going up no image.
func TestStopband(t *testing.T) {
	for _, c := range rates {
		t.Run(fmt.Sprintf("%d to %d", c.from, c.to), func(t *testing.T) {
			worst := math.Inf(-1)
			for hz := float64(c.to) / 2; hz < float64(c.from)/2; hz += 397 {
				worst = max(worst, level(convert(t, c.from, c.to, sine(hz, c.from, c.from/4)), c.to))
			}
			if c.to > c.from { // the images of a sine are what differs from the sine
				for hz := 100.0; hz < passband*float64(c.from)/2; hz += 397 {
					out := convert(t, c.from, c.to, sine(hz, c.from, c.from/4))
					for i, x := range sine(hz, c.to, len(out)) {
						out[i] -= x
					}
					worst = max(worst, level(out, c.to))
				}
			}
			t.Logf("%.1f dB at the worst", worst)
			if worst > -75 {
				t.Errorf("%.1f dB is left", worst)
			}
		})
	}
}

// Time is kept: a sine comes out in the phase that it went in, and as long.
func TestTiming(t *testing.T) {
	for _, c := range append(rates, struct{ from, to int }{44101, 8000}, struct{ from, to int }{191999, 4001}) {
		const hz = 1000
		n := c.from + 123
		out := convert(t, c.from, c.to, sine(hz, c.from, n))
		want := int(math.Ceil(float64(n) * float64(c.to) / float64(c.from)))
		if len(out) != want {
			t.Errorf("%d to %d: %d samples, want %d", c.from, c.to, len(out), want)
		}
		for i, x := range sine(hz, c.to, len(out)) {
			if edge := c.to / 50; i > edge && i < len(out)-edge && math.Abs(float64(out[i]-x)) > 0.02*amplitude {
				t.Errorf("%d to %d: sample %d is %d, want %d", c.from, c.to, i, out[i], x)
				break
			}
		}
	}
}

func TestSameRate(t *testing.T) {
	in := sine(3999, 8000, 1000)
	if out := convert(t, 8000, 8000, in); !slices.Equal(in, out) {
		t.Error("samples changed")
	}
}

func TestExtremes(t *testing.T) {
	square := make([]int16, 4800)
	for i := range square {
		square[i] = math.MaxInt16
		if i/24%2 == 1 {
			square[i] = math.MinInt16
		}
	}
	out := convert(t, 48000, 8000, square) // a square wave overshoots: clipped, not wrapped around
	for i, x := range out[100 : len(out)-100] {
		if in := square[(i+100)*6]; (i+100)%4 > 0 && (i+100)%4 < 3 && (x > 0) != (in > 0) {
			t.Fatalf("sample %d is %d where %d went in", i, x, in)
		}
	}
	for _, rates := range [][2]int{{0, 8000}, {3999, 8000}, {192001, 8000}, {8000, 0}, {-1, -1}} {
		if _, err := New(rates[0], rates[1]); err == nil {
			t.Errorf("%v Hz: no error", rates)
		}
	}
	if out := convert(t, 44100, 8000, nil); len(out) != 0 {
		t.Errorf("%d samples of nothing", len(out))
	}
}

func BenchmarkResample(b *testing.B) {
	for _, c := range []struct{ from, to int }{{16000, 8000}, {44100, 8000}, {48000, 8000}, {48000, 16000}} {
		b.Run(fmt.Sprintf("%d to %d, 1 s", c.from, c.to), func(b *testing.B) {
			in := sine(440, c.from, c.from)
			r, err := New(c.from, c.to)
			if err != nil {
				b.Fatal(err)
			}
			var out []int16
			b.ReportAllocs()
			for b.Loop() {
				out = r.Write(out[:0], in)
			}
		})
	}
}
