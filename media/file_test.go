package media

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"offhook/media/sound"
	"offhook/media/wav"
)

// writeWAV writes samples to a new file and returns its path.
func writeWAV(t *testing.T, name string, rate int, samples []int16) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(f, rate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(samples), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	samples := make([]int16, 10_000)
	for i := range samples {
		samples[i] = int16(20000 * math.Sin(float64(i)/10))
	}
	path := writeWAV(t, "hello.wav", 8000, samples)
	inFolder := func() (Source, error) { return FileIn(os.DirFS(filepath.Dir(path)), "hello.wav") }
	for name, open := range map[string]func() (Source, error){"File": func() (Source, error) { return File(path) }, "FileIn": inFolder} {
		src, err := open()
		if err != nil {
			t.Fatal(err)
		}
		for _, codec := range Codecs() {
			c := clipOf(t, src, codec, 20*time.Millisecond)
			if c.Len() != 63 { // 62.5
				t.Fatalf("%s: %d frames, want 63", name, c.Len())
			}
			want := codec.Encode(nil, samples)
			want = codec.Encode(want, make([]int16, 80)) // silence fills the last frame
			var got []byte
			for i := range c.Len() {
				got = append(got, c.Frame(i)...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v is not the file's sound", name, codec)
			}
		}
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.wav")
	if err := os.WriteFile(text, []byte("not sound at all"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		says       []string
		is         error
	}{
		{name: "missing", path: filepath.Join(dir, "gone.wav"), says: []string{"gone.wav"}, is: fs.ErrNotExist},
		{name: "a folder", path: dir, says: []string{"not a regular file"}},
		{name: "no WAV", path: text, says: []string{"notes.wav", `begins with "not "`, "sox", "-r 8000 -c 1"}, is: sound.ErrUnknown},
		{name: "a low rate", path: writeWAV(t, "slow.wav", 3000, []int16{1}), says: []string{"slow.wav", "16-bit PCM of 3000 Hz: want 4000 to 192000"}},
		{name: "too long", path: longWAV(t), says: []string{"long.wav", "7200 s", "3600"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := File(tt.path)
			if err == nil {
				t.Fatal("no error")
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("error %q does not say %q", err, says)
				}
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %q is not %q", err, tt.is)
			}
		})
	}
	if _, err := FileIn(os.DirFS(dir), "../etc/passwd"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a name that leads out of the folder: %v", err)
	}
}

// longWAV is a file of two hours, with holes instead of samples.
func longWAV(t *testing.T) string {
	path := writeWAV(t, "long.wav", 8000, nil)
	const samples = 7200 * 8000
	if err := os.Truncate(path, 44+2*samples); err != nil {
		t.Fatal(err)
	}
	b, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.WriteAt([]byte{0, samples * 2 >> 8 & 0xff, samples * 2 >> 16 & 0xff, samples * 2 >> 24}, 40); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file that shrinks, vanishes or has no samples is an error of Clip.
func TestFileChanges(t *testing.T) {
	path := writeWAV(t, "x.wav", 8000, make([]int16, 1000))
	src, err := File(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Clip(PCMU, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "are missing") {
		t.Errorf("cut off: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Clip(PCMU, 20*time.Millisecond); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
	empty, err := File(writeWAV(t, "empty.wav", 8000, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Clip(PCMU, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "no samples") {
		t.Errorf("empty: %v", err)
	}
}

// A file system that cannot be a key, such as a map, is read each time.
func TestFileInIncomparable(t *testing.T) {
	b, err := os.ReadFile(writeWAV(t, "x.wav", 8000, make([]int16, 160)))
	if err != nil {
		t.Fatal(err)
	}
	src, err := FileIn(fstest.MapFS{"x.wav": &fstest.MapFile{Data: b}}, "x.wav")
	if err != nil {
		t.Fatal(err)
	}
	c := clipOf(t, NewCache(0).Source(src), PCMU, 20*time.Millisecond)
	if c.Len() != 1 {
		t.Errorf("%d frames", c.Len())
	}
}

// Files of other rates, with two channels and compressed, sound the same at 8 kHz: the sweep that other programs made, half as
// loud where one of two channels has it.
func TestFileFormats(t *testing.T) {
	want := make([]float64, 1920)
	for i := range want {
		at := float64(i) / 8000
		want[i] = 16423 * math.Sin(2*math.Pi*(300*at+2700/(2*0.24)*at*at))
	}
	for name, c := range map[string]struct {
		gain  float64 // dB
		delay int     // of MP3
	}{
		"pcm16.wav": {}, "float64.wav": {}, "raw.al": {}, "mono22.flac": {}, "extensible.wav": {gain: -6.02}, "cd.wav": {gain: -6.02},
		"stereo48.flac": {gain: -6.02}, "stereo44.mp3": {gain: -6.47}, "tagged.mp3": {gain: -6.47}, "mono22.mp3": {-0.45, 401},
	} {
		src, err := File(filepath.Join("sound", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		clip := clipOf(t, src, PCMU, 20*time.Millisecond)
		got := PCMU.Decode(nil, clip.payload[:clip.run])
		if c.delay == 0 && len(got) != len(want) {
			t.Errorf("%s: %d samples, want %d", name, len(got), len(want))
		}
		var gw, gg, ww float64
		for i, w := range want {
			if i+c.delay < len(got) {
				g := float64(got[i+c.delay])
				gw, gg, ww = gw+g*w, gg+g*g, ww+w*w
			}
		}
		alike, gain := gw/math.Sqrt(gg*ww), 20*math.Log10(gw/ww)
		t.Logf("%s: alike %.4f, %+.2f dB", name, alike, gain)
		if alike < 0.99 || math.Abs(gain-c.gain) > 0.1 {
			t.Errorf("%s: alike %.4f, %+.2f dB, want %+.2f", name, alike, gain, c.gain)
		}
	}
}

func TestData(t *testing.T) {
	b, err := os.ReadFile("sound/testdata/mono22.flac")
	if err != nil {
		t.Fatal(err)
	}
	src, err := Data("https://example.com/x", b)
	if err != nil {
		t.Fatal(err)
	}
	cache := NewCache(0)
	if a, b := clipOf(t, cache.Source(src), PCMU, 20*time.Millisecond), clipOf(t, cache.Source(src), PCMU, 20*time.Millisecond); a != b || a.Len() != 12 {
		t.Errorf("%d frames, shared: %v", a.Len(), a == b)
	}
	if _, err := Data("https://example.com/x", []byte("<html>")); !errors.Is(err, sound.ErrUnknown) || !strings.Contains(err.Error(), "https://example.com/x") {
		t.Errorf("no sound: %v", err)
	}
}
