package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// chordOf mixes sines, each given as Hz and dBm0, into 1,600 samples.
func chordOf(pairs ...float64) []int16 {
	samples := make([]int16, 1600)
	for i := range samples {
		x := 0.0
		for p := 0; p < len(pairs); p += 2 {
			x += defaultMilliwatt * math.Pow(10, pairs[p+1]/20) * math.Sin(2*math.Pi*pairs[p]*float64(i)/8000+pairs[p])
		}
		samples[i] = int16(math.Round(x))
	}
	return samples
}

func TestChord(t *testing.T) {
	noise := make([]int16, 1600)
	for i := range noise {
		noise[i] = int16(rand.IntN(8000) - 4000)
	}
	half := chordOf(440, -10)
	clear(half[:1100])
	cases := []struct {
		name    string
		samples []int16
		want    []float64 // Hz, dBm0, …
	}{
		{"one", chordOf(440, -10), []float64{440, -10}},
		{"between bins", chordOf(1003.7, -3), []float64{1003.7, -3}},
		{"dial tone", chordOf(350, -13, 440, -13.5), []float64{350, -13, 440, -13.5}},
		{"ringing", chordOf(440, -19, 480, -19.5), []float64{440, -19, 480, -19.5}},
		{"a key", chordOf(697, -9, 1209, -7), []float64{1209, -7, 697, -9}},
		{"four", chordOf(1400, -20, 2060, -20.5, 2450, -21, 2600, -21.5), []float64{1400, -20, 2060, -20.5, 2450, -21, 2600, -21.5}},
		{"faint", chordOf(440, -45), []float64{440, -45}},
		{"silence", make([]int16, 1600), nil},
		{"below silence", chordOf(440, -60), nil},
		{"noise", noise, nil},
		{"just begun", half, nil},
		{"too short", chordOf(440, -10)[:1000], nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []float64
			for _, s := range Chord(c.samples, Options{}) {
				got = append(got, s.Frequency, s.Level)
			}
			ok := slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 0.5 })
			for i := 1; ok && i < len(got); i += 2 {
				ok = math.Abs(got[i]-c.want[i]) < 0.2
			}
			if !ok {
				t.Errorf("got %.2f, want %.2f", got, c.want)
			}
		})
	}
}

func BenchmarkChord(b *testing.B) {
	samples := chordOf(350, -13, 440, -13)
	for b.Loop() {
		Chord(samples, Options{})
	}
}
