package dtmf

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/media/g711"
)

// keyed is how a digit of a test sounds.
type keyed struct {
	digit     byte
	on, off   time.Duration
	low, high float64 // dBm0
	detune    float64 // both frequencies are off by that share
}

func usualKey(digit byte) keyed {
	return keyed{digit: digit, on: 50 * time.Millisecond, off: 50 * time.Millisecond, low: -10, high: -10}
}

// sound is the digits one after the other, after 40 ms of silence, and 100 ms of it at the end.
func sound(rate int, keys ...keyed) []float64 {
	count := func(d time.Duration) int { return int(d * time.Duration(rate) / time.Second) }
	x := make([]float64, count(40*time.Millisecond))
	for n, k := range keys {
		i := strings.IndexByte(keypad, k.digit)
		f0, f1 := rows[i/4]*(1+k.detune), columns[i%4]*(1+k.detune)
		for i := range count(k.on) {
			t, phase := float64(i)/float64(rate), float64(n)
			x = append(x, g711.MilliwattULaw*(math.Pow(10, k.low/20)*math.Sin(2*math.Pi*f0*t+phase)+math.Pow(10, k.high/20)*math.Sin(2*math.Pi*f1*t+3*phase)))
		}
		x = append(x, make([]float64, count(k.off))...)
	}
	return append(x, make([]float64, count(100*time.Millisecond))...)
}

// heard is what a detector makes of a sound that went through µ-law, in packets of 20 ms.
func heard(rate int, x []float64) (presses []Press) {
	d := NewDetector(DetectorOptions{SampleRate: rate, Milliwatt: g711.MilliwattULaw})
	for packet := range slices.Chunk(x, rate/50) {
		pcm := make([]int16, len(packet))
		for i, v := range packet {
			pcm[i] = g711.DecodeULaw(g711.EncodeULaw(int16(max(math.MinInt16, min(math.MaxInt16, math.Round(v))))))
		}
		presses = append(presses, d.Write(pcm)...)
	}
	return presses
}

func digitsOf(presses []Press) string {
	var b strings.Builder
	for _, p := range presses {
		b.WriteByte(p.Digit)
	}
	return b.String()
}

// TestDetectAll: every digit, twice in a row too, with its length and level, at both sample rates.
func TestDetectAll(t *testing.T) {
	const all = "1122334455667788990*0#ABCDD1A"
	for _, rate := range []int{8000, 16000} {
		for _, on := range []time.Duration{40, 50, 73, 100, 400} {
			var keys []keyed
			for _, c := range []byte(all) {
				k := usualKey(c)
				k.on, k.off = on*time.Millisecond, 40*time.Millisecond
				keys = append(keys, k)
			}
			presses := heard(rate, sound(rate, keys...))
			if digitsOf(presses) != all {
				t.Errorf("%d Hz, %d ms: %q", rate, on, digitsOf(presses))
			}
			for _, p := range presses {
				if (p.Duration-on*time.Millisecond).Abs() > 6*time.Millisecond || p.Volume != 7 {
					t.Errorf("%d Hz, %d ms: %+v", rate, on, p)
				}
			}
		}
	}
}

// TestDetectLimits goes through the table of ITU-T Q.24: what has to be heard, and what must not be, for every digit.
func TestDetectLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*keyed)
		heard  bool
	}{
		{"40 ms", func(k *keyed) { k.on = 40 * time.Millisecond }, true},
		{"23 ms", func(k *keyed) { k.on = 23 * time.Millisecond }, false},
		{"20 ms", func(k *keyed) { k.on = 20 * time.Millisecond }, false},
		{"2 s", func(k *keyed) { k.on = 2 * time.Second }, true},
		{"1.5 % high", func(k *keyed) { k.detune = 0.015 }, true},
		{"1.5 % low", func(k *keyed) { k.detune = -0.015 }, true},
		{"1.8 % high", func(k *keyed) { k.detune = 0.018 }, true},
		{"3.5 % high", func(k *keyed) { k.detune = 0.035 }, false},
		{"3.5 % low", func(k *keyed) { k.detune = -0.035 }, false},
		{"6 % high", func(k *keyed) { k.detune = 0.06 }, false},
		{"loudest", func(k *keyed) { k.low, k.high = -3, -3 }, true},
		{"clipped", func(k *keyed) { k.low, k.high = 0, 0 }, true},
		{"-25 dBm0", func(k *keyed) { k.low, k.high = -25, -25 }, true},
		{"-33 dBm0", func(k *keyed) { k.low, k.high = -33, -33 }, false},
		{"-55 dBm0", func(k *keyed) { k.low, k.high = -55, -55 }, false},
		{"twist of +4 dB", func(k *keyed) { k.low, k.high = -14, -10 }, true},
		{"twist of -8 dB", func(k *keyed) { k.low, k.high = -10, -18 }, true},
		{"twist of +4 dB, soft", func(k *keyed) { k.low, k.high = -25, -21 }, true},
		{"twist of -8 dB, soft", func(k *keyed) { k.low, k.high = -17, -25 }, true},
		{"twist of +8 dB", func(k *keyed) { k.low, k.high = -18, -10 }, false},
		{"twist of -12 dB", func(k *keyed) { k.low, k.high = -10, -22 }, false},
		{"one frequency", func(k *keyed) { k.low = -100 }, false},
		{"the other", func(k *keyed) { k.high = -100 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []byte(keypad) {
				for shift := range 5 { // against the 5 ms that the detector goes by
					k := usualKey(c)
					tt.change(&k)
					x := append(make([]float64, shift*9), sound(8000, k)...)
					want := ""
					if tt.heard {
						want = string(c)
					}
					if got := digitsOf(heard(8000, x)); got != want {
						t.Errorf("%c, %d samples later: %q", c, shift*9, got)
					}
				}
			}
		})
	}
}

