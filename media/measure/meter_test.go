package measure

import (
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"
)

// wantTone checks the one tone of a result.
func wantTone(t *testing.T, r Result, hz, dBm0 float64, start, duration time.Duration) Tone {
	t.Helper()
	if len(r.Tones) != 1 {
		t.Fatalf("tones %v, want one", r.Tones)
	}
	got := r.Tones[0]
	if math.Abs(got.Frequency-hz) > 0.02 {
		t.Errorf("%.3f Hz, want %g", got.Frequency, hz)
	}
	if math.Abs(got.Level-dBm0) > 0.1 {
		t.Errorf("%.3f dBm0, want %g", got.Level, dBm0)
	}
	wantTime(t, got, start, duration)
	return got
}

func wantTime(t *testing.T, got Tone, start, duration time.Duration) {
	t.Helper()
	const within = 2 * time.Millisecond
	if (got.Start-start).Abs() > within || (got.Start+got.Duration-start-duration).Abs() > within {
		t.Errorf("from %v to %v, want %v to %v", got.Start, got.Start+got.Duration, start, start+duration)
	}
}

func TestFrequencyAndLevel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range laws() {
		t.Run(l.name, func(t *testing.T) {
			for _, hz := range []float64{300.3, 350.1, 440, 697, 1004, 1209, 1633, 2100.5, 3000.3, 3399.1} {
				for _, dBm0 := range []float64{3, 0, -3, -10, -20, -30, -40} {
					before := time.Duration(r.IntN(2e8))
					signal := slices.Concat(quiet(before), l.sine(time.Second/2, hz, dBm0, r.Float64()), quiet(200*time.Millisecond))
					if got := wantTone(t, l.measured(signal), hz, dBm0, before, time.Second/2); got.Missing != 0 {
						t.Errorf("%v missing", got.Missing)
					}
					if t.Failed() {
						t.Fatalf("at %g Hz, %g dBm0", hz, dBm0)
					}
				}
			}
		})
	}
}

// TestDuration finds beginning and end of a tone wherever they lie, also when it sounds from the first sample or to the last.
func TestDuration(t *testing.T) {
	l := laws()[0]
	for _, d := range []time.Duration{100, 105, 110, 120, 139, 200, 1001, 30000} {
		d *= time.Millisecond
		for before := time.Duration(0); before < 100*time.Millisecond; before += 13 * time.Millisecond {
			signal := slices.Concat(quiet(before), l.sine(d+time.Millisecond/8, 440, -10, 0.2))
			wantTone(t, l.measured(signal), 440, -10, before, d)
			signal = slices.Concat(signal, quiet(time.Second))
			wantTone(t, l.measured(signal), 440, -10, before, d)
			if t.Failed() {
				t.Fatalf("%v after %v", d, before)
			}
		}
	}
	if r := l.measured(slices.Concat(quiet(time.Second), l.sine(90*time.Millisecond, 440, -10, 0), quiet(time.Second))); len(r.Tones) != 0 {
		t.Errorf("90 ms are tones %v", r.Tones)
	}
}

func TestTonesAfterEachOther(t *testing.T) {
	l := laws()[0]
	const second = time.Second
	type tone struct {
		hz, dBm0        float64
		start, duration time.Duration
	}
	sine := func(hz, dBm0, phase float64) []float64 { return l.sine(second, hz, dBm0, phase) }
	gap := func(d time.Duration) []float64 {
		return slices.Concat(sine(440, -10, 0), quiet(d), sine(440, -10, 0.3))
	}
	for _, c := range []struct {
		name   string
		signal []float64
		want   []tone
	}{
		{"far apart", slices.Concat(sine(440, -10, 0), sine(2000.5, -10, 0)), []tone{{440, -10, 0, second}, {2000.5, -10, second, second}}},
		{"a pause between", gap(500 * time.Millisecond), []tone{{440, -10, 0, second}, {440, -10, 1500 * time.Millisecond, second}}},
		{"a short pause", gap(100 * time.Millisecond), []tone{{440, -10, 0, second}, {440, -10, 1100 * time.Millisecond, second}}},
		{"softer", slices.Concat(sine(440, -10, 0), sine(440, -20, 0)), []tone{{440, -10, 0, second}, {440, -20, second, second}}},
		{"louder", slices.Concat(sine(440, -20, 0), sine(440, -10, 0)), []tone{{440, -20, 0, second}, {440, -10, second, second}}},
		{"louder, out of phase", slices.Concat(sine(440, -20, 0), sine(440, -10, 0.4)), []tone{{440, -20, 0, second}, {440, -10, second, second}}},
		{"upside down", slices.Concat(sine(440, -10, 0), sine(440, -10, 0.5)), []tone{{440, -10, 0, second}, {440, -10, second, second}}},
		{"after noise", slices.Concat(white(rand.New(rand.NewPCG(2, 2)), second, 1000), sine(440, -10, 0)), []tone{{440, -10, second, second}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := l.measured(c.signal).Tones
			if len(got) != len(c.want) {
				t.Fatalf("tones %v, want %v", got, c.want)
			}
			for i, want := range c.want {
				if math.Abs(got[i].Frequency-want.hz) > 0.02 || math.Abs(got[i].Level-want.dBm0) > 0.1 {
					t.Errorf("tone %d is %v, want %v", i, got[i], want)
				}
				wantTime(t, got[i], want.start, want.duration)
			}
		})
	}
}

