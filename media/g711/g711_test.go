package g711_test

import (
	"math"
	"slices"
	"sort"
	"testing"

	"offhook/media/g711"
)

// law is one of the two laws as the tables of G.711 print it: the columns "number of intervals × interval size",
// from zero upwards, and how many 16-bit units one unit of the table is. It shares nothing with the code under test.
type law struct {
	name      string
	columns   [][2]int
	unit      float64
	encode    func(int16) byte
	decode    func(byte) int16
	code      func(n int, negative bool) byte // character signal of the interval n
	quantised func(low, high int) float64     // y_n of the interval
}

func laws() []law {
	middle := func(low, high int) float64 { return float64(low+high) / 2 }
	return []law{
		{
			name:    "µ-law, Tables 2a and 2b",
			columns: [][2]int{{1, 1}, {15, 2}, {16, 4}, {16, 8}, {16, 16}, {16, 32}, {16, 64}, {16, 128}, {16, 256}},
			unit:    4,
			encode:  g711.EncodeULaw,
			decode:  g711.DecodeULaw,
			code: func(n int, negative bool) byte {
				if negative {
					return byte(127 - n)
				}
				return byte(255 - n)
			},
			quantised: func(low, high int) float64 {
				if low == 0 {
					return 0
				}
				return middle(low, high)
			},
		},
		{
			name:    "A-law, Tables 1a and 1b",
			columns: [][2]int{{32, 2}, {16, 4}, {16, 8}, {16, 16}, {16, 32}, {16, 64}, {16, 128}},
			unit:    8,
			encode:  g711.EncodeALaw,
			decode:  g711.DecodeALaw,
			code: func(n int, negative bool) byte {
				c := byte(n)
				if !negative {
					c += 128
				}
				for _, even := range []byte{1, 4, 16, 64} { // the bits 8, 6, 4 and 2 of Table 1a
					if c/even%2 == 1 {
						c -= even
					} else {
						c += even
					}
				}
				return c
			},
			quantised: middle,
		},
	}
}

// decisions lists the decision values x_1, x_2 … of a law.
func (l law) decisions() []int {
	values := []int{0}
	for _, c := range l.columns {
		for range c[0] {
			values = append(values, values[len(values)-1]+c[1])
		}
	}
	return values
}

// interval finds the interval of a value in units of the table.
func interval(decisions []int, v float64) int {
	n := sort.Search(len(decisions), func(i int) bool { return float64(decisions[i]) > v }) - 1
	return min(n, 127)
}

func TestEncodeAllSamples(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.name, func(t *testing.T) {
			d := l.decisions()
			if len(d) != 129 {
				t.Fatalf("%d decision values, want 129", len(d))
			}
			wrong := 0
			for x := math.MinInt16; x <= math.MaxInt16; x++ {
				// A sample stands for the half-open interval up to the next one; its centre never falls on a decision value.
				v := float64(x) + 0.5
				want := l.code(interval(d, math.Abs(v)/l.unit), v < 0)
				if got := l.encode(int16(x)); got != want {
					if wrong++; wrong < 10 {
						t.Errorf("encode(%d) = %08b, want %08b", x, got, want)
					}
				}
			}
			if wrong > 0 {
				t.Errorf("%d of 65536 samples are wrong", wrong)
			}
		})
	}
}

func TestDecodeAllCodes(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.name, func(t *testing.T) {
			d := l.decisions()
			for n := range 128 {
				y := int16(l.quantised(d[n], d[n+1]) * l.unit)
				if got := l.decode(l.code(n, false)); got != y {
					t.Errorf("interval %d: %d, want %d", n, got, y)
				}
				if got := l.decode(l.code(n, true)); got != -y {
					t.Errorf("interval -%d: %d, want %d", n, got, -y)
				}
			}
		})
	}
}

