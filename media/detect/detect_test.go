package detect

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var scale = Scale{Rate: 8000, Milliwatt: 22651}

// sines makes samples of sines that sound together, each of a level, after a while of silence.
func sines(silence, length time.Duration, level float64, hz ...float64) []int16 {
	samples := make([]int16, (silence+length).Milliseconds()*8)
	amplitude := scale.Milliwatt * math.Pow(10, level/20)
	for i := silence.Milliseconds() * 8; i < int64(len(samples)); i++ {
		x := 0.0
		for _, f := range hz {
			x += amplitude * math.Sin(2*math.Pi*f*float64(i)/8000)
		}
		samples[i] = int16(max(-32768, min(32767, x)))
	}
	return samples
}

func noise(length time.Duration, level float64) []int16 {
	random := rand.New(rand.NewPCG(1, 1))
	samples := make([]int16, length.Milliseconds()*8)
	for i := range samples {
		samples[i] = int16(random.NormFloat64() * math.Sqrt(scale.power(level)))
	}
	return samples
}

func TestTone(t *testing.T) {
	cases := []struct {
		name    string
		want    ToneOptions
		samples []int16
		heard   bool
		hz      float64
		level   float64
	}{
		{"it sounds", ToneOptions{Frequencies: []float64{440}, Level: -40}, sines(time.Second, time.Second, -20, 440), true, 440, -20},
		{"a little off", ToneOptions{Frequencies: []float64{440}, Level: -40}, sines(time.Second, time.Second, -20, 444.5), true, 444.5, -20.7},
		{"too far off", ToneOptions{Frequencies: []float64{440}, Level: -40}, sines(0, 3*time.Second, -20, 452), false, 0, 0},
		{"much too far off", ToneOptions{Frequencies: []float64{440}, Level: -40}, sines(0, 3*time.Second, -20, 880), false, 0, 0},
		{"too soft", ToneOptions{Frequencies: []float64{440}, Level: -40}, sines(0, time.Second, -42, 440), false, 0, 0},
		{"too short", ToneOptions{Frequencies: []float64{440}, Level: -40}, append(sines(0, 200*time.Millisecond, -20, 440), make([]int16, 8000)...), false, 0, 0},
		{"two at once", ToneOptions{Frequencies: []float64{350, 440}, Level: -40}, sines(time.Second, time.Second, -13, 350, 440), true, 350, -13},
		{"one of two", ToneOptions{Frequencies: []float64{350, 440}, Level: -40}, sines(0, time.Second, -13, 350), false, 0, 0},
		{"another of two", ToneOptions{Frequencies: []float64{440, 480}, Level: -40}, sines(0, time.Second, -13, 440, 620), false, 0, 0},
		{"noise", ToneOptions{Frequencies: []float64{1000}, Level: -60}, noise(5*time.Second, -10), false, 0, 0},
		{"silence", ToneOptions{Frequencies: []float64{1000}, Level: -60}, make([]int16, 8000), false, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.want.Min = 300 * time.Millisecond
			d := NewTone(scale, c.want)
			heard := false
			for i := 0; i+80 <= len(c.samples) && !heard; i += 80 {
				heard = d.Write(c.samples[i : i+80])
			}
			if heard != c.heard {
				t.Fatalf("heard %v", heard)
			}
			if !heard {
				return
			}
			if math.Abs(d.Frequency()-c.hz) > 0.1 || math.Abs(d.Level()-c.level) > 0.3 || d.Lasted() != 300*time.Millisecond || d.Began() != time.Second {
				t.Errorf("%.2f Hz at %.2f dBm0 for %v from %v on", d.Frequency(), d.Level(), d.Lasted(), d.Began())
			}
		})
	}
}

func TestActivity(t *testing.T) {
	a := NewActivity(scale, -45)
	if _, _, ok := a.Span(); ok || a.Quiet() != 0 {
		t.Error("sound before any sample")
	}
	a.Write(noise(time.Second, -50))
	if _, _, ok := a.Span(); ok || a.Quiet() != time.Second || a.Sounding() != 0 {
		t.Errorf("soft noise: quiet for %v", a.Quiet())
	}
	a.Write(sines(0, time.Second, -30, 440))
	a.Write(make([]int16, 8*200)) // a pause within speech
	a.Write(sines(0, time.Second, -30, 440))
	if a.Sounding() != 2*time.Second || a.Quiet() != 0 {
		t.Errorf("sounding for %v, quiet for %v", a.Sounding(), a.Quiet())
	}
	a.Write(make([]int16, 8*500))
	if first, end, ok := a.Span(); !ok || first != 8000 || end != 8*3200 || a.Quiet() != 500*time.Millisecond || a.Sounding() != 0 {
		t.Errorf("sound from %d to %d, quiet for %v, sounding for %v", first, end, a.Quiet(), a.Sounding())
	}
}

func TestAllocatesNothing(t *testing.T) {
	samples := sines(0, time.Second, -20, 440)
	d, a := NewTone(scale, ToneOptions{Frequencies: []float64{350, 440}, Level: -40}), NewActivity(scale, -45)
	if n := testing.AllocsPerRun(10, func() { d.Write(samples); a.Write(samples) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkTone(b *testing.B) {
	samples := sines(0, 20*time.Millisecond, -20, 440)
	d := NewTone(scale, ToneOptions{Frequencies: []float64{350, 440}, Level: -10})
	b.ReportAllocs()
	for b.Loop() {
		d.Write(samples)
	}
}
