package sound

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// decodeFile reads all samples of a file of testdata, which change may change before.
func decodeFile(t *testing.T, name string, change func([]byte) []byte) []int16 {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		b = change(b)
	}
	r, err := Open(bytes.NewReader(b), name)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func floats(samples []int16) []float64 {
	all := make([]float64, len(samples))
	for i, x := range samples {
		all[i] = float64(x)
	}
	return all
}

// TestOpusSpeech compares speech with what libopus decodes, to the sample.
func TestOpusSpeech(t *testing.T) {
	for _, mode := range []string{"silk", "hybrid"} {
		got, want := decodeFile(t, mode+".opus", nil), decodeFile(t, mode+".flac", nil)
		if len(got) != len(want) {
			t.Errorf("%s: %d samples, libopus has %d", mode, len(got), len(want))
		}
		alike, lag, gain := compare(got, floats(want), 10)
		t.Logf("%s: alike %.6f, %d samples late, gain %.4f", mode, alike, lag, gain)
		if alike < 0.9999 || lag != 0 || math.Abs(gain-1) > 0.001 {
			t.Errorf("%s: alike %.6f, %d samples late, gain %.4f", mode, alike, lag, gain)
		}
	}
}

// In the files of testdata, the identification header has the only segment of the first page.
const opusHead = 28

// TestOpusHeader: the gain and the pre-skip of the header are heeded (RFC 7845 §5.1).
func TestOpusHeader(t *testing.T) {
	whole := decodeFile(t, "silk.opus", nil)
	softer := decodeFile(t, "silk.opus", func(b []byte) []byte {
		binary.LittleEndian.PutUint16(b[opusHead+16:], uint16(0x10000-6*256)) // -6 dB
		return b
	})
	if _, _, gain := compare(softer, floats(whole), 0); math.Abs(20*math.Log10(gain)+6) > 0.01 {
		t.Errorf("%.3f dB, want -6", 20*math.Log10(gain))
	}
	later := decodeFile(t, "silk.opus", func(b []byte) []byte {
		skip := b[opusHead+10:]
		binary.LittleEndian.PutUint16(skip, binary.LittleEndian.Uint16(skip)+1234)
		return b
	})
	if !slices.Equal(later, whole[1234:]) {
		t.Errorf("with 1234 samples more to skip, %d of %d are left", len(later), len(whole))
	}
}

func TestOpusRefuses(t *testing.T) {
	whole, err := os.ReadFile("testdata/silk.opus")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, value byte) []byte {
		b := slices.Clone(whole)
		b[at] = value
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"version 16":       {changed(opusHead+8, 16), "version 16 is not known"},
		"no channel":       {changed(opusHead+9, 0), "0 channels in channel mapping 0: want mono or stereo"},
		"surround":         {changed(opusHead+9, 6), "6 channels"},
		"another mapping":  {changed(opusHead+18, 1), "channel mapping 1"},
		"a short header":   {changed(opusHead-1, 12), "header of 12 octets"},
		"only its header":  {whole[:opusHead+opusHeader], "the file ends too early"},
		"no comments":      {append(slices.Clone(whole[:opusHead+opusHeader]), whole[:opusHead+opusHeader]...), "no comment header"},
		"cut in its first": {whole[:opusHead+10], "the file ends too early"},
	} {
		if _, err := Open(bytes.NewReader(c.b), "x.opus"); err == nil || !strings.Contains(err.Error(), "Ogg Opus: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestOpusDamaged: what is damaged is left out, and the rest is heard.
func TestOpusDamaged(t *testing.T) {
	whole := decodeFile(t, "silk.opus", nil)
	broken := decodeFile(t, "silk.opus", func(b []byte) []byte {
		at := bytes.LastIndex(b, []byte("OggS"))
		sound := at + 27 + int(b[at+26])
		b[sound] = 3    // a frame count follows (RFC 6716 §3.2.5),
		b[sound+1] = 63 // of more frames than there can be
		return b
	})
	if lost := len(whole) - len(broken); lost < 480 || lost > 960 {
		t.Errorf("%d samples lost of %d", lost, len(whole))
	}
}
