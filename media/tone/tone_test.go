package tone

import (
	"math"
	"testing"
	"time"
)

const (
	rate  = 8000
	ptime = 20 * time.Millisecond
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name        string
		frequencies []float64
		good        bool
	}{
		{"one", []float64{440}, true},
		{"two", []float64{350, 440}, true},
		{"almost half the sample rate", []float64{3999.9}, true},
		{"none", nil, false},
		{"zero", []float64{0}, false},
		{"negative", []float64{-440}, false},
		{"half the sample rate", []float64{440, 4000}, false},
		{"no number", []float64{math.NaN()}, false},
		{"infinite", []float64{math.Inf(1)}, false},
	} {
		if err := (Tone{SampleRate: rate, Frequencies: tt.frequencies}).Check(); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRender(t *testing.T) {
	half := math.Sqrt2 / 2
	tests := []struct {
		name string
		tone Tone
		want []float64
	}{
		{"one", Tone{Frequencies: []float64{1000}, Amplitude: 10}, []float64{0, 10 * half, 10, 10 * half, 0, -10 * half, -10, -10 * half}},
		{"two", Tone{Frequencies: []float64{1000, 2000}, Amplitude: 10}, []float64{0, 10*half + 10, 10, 10*half - 10, 0, 10 - 10*half, -10, -10 - 10*half}},
		{"a quarter of a cycle later", Tone{Frequencies: []float64{1000}, Amplitude: 10, Phase: 0.25}, []float64{10, 10 * half, 0, -10 * half, -10, -10 * half, 0, 10 * half}},
	}
	for _, tt := range tests {
		tt.tone.SampleRate = rate
		samples := make([]float64, 8)
		tt.tone.Render(samples, 0)
		for i, want := range tt.want {
			if math.Abs(samples[i]-want) > 1e-9 {
				t.Errorf("%s: sample %d is %g, want %g", tt.name, i, samples[i], want)
			}
		}
	}
}

// Any part can be rendered on its own, a day into the tone too.
func TestRenderInParts(t *testing.T) {
	tone := Tone{SampleRate: rate, Frequencies: []float64{440, 1234.5}, Amplitude: 9000}
	whole, part := make([]float64, 1000), make([]float64, 300)
	tone.Render(whole, 0)
	tone.Render(part, 500)
	for i, x := range part {
		if x != whole[500+i] {
			t.Fatalf("sample %d is %g on its own, %g in the whole", 500+i, x, whole[500+i])
		}
	}
	tone.Render(part, 24*3600*rate) // whole periods of both later
	for i, x := range part {
		if math.Abs(x-whole[i]) > 0.01 {
			t.Fatalf("sample %d after a day is %g, want %g", i, x, whole[i])
		}
	}
}

func TestLoop(t *testing.T) {
	tests := []struct {
		name        string
		frequencies []float64
		ptime       time.Duration
		frames      int64   // 0: whatever
		off         float64 // Hz, at most
	}{
		{"440 Hz", []float64{440}, ptime, 5, 0},
		{"440 Hz at 30 ms", []float64{440}, 30 * time.Millisecond, 5, 0},
		{"440 Hz at 10 ms", []float64{440}, 10 * time.Millisecond, 5, 0},
		{"1000 Hz", []float64{1000}, ptime, 1, 0},
		{"digital milliwatt", []float64{1004}, ptime, 25, 0},
		{"dial tone", []float64{350, 440}, ptime, 5, 0},
		{"ringing tone", []float64{440, 480}, ptime, 5, 0},
		{"DTMF 1", []float64{697, 1209}, ptime, 50, 0},
		{"440.5 Hz", []float64{440.5}, ptime, 100, 0},
		{"440.1 Hz", []float64{440.1}, ptime, 500, 0},
		{"400.05 Hz", []float64{400.05}, ptime, 1000, 0},
		{"a third of 1000 Hz", []float64{1000.0 / 3}, ptime, 3, 0},
		{"π times 100 Hz", []float64{100 * math.Pi}, ptime, 0, near},
		{"two without a common measure", []float64{100 * math.Pi, 100 * math.E}, ptime, 0, 1.0 / 120},
		{"close to a multiple of 50 Hz", []float64{400.004}, ptime, 0, 1.0 / 120},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tone := Tone{SampleRate: rate, Frequencies: tt.frequencies, Amplitude: 10000}
			frames, fitted := tone.Loop(tt.ptime, time.Minute)
			if tt.frames != 0 && frames != tt.frames {
				t.Errorf("%d frames, want %d", frames, tt.frames)
			}
			if frames < 1 || time.Duration(frames)*tt.ptime > time.Minute {
				t.Errorf("%d frames of %v", frames, tt.ptime)
			}
			for i, f := range fitted.Frequencies {
				if off := math.Abs(f - tt.frequencies[i]); off > tt.off+1e-9 {
					t.Errorf("%g Hz instead of %g", f, tt.frequencies[i])
				}
			}
			// Without a click: the sample after the last is the first, and so on.
			first, next := make([]float64, 200), make([]float64, 200)
			fitted.Render(first, 0)
			fitted.Render(next, frames*int64(tt.ptime)*rate/int64(time.Second))
			for i := range first {
				if math.Abs(first[i]-next[i]) > 0.01 {
					t.Fatalf("sample %d after the loop is %g, want %g", i, next[i], first[i])
				}
			}
		})
	}
}

// No frequency is further off than documented.
func TestLoopBound(t *testing.T) {
	for f := 50.0; f < 3999; f += 37.0123456789 {
		for _, ptime := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
			_, fitted := Tone{SampleRate: rate, Frequencies: []float64{f}, Amplitude: 1}.Loop(ptime, time.Minute)
			if off := math.Abs(fitted.Frequencies[0] - f); off > 1.0/120+1e-9 {
				t.Errorf("%g Hz is %g Hz off at %v", f, off, ptime)
			}
		}
	}
}

func TestFade(t *testing.T) {
	const length, ramp = 1000, 100
	samples := make([]float64, length)
	for i := range samples {
		samples[i] = 1
	}
	Fade(samples[:400], 0, length, ramp)
	Fade(samples[400:], 400, length, ramp)
	if samples[0] > 1e-3 || samples[length-1] > 1e-3 {
		t.Errorf("begins at %g, ends at %g", samples[0], samples[length-1])
	}
	for i := range samples {
		if math.Abs(samples[i]-samples[length-1-i]) > 1e-12 {
			t.Fatalf("not symmetrical at %d", i)
		}
		if i > 0 && i < ramp && samples[i] <= samples[i-1] {
			t.Fatalf("does not rise at %d", i)
		}
		if i >= ramp && i < length-ramp && samples[i] != 1 {
			t.Fatalf("sample %d is %g", i, samples[i])
		}
	}
	if mid := samples[ramp/2]; math.Abs(mid-0.5) > 0.01 {
		t.Errorf("half way it is at %g", mid)
	}

	endless := []float64{1, 1}
	Fade(endless, 100, 0, ramp)
	if endless[0] != 1 || endless[1] != 1 {
		t.Errorf("an endless tone fades: %v", endless)
	}
}
