package g722_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"offhook/media/g722"
)

// reference reads a file of testdata. The input is 0.9 s of silence, noise of three levels, a sweep, a full-scale square wave, two
// tones (one in each band) and pulses through a resonance. The others come of it by ffmpeg 5.1.9, whose codec shares nothing with
// this one; libspandsp 0.0.6 gives the same octets, and the same samples but where it lets them overflow:
//
//	ffmpeg -f s16le -ar 16000 -ac 1 -i in.s16 -c:a g722 -f g722 encoded.g722
//	ffmpeg -f g722 -i encoded.g722 -f s16le decoded.s16
func reference(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func samples(t testing.TB, name string) []int16 {
	t.Helper()
	b := reference(t, name)
	s := make([]int16, len(b)/2)
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEncodeAsReference(t *testing.T) {
	in, want := samples(t, "in.s16"), reference(t, "encoded.g722")
	if len(in) != 14000 || len(want) != 7000 {
		t.Fatalf("%d samples, %d octets", len(in), len(want))
	}
	if got := g722.NewEncoder().Encode(nil, in); !bytes.Equal(got, want) {
		t.Errorf("octet %d of %d differs", differ(got, want), len(got))
	}
}

func TestDecodeAsReference(t *testing.T) {
	in, want := reference(t, "encoded.g722"), samples(t, "decoded.s16")
	if got := g722.NewDecoder().Decode(nil, in); !slices.Equal(got, want) {
		t.Errorf("sample %d of %d differs", differ(got, want), len(got))
	}
}

// differ is where two slices differ first.
func differ[T comparable](a, b []T) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestInPieces: how a stream is cut makes no difference, also between the two samples of an octet.
func TestInPieces(t *testing.T) {
	in := samples(t, "in.s16")
	encoder, decoder := g722.NewEncoder(), g722.NewDecoder()
	var octets []byte
	var out []int16
	r := rand.New(rand.NewPCG(1, 2))
	for rest := in; len(rest) > 0; {
		n := min(r.IntN(50), len(rest))
		octets = encoder.Encode(octets, rest[:n])
		rest = rest[n:]
	}
	for rest := octets; len(rest) > 0; {
		n := min(r.IntN(50), len(rest))
		out = decoder.Decode(out, rest[:n])
		rest = rest[n:]
	}
	if !bytes.Equal(octets, reference(t, "encoded.g722")) || !slices.Equal(out, samples(t, "decoded.s16")) {
		t.Error("pieces are not as the whole")
	}
}

// TestDistortion: sines of both bands come through. G.722 wants 45 dB of signal to distortion in a loop of analogue parts, too,
// at 1 kHz; the coding alone has what stands here.
func TestDistortion(t *testing.T) {
	for _, tt := range []struct{ hz, peak, least float64 }{
		{440, 10000, 38}, {1000, 10000, 38}, {1000, 1000, 36}, {3000, 10000, 33}, {5000, 10000, 17}, {6500, 10000, 15},
	} {
		in := make([]int16, 16000)
		for i := range in {
			in[i] = int16(math.Round(tt.peak * math.Sin(2*math.Pi*tt.hz*float64(i)/16000)))
		}
		out := g722.NewDecoder().Decode(nil, g722.NewEncoder().Encode(nil, in))[8000:]
		var sine, cosine, power float64
		for i, x := range out {
			s, c := math.Sincos(2 * math.Pi * tt.hz * float64(i) / 16000)
			sine += float64(x) * s / 4000
			cosine += float64(x) * c / 4000
			power += float64(x) * float64(x) / 8000
		}
		amplitude := math.Hypot(sine, cosine)
		sdr := 10 * math.Log10(amplitude*amplitude/2/(power-amplitude*amplitude/2))
		if math.Abs(20*math.Log10(amplitude/tt.peak)) > 0.15 || sdr < tt.least {
			t.Errorf("%g Hz at %g: peak %.0f, signal to distortion %.1f dB", tt.hz, tt.peak, amplitude, sdr)
		}
	}
}

// TestJoiningLate: a decoder that missed the beginning sounds like one that did not after 0.2 s.
func TestJoiningLate(t *testing.T) {
	octets, want := reference(t, "encoded.g722"), samples(t, "decoded.s16")
	const from, until = 1200, 2900 // within the sweep
	got := g722.NewDecoder().Decode(nil, octets[from:until])
	var difference, power float64
	for i := 3200; i < len(got); i++ {
		d := float64(got[i]) - float64(want[2*from+i])
		difference += d * d
		power += float64(want[2*from+i]) * float64(want[2*from+i])
	}
	if snr := 10 * math.Log10(power/difference); snr < 40 {
		t.Errorf("differs by %.1f dB", snr)
	}
}

// TestSilence: from the beginning on, and after sound of every kind.
func TestSilence(t *testing.T) {
	quiet := bytes.Repeat([]byte{g722.Silence}, 16000)
	for _, after := range []int{0, 500, 1500, 3000, 3600, 4000, 5000, 6500} {
		d := g722.NewDecoder()
		d.Decode(nil, reference(t, "encoded.g722")[:after])
		out := d.Decode(nil, quiet)
		if after > 0 {
			out = out[16000:]
		}
		if low, high := slices.Min(out), slices.Max(out); low < -63 || high > 63 || after == 0 && (low != 0 || high != 0) {
			t.Errorf("after %d octets: from %d to %d", after, low, high)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0xff, 0x55, 0xaa})
	f.Fuzz(func(t *testing.T, octets []byte) {
		if n := len(g722.NewDecoder().Decode(nil, octets)); n != 2*len(octets) {
			t.Errorf("%d samples of %d octets", n, len(octets))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	in, e := samples(b, "in.s16")[:320], g722.NewEncoder()
	out := make([]byte, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		out = e.Encode(out[:0], in)
	}
}

func BenchmarkDecode(b *testing.B) {
	in, d := reference(b, "encoded.g722")[3000:3160], g722.NewDecoder()
	out := make([]int16, 0, 320)
	b.ReportAllocs()
	for b.Loop() {
		out = d.Decode(out[:0], in)
	}
}