// The error of decode(encode(x)) is at most half the interval that x lies in, and half a unit of 16 bits for the tie
// rule; beyond the largest quantised value it is the distance to it. The signal that comes out never falls while x rises.
func TestErrorBound(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.name, func(t *testing.T) {
			d := l.decisions()
			last := math.MinInt16
			for x := math.MinInt16; x <= math.MaxInt16; x++ {
				y := int(l.decode(l.encode(int16(x))))
				if y < last {
					t.Fatalf("%d becomes %d, but a smaller sample %d", x, y, last)
				}
				last = y
				n := interval(d, math.Abs(float64(x)+0.5)/l.unit)
				bound := max(float64(d[n+1]-d[n]), 2) / 2 * l.unit
				if overload := math.Abs(float64(x)) - l.unit*float64(d[128]); overload > 0 {
					bound += overload
				}
				if e := math.Abs(float64(x - y)); e > bound {
					t.Fatalf("%d becomes %d: error %g, bound %g", x, y, e, bound)
				}
			}
		})
	}
}

// What was decoded is encoded as it was; only the negative zero of µ-law becomes the positive one.
func TestCodesSurvive(t *testing.T) {
	for _, l := range laws() {
		t.Run(l.name, func(t *testing.T) {
			for c := range 256 {
				want := byte(c)
				if l.decode(byte(c)) == 0 {
					want = g711.SilenceULaw
				}
				if got := l.encode(l.decode(byte(c))); got != want {
					t.Errorf("%08b becomes %08b", c, got)
				}
			}
		})
	}
}

func TestSilence(t *testing.T) {
	if got := g711.EncodeULaw(0); got != g711.SilenceULaw {
		t.Errorf("µ-law of 0 is %#x", got)
	}
	if got := g711.EncodeALaw(0); got != g711.SilenceALaw {
		t.Errorf("A-law of 0 is %#x", got)
	}
}

// The periodic sequences of Tables 5 and 6 are a sine of 1 kHz at 0 dBm0 (G.711 §5): our 0 dBm0 encodes to them, they
// decode to its power, and the overload points follow from them.
func TestDigitalMilliwatt(t *testing.T) {
	tests := []struct {
		name      string
		sequence  []byte
		milliwatt float64
		overload  float64 // dBm0
		peak      float64 // the virtual decision value, in 16-bit units
		encode    func(int16) byte
		decode    func(byte) int16
	}{
		{
			name:      "A-law, Table 5",
			sequence:  []byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4},
			milliwatt: g711.MilliwattALaw, overload: g711.OverloadALaw, peak: 4096 * 8,
			encode: g711.EncodeALaw, decode: g711.DecodeALaw,
		},
		{
			name:      "µ-law, Table 6",
			sequence:  []byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e},
			milliwatt: g711.MilliwattULaw, overload: g711.OverloadULaw, peak: 8159 * 4,
			encode: g711.EncodeULaw, decode: g711.DecodeULaw,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var power float64
			encoded := make([]byte, 0, 8)
			for i, c := range tt.sequence {
				y := float64(tt.decode(c))
				power += y * y / 8
				sine := -tt.milliwatt * math.Sin(2*math.Pi*(float64(i)+0.5)/8)
				encoded = append(encoded, tt.encode(int16(math.Round(sine))))
			}
			if peak := math.Sqrt(2 * power); math.Abs(peak-tt.milliwatt) > 1e-6 {
				t.Errorf("peak of 0 dBm0 is %.9f, want %.9f", tt.milliwatt, peak)
			}
			if !slices.Equal(encoded, tt.sequence) {
				t.Errorf("0 dBm0 at 1 kHz encodes to % x, want % x", encoded, tt.sequence)
			}
			if got := 20 * math.Log10(tt.peak/tt.milliwatt); math.Abs(got-tt.overload) > 0.005 {
				t.Errorf("overload point %.4f dBm0, want %.2f", got, tt.overload)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, l := range laws() {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			x := int16(0)
			for b.Loop() {
				l.encode(x)
				x += 77
			}
		})
	}
}