// TestMissingPackets takes packets out of a tone: it stays one tone, with its frequency and level, as long as no gap is longer
// than 60 ms.
func TestMissingPackets(t *testing.T) {
	const packet = testRate / 50
	for _, c := range []struct {
		name    string
		lost    func(packet int) bool
		missing time.Duration
	}{
		{"one", func(p int) bool { return p == 70 }, 20 * time.Millisecond},
		{"three in a row", func(p int) bool { return p >= 70 && p < 73 }, 60 * time.Millisecond},
		{"every tenth", func(p int) bool { return p%10 == 5 }, 400 * time.Millisecond},
		{"every fifth", func(p int) bool { return p%5 == 2 && p > 10 }, 760 * time.Millisecond},
	} {
		for _, offset := range []int{0, 80, 113} { // the meter's own blocks begin with the tone, not with a packet
			t.Run(c.name, func(t *testing.T) {
				l := laws()[1]
				signal := l.sine(4*time.Second, 440, -10, 0.1)
				for i := range signal {
					if c.lost((i + offset) / packet) {
						signal[i] = 0
					}
				}
				r := l.measured(slices.Concat(quiet(300*time.Millisecond), signal, quiet(300*time.Millisecond)))
				got := wantTone(t, r, 440, -10, 300*time.Millisecond, 4*time.Second)
				if least := c.missing * 3 / 4; got.Missing < least || got.Missing > 2*c.missing {
					t.Errorf("%v missing, want about %v", got.Missing, c.missing)
				}
				if got.SINAD < 35 {
					t.Errorf("SINAD %.1f dB: the gaps count as distortion", got.SINAD)
				}
			})
		}
	}
}

// TestNoFalseTones listens to what is no tone.
func TestNoFalseTones(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, c := range []struct {
		name   string
		signal func() []float64
	}{
		{"silence", func() []float64 { return quiet(20 * time.Second) }},
		{"white noise, loud", func() []float64 { return white(r, 20*time.Second, 8000) }},
		{"white noise", func() []float64 { return white(r, 20*time.Second, 1000) }},
		{"white noise, soft", func() []float64 { return white(r, 20*time.Second, 50) }},
		{"rumble", func() []float64 { return rumble(r, 20*time.Second, 1000) }},
		{"noise of a narrow band", func() []float64 { return band(r, 20*time.Second, 500, 1000) }},
		{"speech", func() []float64 { return speech(r, 20*time.Second) }},
		{"speech of another", func() []float64 { return speech(r, 20*time.Second) }},
		{"speech of a third", func() []float64 { return speech(r, 20*time.Second) }},
		{"a glide", func() []float64 {
			signal := quiet(10 * time.Second)
			for i := range signal {
				at := float64(i) / testRate
				signal[i] = 5000 * math.Sin(2*math.Pi*(300+150*at)*at) // 300 Hz a second
			}
			return signal
		}},
		{"clicks", func() []float64 {
			signal := quiet(10 * time.Second)
			for i := 0; i < len(signal); i += 333 {
				signal[i] = 20000
			}
			return signal
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			signal := c.signal()
			for _, l := range laws()[:2] {
				if got := l.measured(signal).Tones; len(got) != 0 {
					t.Errorf("%s: %d tones, as %v", l.name, len(got), got[0])
				}
			}
		})
	}
}

