package vorbis

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../sound/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readAll(d *Decoder) (samples []float32, err error) {
	block := make([]float32, 600)
	for {
		n, err := d.Read(block)
		samples = append(samples, block[:n]...)
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return samples, err
		}
	}
}

// The length is exact, and what is heard where only one channel has sound stays in it. What the sound is like, package sound tests.
func TestDecode(t *testing.T) {
	for name, c := range map[string]struct{ channels, rate, frames int }{"stereo44.ogg": {2, 44100, 10584}, "mono22.ogg": {1, 22050, 5292}} {
		d, err := New(bytes.NewReader(file(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		samples, err := readAll(d)
		if err != nil || d.Channels != c.channels || d.SampleRate != c.rate || len(samples) != c.channels*c.frames {
			t.Errorf("%s: %d channels, %d Hz, %d samples, %v", name, d.Channels, d.SampleRate, len(samples), err)
		}
		for i := 1; c.channels == 2 && i < len(samples); i += 2 {
			if math.Abs(float64(samples[i])) > 0.02 {
				t.Fatalf("%s: sample %d of the silent channel is %g", name, i, samples[i])
			}
		}
	}
}

func TestBits(t *testing.T) {
	r := &bitReader{b: []byte{0b1010_0110, 0xff, 0x01}}
	if a, b, c, d := r.read(4), r.read(0), r.read(12), r.flag(); a != 6 || b != 0 || c != 0xffa || !d || r.over {
		t.Errorf("%x %x %x %v, over: %v", a, b, c, d, r.over)
	}
	if r.read(7); r.over || r.read(1) != 0 || !r.over {
		t.Error("the end is not noticed")
	}
}

// The example of §3.2.1.
func TestHuffman(t *testing.T) {
	c := &codebook{}
	if err := c.grow([]uint8{2, 4, 4, 4, 4, 2, 3, 3}); err != nil {
		t.Fatal(err)
	}
	for entry, code := range []string{"00", "0100", "0101", "0110", "0111", "10", "110", "111"} {
		r := &bitReader{b: []byte{0}}
		for i, bit := range code {
			r.b[0] |= byte(bit-'0') << i
		}
		if got := c.decode(r); got != entry || r.at != len(code) {
			t.Errorf("%s is entry %d in %d bits, want %d", code, got, r.at, entry)
		}
	}
	if err := (&codebook{}).grow([]uint8{1, 1, 1}); err == nil {
		t.Error("three codes of one bit")
	}
	one := &codebook{}
	if err := one.grow([]uint8{0, 5, 0}); err != nil || one.decode(&bitReader{b: []byte{1}}) != 1 {
		t.Errorf("the only entry is not found: %v", err)
	}
}

func TestUnpack(t *testing.T) {
	for bits, want := range map[uint32]float32{788<<21 | 1: 1, 789<<21 | 3: 6, 1<<31 | 787<<21 | 1: -0.5, 0: 0} {
		if got := unpack(bits); got != want {
			t.Errorf("%#x is %g, want %g", bits, got, want)
		}
	}
}

// Some lines of the table in §10.1.
func TestAmplitude(t *testing.T) {
	for y, want := range map[int]float64{0: 1.0649863e-07, 1: 1.1341951e-07, 100: 5.7762412e-05, 200: 0.031354427, 254: 0.9389798, 255: 1} {
		if got := float64(amplitude(y)); math.Abs(got/want-1) > 0.003 {
			t.Errorf("%d is %.8g, want %.8g", y, got, want)
		}
	}
}

func TestTransform(t *testing.T) {
	for _, n := range []int{64, 256, 1024} {
		coefficients, got := make([]float32, n/2), make([]float32, n)
		for k := range coefficients {
			coefficients[k] = rand.Float32() - 0.5
		}
		newTransform(n).inverse(got, coefficients)
		for i, x := range got {
			want := 0.0
			for k, c := range coefficients {
				want += float64(c) * math.Cos(2*math.Pi/float64(n)*(float64(i)+0.5+float64(n)/4)*(float64(k)+0.5))
			}
			if math.Abs(want-float64(x)) > 1e-5 {
				t.Fatalf("%d: sample %d is %g, want %g", n, i, x, want)
			}
		}
	}
}

// pages puts packets on a page each.
func pages(packets ...[]byte) (b []byte) {
	for i, p := range packets {
		h := append([]byte("OggS\x00\x00"), make([]byte, 21)...)
		binary.LittleEndian.PutUint32(h[18:], uint32(i))
		n := len(p)
		for ; n >= 255; n -= 255 {
			h = append(h, 255)
			h[26]++
		}
		h[26]++
		b = append(append(append(b, h...), byte(n)), p...)
	}
	return b
}

func TestRefuses(t *testing.T) {
	identification := []byte("\x01vorbis\x00\x00\x00\x00\x01\x40\x1f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xb8\x01")
	changed := func(at int, value byte) []byte {
		b := slices.Clone(identification)
		b[at] = value
		return b
	}
	comments := []byte("\x03vorbis")
	book := "\x05vorbis\x00BCV" // of dimensions, entries, lengths
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":                {nil, "header 1: unexpected EOF"},
		"no page":                {bytes.Repeat([]byte("x"), 100), "no Ogg page"},
		"Opus":                   {pages([]byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00")), "no Vorbis in it"},
		"version 1":              {pages(changed(7, 1)), "version"},
		"no channel":             {pages(changed(11, 0)), "0 channels"},
		"blocks of 32":           {pages(changed(28, 0xb5)), "blocks of 32"},
		"blocks of 16384":        {pages(changed(28, 0xe8)), "and 16384"},
		"short before long":      {pages(changed(28, 0x8b)), "blocks of 2048 and 256"},
		"only one header":        {pages(identification), "header 2: unexpected EOF"},
		"no comments":            {pages(identification, identification), "header 2: it is no Vorbis"},
		"no codebook":            {pages(identification, comments, []byte("\x05vorbis\x00...")), "no codebook"},
		"a codebook too large":   {pages(identification, comments, []byte(book+"\x01\x00\xff\xff\xff\x00")), "16777215 entries"},
		"no dimensions":          {pages(identification, comments, []byte(book+"\x00\x00\x01\x00\x00\x00")), "of 0 dimensions"},
		"a codebook cut off":     {pages(identification, comments, []byte(book+"\x01\x00\xff\x00\x00\x00")), "too early"},
		"more codes than can be": {pages(identification, comments, []byte(book+"\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")), "more codes"},
	} {
		if _, err := New(bytes.NewReader(c.b)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// A file that is cut off is an error within a page, and what is there is given before it.
func TestCutOff(t *testing.T) {
	whole := file(t, "mono22.ogg")
	for n := 0; n < len(whole); n += 97 {
		d, err := New(bytes.NewReader(whole[:n]))
		if err != nil {
			continue
		}
		if samples, err := readAll(d); err == nil || len(samples) > 5292 {
			t.Errorf("%d octets: %d samples, %v", n, len(samples), err)
		}
	}
}

// FuzzNew reads arbitrary files: it ends, without a panic, and gives no more than so many samples for an octet.
func FuzzNew(f *testing.F) {
	f.Add(file(f, "mono22.ogg"))
	f.Add(file(f, "stereo44.ogg"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := New(bytes.NewReader(b))
		if err != nil {
			return
		}
		if samples, _ := readAll(d); len(samples) > 8*8192*len(b) {
			t.Fatalf("%d samples of %d octets", len(samples), len(b))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	whole := file(b, "stereo44.ogg")
	b.ReportAllocs()
	for b.Loop() {
		d, err := New(bytes.NewReader(whole))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := readAll(d); err != nil {
			b.Fatal(err)
		}
	}
}
