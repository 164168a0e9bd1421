package tone

import (
	"math"
	"math/cmplx"
	"testing"
	"time"
)

// lay parses and lays out a tone whose sines have a peak of 1000, without ramps.
func lay(t *testing.T, text string, sampleRate int) *Score {
	t.Helper()
	spec, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	score, err := spec.Lay(Sounding{SampleRate: sampleRate, Amplitude: 1000, Loop: func(t Tone) (int64, Tone) { return 160, t }})
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func rendered(s *Score, n int) []float64 {
	samples := make([]float64, n)
	s.Render(samples, 0)
	return samples
}

// TestCadence compares a cadence with what it says, sample by sample, over several periods.
func TestCadence(t *testing.T) {
	for _, sampleRate := range []int{8000, 16000} {
		score := lay(t, "!1400/101,440+480/203,0/407", sampleRate)
		perMs := sampleRate / 1000
		if score.Once() != int64(101*perMs) || score.Period() != int64(610*perMs) {
			t.Errorf("once %d, period %d", score.Once(), score.Period())
		}
		sine := func(hz float64, n int) float64 { return 1000 * math.Sin(2*math.Pi*hz*float64(n)/float64(sampleRate)) }
		for i, got := range rendered(score, 3000*perMs) {
			want := 0.0
			if n := i - 101*perMs; n < 0 {
				want = sine(1400, i)
			} else if n %= 610 * perMs; n < 203*perMs {
				want = sine(440, n) + sine(480, n)
			}
			if math.Abs(got-want) > 1e-6 {
				t.Fatalf("%d Hz: sample %d is %g, want %g", sampleRate, i, got, want)
			}
		}
	}
}

func TestScoreEnds(t *testing.T) {
	score := lay(t, "dtmf:5", 8000)
	if score.Once() != 1600 || score.Period() != 0 || score.Settled() != 1600 {
		t.Errorf("once %d, period %d, settled at %d", score.Once(), score.Period(), score.Settled())
	}
	for i, x := range rendered(score, 3000)[800:] {
		if x != 0 {
			t.Fatalf("sample %d is %g", 800+i, x)
		}
	}
}

// TestModulated: the spectrum is the carrier, and two side frequencies of 45 %, half the depth.
func TestModulated(t *testing.T) {
	samples := rendered(lay(t, "400*25", 8000), 8000)
	for hz, want := range map[float64]float64{400: 1000, 375: 450, 425: 450, 350: 0, 25: 0, 450: 0} {
		if got := amplitude(samples, hz, 8000); math.Abs(got-want) > 1e-6 {
			t.Errorf("%g Hz: %g, want %g", hz, got, want)
		}
	}
}

// amplitude is that of one frequency of which samples hold whole cycles.
func amplitude(samples []float64, hz float64, sampleRate int) float64 {
	sum, turn, step := 0i, 1+0i, cmplx.Rect(1, -2*math.Pi*hz/float64(sampleRate))
	for _, x := range samples {
		sum += complex(x, 0) * turn
		turn *= step
	}
	return cmplx.Abs(sum) * 2 / float64(len(samples))
}

// TestSweep follows the phase: at each moment the frequency is that of a logarithmic sweep, and the peak stays.
func TestSweep(t *testing.T) {
	for _, tt := range []struct {
		text     string
		from, to float64
	}{{"sweep 300-3400/10s", 300, 3400}, {"sweep 3400-300/10s", 3400, 300}} {
		const n = 80000
		score := lay(t, tt.text, 8000)
		samples := rendered(score, n+100)
		if score.Once() != n || samples[n] != 0 {
			t.Errorf("%s: %d samples, then %g", tt.text, score.Once(), samples[n])
		}
		for at := 0; at+40 < n; at += 997 {
			// With x = A·sin φ, and φ moving on by ω each sample: x(−1) + x(+1) = 2x·cos ω.
			var sum, middle float64
			for i := at + 1; i < at+39; i++ {
				sum += (samples[i-1] + samples[i+1]) * samples[i]
				middle += 2 * samples[i] * samples[i]
			}
			got := math.Acos(sum/middle) * 8000 / (2 * math.Pi)
			want := tt.from * math.Pow(tt.to/tt.from, float64(at+20)/n)
			if math.Abs(got-want) > 0.004*want {
				t.Fatalf("%s: %.1f Hz after %d samples, want %.1f", tt.text, got, at+20, want)
			}
		}
		peak := 0.0
		for _, x := range samples {
			peak = max(peak, math.Abs(x))
		}
		if math.Abs(peak-1000) > 1 {
			t.Errorf("%s: peak %g", tt.text, peak)
		}
	}
}

// TestNoise: level, distribution, slope from octave to octave, and no seam where it repeats itself.
func TestNoise(t *testing.T) {
	for _, sampleRate := range []int{8000, 16000} {
		for _, tt := range []struct {
			name  string
			slope float64 // dB per octave, of equal bandwidths
		}{{"noise.white", 0}, {"noise.pink", -10 * math.Log10(2)}} {
			score := lay(t, tt.name, sampleRate)
			n := int(score.Period())
			if n != noisePeriod*sampleRate {
				t.Fatalf("%s: repeats after %d samples", tt.name, n)
			}
			samples := rendered(score, n)
			power, over := 0.0, 0
			for _, x := range samples {
				power += x * x / float64(n)
				if math.Abs(x) > 1000*crest {
					over++
				}
			}
			if math.Abs(power-1000*1000/2) > 1 {
				t.Errorf("%s: power %g, want that of a sine of 1000", tt.name, power)
			}
			if over > n/5000 {
				t.Errorf("%s: %d of %d samples exceed 4 times the effective value", tt.name, over, n)
			}
			// The density in one octave against the one below: 640 lines in each, whose mean is within 0.17 dB (1 σ).
			last := 0.0
			for i, hz := range []float64{100, 200, 400, 800, 1600, 3200} {
				density := bandPower(samples, hz/1.4, hz*1.2, sampleRate)
				if i > 0 && math.Abs(10*math.Log10(density/last)-tt.slope) > 0.6 {
					t.Errorf("%s at %d Hz: %.2f dB from %g to %g Hz, want %.2f", tt.name, sampleRate, 10*math.Log10(density/last), hz/2, hz, tt.slope)
				}
				last = density
			}
		}
	}
}

// bandPower is the mean power of the lines from one frequency to another, a line every 1/1.2 Hz in windows of 1.2 s.
func bandPower(samples []float64, from, to float64, sampleRate int) float64 {
	window := sampleRate * 6 / 5
	sum, lines := 0.0, 0
	step := (to - from) / 64
	for hz := from; hz < to; hz += step {
		line := math.Round(hz*1.2) / 1.2
		for at := 0; at+window <= len(samples); at += window {
			a := amplitude(samples[at:at+window], line, sampleRate)
			sum += a * a
			lines++
		}
	}
	return sum / float64(lines)
}

// TestNoiseSeam: a filter that has run through the noise before says what follows the end. White noise predicts nothing.
func TestNoiseSeam(t *testing.T) {
	n := newNoise(Pink, 8000, 1000)
	// The increments of pink noise are small against its level; one at a seam would stand out.
	largest, seam := 0.0, math.Abs(n[0]-n[len(n)-1])
	for i := range n[1:] {
		largest = max(largest, math.Abs(n[i+1]-n[i]))
	}
	mean := 0.0
	for i := 0; i < 800; i++ { // slow movements, too: what is below 10 Hz goes on over the seam
		mean += n[len(n)-800+i] - n[i]
	}
	if seam > largest || math.Abs(mean/800) > 1000 {
		t.Errorf("a step of %g at the seam, elsewhere up to %g; the mean moves by %g", seam, largest, mean/800)
	}
}

func TestRampOfParts(t *testing.T) {
	spec, err := Parse("1000/100,0/100")
	if err != nil {
		t.Fatal(err)
	}
	score, err := spec.Lay(Sounding{SampleRate: 8000, Amplitude: 1000, Ramp: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	samples := rendered(score, 3200)
	peak := func(from, to int) (m float64) {
		for _, x := range samples[from:to] {
			m = max(m, math.Abs(x))
		}
		return m
	}
	for _, at := range []int{0, 1600} {
		if peak(at, at+8) > 100 || peak(at+792, at+800) > 100 || peak(at+800, at+1600) != 0 {
			t.Errorf("from %d: begins with %g, ends with %g, then %g", at, peak(at, at+8), peak(at+792, at+800), peak(at+800, at+1600))
		}
		if p := peak(at+40, at+760); math.Abs(p-1000) > 1e-6 {
			t.Errorf("from %d: peak %g", at, p)
		}
	}
}