// TestDualTones follows the stronger one; of a short burst, as a digit of 100 ms, it says nothing.
func TestDualTones(t *testing.T) {
	l := laws()[0]
	for _, c := range []struct {
		low, high float64
		twist     float64 // dB
		hz        float64
		sinad     float64
	}{
		{770, 1336, 2, 1336, 4.1}, {770, 1336, -2, 770, 4.1}, {941, 1209, 3, 1209, 4.8}, {350, 440, 3, 440, 4.8}, {480, 620, -6, 480, 7},
	} {
		dual := func(d time.Duration) []float64 {
			return together(l.sine(d, c.low, -12-c.twist/2, 0), l.sine(d, c.high, -12+c.twist/2, 0))
		}
		r := l.measured(slices.Concat(quiet(time.Second), dual(time.Second), quiet(time.Second)))
		got := wantTone(t, r, c.hz, -12+math.Abs(c.twist)/2, time.Second, time.Second)
		if math.Abs(got.SINAD-c.sinad) > 0.3 {
			t.Errorf("SINAD %.1f dB, want %g", got.SINAD, c.sinad)
		}
		r = l.measured(slices.Concat(quiet(time.Second), dual(100*time.Millisecond), quiet(time.Second)))
		if len(r.Tones) != 0 {
			t.Errorf("a burst is tones %v", r.Tones)
		}
	}
}

func TestSINAD(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, l := range laws() {
		for _, dBm0 := range []float64{0, -10, -20, -30, -40} {
			for _, snr := range []float64{6, 10, 20, 30, math.Inf(1)} {
				clean := l.sine(2*time.Second, 1004, dBm0, 0)
				noise := l.milliwatt * math.Pow(10, (dBm0-snr)/20) / math.Sqrt2
				dirty := together(clean, white(r, 2*time.Second, noise))
				var all, rest float64
				for i, x := range l.samples(dirty) {
					all += float64(x) * float64(x)
					rest += (float64(x) - clean[i]) * (float64(x) - clean[i])
				}
				tone, ok := l.measured(dirty).Longest()
				if !ok {
					t.Fatalf("%s, %g dBm0, %g dB: no tone", l.name, dBm0, snr)
				}
				if want := 10 * math.Log10(all/rest); math.Abs(tone.SINAD-min(want, bestSINAD)) > 0.3 {
					t.Errorf("%s, %g dBm0, %g dB to noise: SINAD %.2f dB, want %.2f", l.name, dBm0, snr, tone.SINAD, want)
				}
				if math.Abs(tone.Frequency-1004) > 0.1 {
					t.Errorf("%s, %g dBm0, %g dB to noise: %.3f Hz", l.name, dBm0, snr, tone.Frequency)
				}
			}
		}
	}
}

func TestWhole(t *testing.T) {
	l := laws()[2]
	tone := l.sine(time.Second, 1004, -10, 0)
	overdriven := l.sine(time.Second, 1004, 3.2+6, 0) // twice full scale: beyond it for two thirds of the time
	for _, c := range []struct {
		name               string
		signal             []float64
		rms, peak, silence float64
		clipped            float64
		duration           time.Duration
	}{
		{"nothing", nil, math.Inf(-1), math.Inf(-1), 0, 0, 0},
		{"silence", quiet(time.Second), math.Inf(-1), math.Inf(-1), 1, 0, time.Second},
		{"a tone", tone, -16.2, -13.2, 0, 0, time.Second},
		{"and as much silence", slices.Concat(tone, quiet(time.Second)), -19.2, -13.2, 0.5, 0, 2 * time.Second},
		{"and three times", slices.Concat(quiet(2*time.Second), tone, quiet(time.Second)), -22.2, -13.2, 0.75, 0, 4 * time.Second},
		{"-60 dBm0", l.sine(time.Second, 1004, -60, 0), -66.2, -63.2, 1, 0, time.Second},
		{"-50 dBm0", l.sine(time.Second, 1004, -50, 0), -56.2, -53.2, 0, 0, time.Second},
		{"overdriven", overdriven, -1.1, 0, 0, 0.67, time.Second},
		{"less than a block", tone[:100], -16.2, -13.2, 0, 0, 12500 * time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := l.measured(c.signal)
			near := func(what string, got, want, within float64) {
				if got != want && !(math.Abs(got-want) <= within) {
					t.Errorf("%s %.3f, want %g", what, got, want)
				}
			}
			near("RMS", r.RMS, c.rms, 0.15)
			near("peak", r.Peak, c.peak, 0.15)
			near("silence", r.Silence, c.silence, 0.01)
			near("clipped", r.Clipped, c.clipped, 0.01)
			if r.Duration != c.duration {
				t.Errorf("duration %v, want %v", r.Duration, c.duration)
			}
		})
	}
	if r := laws()[1].measured(quiet(time.Second)); r.Silence != 1 { // A-law has no zero
		t.Errorf("silence of A-law is silent for %g of the time", r.Silence)
	}
	if r := laws()[0].measured(overdriven); math.Abs(r.Clipped-0.67) > 0.01 || math.Abs(r.Tones[0].Frequency-1004) > 0.02 || r.Tones[0].SINAD > 15 {
		t.Errorf("overdriven µ-law: %+v", r)
	}
}