// TestDetectPauses: an interruption of 10 ms is none, a pause of 40 ms is one, and another digit needs no pause.
func TestDetectPauses(t *testing.T) {
	five, six := usualKey('5'), usualKey('6')
	for _, tt := range []struct {
		off  time.Duration
		next keyed
		want string
	}{{10 * time.Millisecond, five, "5"}, {40 * time.Millisecond, five, "55"}, {0, six, "56"}, {10 * time.Millisecond, six, "56"}, {time.Second, five, "55"}} {
		first := five
		first.off = tt.off
		for shift := range 40 {
			if got := digitsOf(heard(8000, append(make([]float64, shift), sound(8000, first, tt.next)...))); got != tt.want {
				t.Errorf("%v, then %c: %q", tt.off, tt.next.digit, got)
			}
		}
	}
}

// TestDetectInNoise: at 15 dB of signal to noise all of 300 digits are heard, and at 12 dB at most two are missed; none is mistaken.
func TestDetectInNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct {
		snr    float64
		missed int
	}{{24, 0}, {15, 0}, {12, 2}} {
		missed := 0
		for range 300 {
			k := usualKey(keypad[r.IntN(16)])
			x := sound(8000, k)
			effective := g711.MilliwattULaw * math.Pow(10, (k.low-tt.snr+3)/20) / math.Sqrt2 // 3: both frequencies
			for i := range x {
				x[i] += effective * r.NormFloat64()
			}
			switch got := digitsOf(heard(8000, x)); got {
			case string(k.digit):
			case "":
				missed++
			default:
				t.Errorf("%g dB: %c heard as %q", tt.snr, k.digit, got)
			}
		}
		if missed > tt.missed {
			t.Errorf("%g dB: missed %d of 300", tt.snr, missed)
		}
	}
}

// TestDown tells a digit while it is pressed.
func TestDown(t *testing.T) {
	d := NewDetector(DetectorOptions{})
	k := usualKey('9')
	k.on = time.Second
	for i, x := range sound(8000, k) {
		d.Write([]int16{int16(x)})
		digit, down := d.Down()
		if at := i * 1000 / 8000; at > 40+40 && at < 1000 && (!down || digit != '9') {
			t.Fatalf("after %d ms: %c, %v", at, digit, down)
		}
	}
	if digit, down := d.Down(); down {
		t.Errorf("%c is still down", digit)
	}
}

// TestTalkOff: two minutes each of what is no digit. Speech: syllables with formants and a gliding pitch. Music:
// chords of tempered tones with harmonics. Also noise, tones that glide, and the tones of exchanges.
func TestTalkOff(t *testing.T) {
	length := 2 * time.Minute
	if testing.Short() {
		length = 30 * time.Second
	}
	n := int(length.Seconds()) * 8000
	for _, tt := range []struct {
		name string
		make func(*rand.Rand, int) []float64
		most int
	}{{"speech", speech, 0}, {"music", music, 1}, {"noise", noise, 0}, {"sweep", sweep, 0}, {"exchange", exchange, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			presses := heard(8000, tt.make(rand.New(rand.NewPCG(7, 7)), n))
			t.Logf("%d digits in %v", len(presses), length)
			if len(presses) > tt.most {
				t.Errorf("%d digits in %v: %s", len(presses), length, fmt.Sprint(presses[:min(len(presses), 10)]))
			}
		})
	}
}

