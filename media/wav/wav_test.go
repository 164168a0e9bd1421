package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"offhook/media/g711"
	"offhook/media/wav"
)

// chunk is a RIFF chunk, padded.
func chunk(id string, body ...byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// format is a fmt chunk.
func format(tag, channels, rate, bits int, extension ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	return chunk("fmt ", append(b, extension...)...)
}

// file is a WAV file of chunks.
func file(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// extension is that of WAVE_FORMAT_EXTENSIBLE for 16 bits.
func extension(tag byte) []byte {
	b := []byte{22, 0, 16, 0, 4, 0, 0, 0, tag, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}
	return b
}

func floats32(values ...float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func floats64(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }

// sized replaces the size of the chunk that b begins with.
func sized(size uint32, b []byte) []byte {
	binary.LittleEndian.PutUint32(b[4:], size)
	return b
}

func readAll(r *wav.Reader) (samples []int16, err error) {
	block := make([]int16, 3)
	for {
		n, err := r.Read(block)
		samples = append(samples, block[:n]...)
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return samples, err
		}
	}
}

func TestRead(t *testing.T) {
	pcm16 := format(1, 1, 8000, 16)
	tests := []struct {
		name string
		b    []byte
		want []int16
		text string // of the format
	}{
		{"16 bits", file(pcm16, chunk("data", 0x01, 0, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f)), []int16{1, -1, -32768, 32767}, "16-bit PCM, 8000 Hz, 1 channel"},
		{"8 bits are unsigned", file(format(1, 1, 8000, 8), chunk("data", 0, 127, 128, 255)), []int16{-32768, -256, 0, 32512}, "8-bit PCM, 8000 Hz, 1 channel"},
		{"24 bits are rounded", file(format(1, 1, 8000, 24), chunk("data", 0x7f, 1, 0, 0x80, 1, 0, 0xff, 0xff, 0x7f, 0, 0, 0x80)), []int16{1, 2, 32767, -32768}, "24-bit PCM, 8000 Hz, 1 channel"},
		{"µ-law", file(format(7, 1, 8000, 8), chunk("data", 0x1e, 0xff, 0x9e)), []int16{-8828, 0, 8828}, "8-bit µ-law, 8000 Hz, 1 channel"},
		{"A-law", file(format(6, 1, 8000, 8), chunk("data", 0x34, 0xd5, 0xb4)), []int16{-8960, 8, 8960}, "8-bit A-law, 8000 Hz, 1 channel"},
		{"32 bits are rounded", file(format(1, 1, 8000, 32), chunk("data", 0xff, 0x7f, 1, 0, 0, 0x80, 1, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x80)),
			[]int16{1, 2, 32767, -32768}, "32-bit PCM, 8000 Hz, 1 channel"},
		{"float", file(format(3, 1, 8000, 32), chunk("data", floats32(0.5, -1, 1, 7, float32(math.NaN()), float32(math.Inf(-1)))...)),
			[]int16{16384, -32768, 32767, 32767, 0, -32768}, "32-bit float, 8000 Hz, 1 channel"},
		{"double", file(format(3, 1, 8000, 64), chunk("data", append(floats64(0.25), floats64(-2)...)...)), []int16{8192, -32768}, "64-bit float, 8000 Hz, 1 channel"},
		{"extensible float", file(format(0xfffe, 1, 8000, 32, extension(3)...), chunk("data", floats32(-0.5)...)), []int16{-16384}, "32-bit float, 8000 Hz, 1 channel"},
		{"two channels alternate", file(format(1, 2, 44100, 16), chunk("data", 1, 0, 2, 0, 3, 0, 4, 0)), []int16{1, 2, 3, 4}, "16-bit PCM, 44100 Hz, 2 channels"},
		{"extensible", file(format(0xfffe, 1, 8000, 16, extension(1)...), chunk("data", 5, 0)), []int16{5}, "16-bit PCM, 8000 Hz, 1 channel"},
		{"other chunks before and after", file(chunk("LIST", 1, 2, 3), pcm16, chunk("fact", 4, 0, 0, 0), chunk("data", 6, 0), chunk("LIST", 1, 2)), []int16{6}, ""},
		{"fmt chunk with an empty extension", file(format(1, 1, 8000, 16, 0, 0), chunk("data", 7, 0)), []int16{7}, ""},
		{"written to a pipe", file(pcm16, sized(0xffffffff, chunk("data", 8, 0, 9, 0))), []int16{8, 9}, ""},
		{"written to a pipe, by sox", file(pcm16, sized(0x7fffffff-36, chunk("data", 8, 0, 9, 0))), []int16{8, 9}, ""},
		{"written to a pipe, cut off", file(pcm16, sized(0xffffffff, []byte("data....\x08\x00\x09"))), []int16{8}, ""},
		{"half a sample at the end", file(pcm16, chunk("data", 8, 0, 9)), []int16{8}, ""},
		{"no samples", file(pcm16, chunk("data")), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(tt.b), bytes.NewBuffer(tt.b)} { // one can seek, one cannot
				w, err := wav.NewReader(r)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := readAll(w); err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("samples %d, %v; want %d", got, err, tt.want)
				}
				if tt.text != "" && w.Format.String() != tt.text {
					t.Errorf("format %v, want %s", w.Format, tt.text)
				}
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	pcm16 := format(1, 1, 8000, 16)
	odd := format(1, 1, 8000, 16)
	odd[8+12] = 4 // octets of a block
	tests := []struct {
		name string
		b    []byte
		says string
	}{
		{"empty", nil, "not a WAV file"},
		{"MP3", []byte("ID3\x03 and so on"), `not a WAV file: it begins with "ID3\x03"`},
		{"AVI", []byte("RIFF\x00\x00\x00\x00AVI LIST"), "not a WAV file"},
		{"only a header", file(), "ends before a data chunk"},
		{"no data", file(pcm16), "ends before a data chunk"},
		{"data before fmt", file(chunk("data", 1, 0), pcm16), "before the fmt chunk"},
		{"short fmt", file(chunk("fmt ", 1, 0, 1, 0), chunk("data", 1, 0)), "want at least 16"},
		{"cut off in fmt", file(pcm16)[:30], "EOF"},
		{"ADPCM", file(format(17, 1, 8000, 4), chunk("data", 1, 0)), "format 17"},
		{"float of 16 bits", file(format(3, 1, 8000, 16), chunk("data", 1, 0)), "16-bit float"},
		{"12 bits", file(format(1, 1, 8000, 12), chunk("data", 1, 0)), "12-bit PCM"},
		{"no channels", file(format(1, 0, 8000, 16), chunk("data", 1, 0)), "0 channels"},
		{"no rate", file(format(1, 1, 0, 16), chunk("data", 1, 0)), "0 Hz"},
		{"blocks of another size", file(odd, chunk("data", 1, 0)), "blocks of 4 octets"},
		{"chunk longer than the file", file(sized(0xfffffff0, chunk("LIST", 1, 2)), pcm16), "EOF"},
		{"too many chunks", file(bytes.Repeat(chunk("LIST"), 2000)), "1000 chunks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := wav.NewReader(bytes.NewBuffer(tt.b))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one with %q", err, tt.says)
			}
			if _, err := wav.NewReader(bytes.NewReader(tt.b)); err == nil {
				t.Error("no error when it can seek")
			}
		})
	}
}