func TestSampleRates(t *testing.T) {
	for _, rate := range []int{0, 8000, 16000, 48000} {
		m := New(Options{SampleRate: rate})
		if rate == 0 {
			rate = 8000
		}
		samples := make([]int16, 2*rate)
		for i := range samples[rate:] {
			samples[rate+i] = int16(7162 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
		}
		m.Write(samples)
		wantTone(t, m.Result(), 440, -10, time.Second, time.Second)
	}
}

// TestParts measures the same in whatever parts the samples come, and Result changes nothing.
func TestParts(t *testing.T) {
	l, r := laws()[0], rand.New(rand.NewPCG(5, 5))
	signal := slices.Concat(speech(r, 2*time.Second), l.sine(time.Second, 440, -10, 0), white(r, time.Second, 500), l.sine(time.Second, 480, -30, 0))
	want := l.measured(signal)
	if len(want.Tones) != 2 {
		t.Fatalf("tones %v", want.Tones)
	}
	for _, size := range []int{1, 7, 160, 1023, len(signal)} {
		m := New(Options{Milliwatt: l.milliwatt})
		for part := range slices.Chunk(l.samples(signal), size) {
			m.Write(part)
			if size > 1 {
				m.Result()
			}
		}
		if got := m.Result(); !reflect.DeepEqual(got, want) {
			t.Errorf("in parts of %d: %+v\nwant %+v", size, got, want)
		}
	}
}

// TestManyTones keeps the 64 longest.
func TestManyTones(t *testing.T) {
	l := laws()[0]
	var signal []float64
	for i := range 100 {
		d := 120 * time.Millisecond
		if i%2 == 0 && i < 80 {
			d = 200 * time.Millisecond
		}
		signal = slices.Concat(signal, l.sine(d, 440, -10, 0), quiet(200*time.Millisecond))
	}
	r := l.measured(signal)
	long := 0
	for i, tone := range r.Tones {
		if tone.Duration > 190*time.Millisecond {
			long++
		}
		if i > 0 && tone.Start <= r.Tones[i-1].Start {
			t.Errorf("tone %d begins at %v, the one before at %v", i, tone.Start, r.Tones[i-1].Start)
		}
	}
	if len(r.Tones) != maxTones || long != 40 {
		t.Errorf("%d tones, %d of them long", len(r.Tones), long)
	}
}

// TestMemory feeds a meter for long: once it has warmed up, it asks for no more.
func TestMemory(t *testing.T) {
	l, r := laws()[0], rand.New(rand.NewPCG(6, 6))
	for _, c := range []struct {
		name   string
		signal []float64
	}{
		{"a tone", l.sine(10*time.Second, 440, -10, 0)},
		{"speech", speech(r, 10*time.Second)},
		{"bursts", slices.Concat(l.sine(150*time.Millisecond, 440, -10, 0), quiet(850*time.Millisecond))},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, samples := New(Options{}), l.samples(c.signal)
			write := func(d time.Duration) {
				for range int(d*testRate/time.Second) / len(samples) {
					for packet := range slices.Chunk(samples, testRate/50) {
						m.Write(packet)
					}
				}
			}
			write(70 * time.Second)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			write(30 * time.Second)
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 4096 {
				t.Errorf("%d bytes allocated", n)
			}
			if got := m.Result().Duration; got != 100*time.Second {
				t.Errorf("measured %v", got)
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	l, r := laws()[0], rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct {
		name   string
		signal []float64
	}{{"tone", l.sine(time.Second, 440, -10, 0)}, {"speech", speech(r, time.Second)}, {"silence", quiet(time.Second)}} {
		b.Run(c.name, func(b *testing.B) {
			samples := l.samples(c.signal)
			m := New(Options{})
			b.ReportAllocs()
			for b.Loop() {
				m.Write(samples)
			}
			b.ReportMetric(float64(b.N)*testRate/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