// speech babbles: three of four syllables are voiced.
func speech(r *rand.Rand, n int) []float64 {
	vowels := [][3]float64{{730, 1090, 2440}, {270, 2290, 3010}, {300, 870, 2240}, {530, 1840, 2480}, {570, 840, 2410}, {640, 1190, 2390}, {440, 1020, 2240}}
	x := make([]float64, n)
	var past [3][2]float64
	pitch, next, voiced, glottis := 120.0, 120.0, true, 0.0
	from, to := vowels[0], vowels[1]
	left, length := 0, 1
	for i := range x {
		if left == 0 {
			length = 640 + r.IntN(1760)
			left, pitch, next = length, next, 80+180*r.Float64()
			from, to, voiced = to, vowels[r.IntN(len(vowels))], r.IntN(4) > 0
		}
		at := 1 - float64(left)/float64(length)
		left--
		glottis += (pitch + (next-pitch)*at) / 8000
		source := 0.1 * r.NormFloat64()
		if voiced {
			source = 0
			if glottis >= 1 {
				glottis, source = glottis-1, 1
			}
		}
		for k := range past {
			hz := from[k] + (to[k]-from[k])*min(1, 2*at)
			radius := math.Exp(-math.Pi * (60 + 40*float64(k)) / 8000)
			y := source + 2*radius*math.Cos(2*math.Pi*hz/8000)*past[k][0] - radius*radius*past[k][1]
			past[k] = [2]float64{y, past[k][0]}
			x[i] += 4000 * math.Sin(math.Pi*at) * y / float64(k+1)
		}
	}
	return x
}

// music plays chords of one to four tones of 100 to 800 ms, with up to six harmonics and an attack.
func music(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for voice := range 4 {
		for i := 0; i < n; {
			length := min(800+r.IntN(5600), n-i)
			hz := 440 * math.Pow(2, float64(r.IntN(37)-18)/12)
			harmonics := 1 + r.IntN(6)
			if voice > 0 && r.IntN(3) == 0 {
				harmonics = 0
			}
			for h := 1; h <= harmonics && hz*float64(h) < 3800; h++ {
				phase, loud := r.Float64()*2*math.Pi, 3000/float64(h)
				for k := range length {
					fall := math.Exp(-3*float64(k)/float64(length)) * min(1, float64(k)/80)
					x[i+k] += loud * fall * math.Sin(phase+2*math.Pi*hz*float64(h)*float64(k)/8000)
				}
			}
			i += length
		}
	}
	return x
}

func noise(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	last := 0.0
	for i := range x {
		last = 0.9*last + 1500*r.NormFloat64()
		x[i] = last
		if i > n/2 { // white
			x[i] = 3000 * r.NormFloat64()
		}
	}
	return x
}

// sweep is a tone that glides from 200 to 2600 Hz and back, for half of the time with its harmonics. (Two independent tones that
// glide are digits whenever they pass those frequencies slowly enough.)
func sweep(_ *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	cycles := 0.0
	for i := range x {
		cycles += (1400 + 1200*math.Sin(1.7*float64(i)/8000)) / 8000
		x[i] = 5000 * math.Sin(2*math.Pi*cycles)
		if i%80000 > 40000 {
			x[i] += 3000*math.Sin(4*math.Pi*cycles) + 2000*math.Sin(6*math.Pi*cycles)
		}
	}
	return x
}

// exchange plays pairs of call progress tones.
func exchange(_ *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	pairs := [][2]float64{{350, 440}, {440, 480}, {480, 620}, {425, 425}, {950, 1400}, {1400, 1800}, {600, 1004}, {1100, 2100}, {700, 900}, {900, 1100}, {1300, 1700}}
	for i := range x {
		p := pairs[i/8000%len(pairs)]
		if i%4000 < 2000 {
			x[i] = 5000 * (math.Sin(2*math.Pi*p[0]*float64(i)/8000) + math.Sin(2*math.Pi*p[1]*float64(i)/8000))
		}
	}
	return x
}

func BenchmarkDetector(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, bb := range []struct {
		name string
		x    []float64
	}{{"silence", make([]float64, 8000)}, {"speech", speech(r, 8000)}, {"digits", sound(8000, usualKey('1'), usualKey('2'), usualKey('3'))}} {
		b.Run(bb.name, func(b *testing.B) {
			d := NewDetector(DetectorOptions{})
			pcm := make([]int16, 160)
			at := 0
			b.ReportAllocs()
			for b.Loop() { // 20 ms
				for i := range pcm {
					pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, bb.x[(at+i)%len(bb.x)])))
				}
				at += len(pcm)
				d.Write(pcm)
			}
		})
	}
}