func TestReadCutOff(t *testing.T) {
	b := file(format(1, 1, 8000, 16), sized(100, chunk("data", 1, 0, 2, 0)))
	r, err := wav.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 50 {
		t.Errorf("%d samples by the header, want 50", r.Len())
	}
	got, err := readAll(r)
	if !slices.Equal(got, []int16{1, 2}) || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "96 octets are missing") {
		t.Errorf("samples %d, %v", got, err)
	}
}

func TestReadNothing(t *testing.T) {
	r, err := wav.NewReader(bytes.NewReader(file(format(1, 1, 8000, 16), chunk("data", 1, 0))))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(f, 8000)
	if err != nil {
		t.Fatal(err)
	}
	want := []int16{0, 1, -1, math.MaxInt16, math.MinInt16}
	for range 2 {
		if err := w.Write(want); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, want...)

	check := func(state string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := wav.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", state, err)
		}
		if got, err := readAll(r); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: samples %d, %v; want %d", state, got, err, want)
		}
	}
	check("never closed")
	for _, state := range []string{"closed", "closed twice"} {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		check(state)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	reference := file(format(1, 1, 8000, 16), chunk("data", b[44:]...))
	if !bytes.Equal(b, reference) {
		t.Errorf("file % x, want % x", b, reference)
	}
}

// failing is a file on a full disk.
type failing struct{ after int }

func (f *failing) Write(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, os.ErrInvalid
	}
	return len(b), nil
}

func (f *failing) Seek(int64, int) (int64, error) { return 0, nil }

func TestWriteFails(t *testing.T) {
	if _, err := wav.NewWriter(&failing{}, 8000); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("header: %v", err)
	}
	w, err := wav.NewWriter(&failing{after: 48}, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(make([]int16, 10)); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("samples: %v", err)
	}
	if err := w.Close(); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("close: %v", err)
	}
}

// FuzzRead reads arbitrary files: without a panic, and never more samples than there are octets.
func FuzzRead(f *testing.F) {
	f.Add(file(format(1, 1, 8000, 16), chunk("data", 1, 0, 2, 0)))
	f.Add(file(format(7, 1, 8000, 8), chunk("LIST", 1), chunk("data", 1, 2, 3)))
	f.Add(file(format(1, 2, 48000, 24), sized(0xffffffff, chunk("data", 1, 2, 3, 4, 5, 6))))
	f.Add(file(format(3, 1, 16000, 64), chunk("data", floats64(0.5)...)))
	f.Add(file(format(0xfffe, 1, 8000, 16, extension(6)...), chunk("data", 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wav.NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		samples, err := readAll(r)
		if len(samples) > len(b) {
			t.Fatalf("%d samples of %d octets", len(samples), len(b))
		}
		if err == nil && r.Len() > 0 {
			t.Fatalf("%d samples are left without an error", r.Len())
		}
	})
}

func TestG711Agrees(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for tag, decode := range map[int]func(byte) int16{6: g711.DecodeALaw, 7: g711.DecodeULaw} {
		r, err := wav.NewReader(bytes.NewReader(file(format(tag, 1, 8000, 8), chunk("data", all...))))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(r)
		if err != nil || len(got) != 256 {
			t.Fatalf("%d samples, %v", len(got), err)
		}
		for i, x := range got {
			if x != decode(byte(i)) {
				t.Errorf("format %d: %#x is %d, want %d", tag, i, x, decode(byte(i)))
			}
		}
	}
}
