package sound

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sweep is what the files of testdata hold.
func sweep(rate int) []float64 {
	const from, to, seconds = 300, 3000, 0.24
	samples := make([]float64, int(seconds*float64(rate)))
	for i := range samples {
		t := float64(i) / float64(rate)
		samples[i] = 16423 * math.Sin(2*math.Pi*(from*t+(to-from)/(2*seconds)*t*t))
	}
	return samples
}

func readAll(r *Reader) (samples []int16, err error) {
	block := make([]int16, 1000)
	for {
		n, err := r.Read(block)
		samples = append(samples, block[:n]...)
		switch {
		case err == io.EOF:
			return samples, nil
		case err != nil:
			return samples, err
		}
	}
}

// compare looks for want in got, up to longest samples later, and returns how alike they are, from -1 to 1, where, and how much
// louder got is.
func compare(got []int16, want []float64, longest int) (likeness float64, lag int, gain float64) {
	for l := 0; l <= longest; l++ {
		var gw, gg, ww float64
		for i, w := range want[:min(len(want), len(got)-l)] {
			g := float64(got[i+l])
			gw, gg, ww = gw+g*w, gg+g*g, ww+w*w
		}
		if c := gw / math.Sqrt(gg*ww+1); c > likeness {
			likeness, lag, gain = c, l, gw/ww
		}
	}
	return likeness, lag, gain
}

func TestFormats(t *testing.T) {
	const lossless, companded, lossy = 0.9999, 0.999, 0.99
	cases := []struct {
		file, format string
		rate         int
		channels     int
		alike        float64
		lag          int     // of an encoder and a decoder at the most, in samples
		gain         float64 // dB, likewise
	}{
		{"pcm8.wav", "8-bit PCM", 8000, 1, companded, 0, 0.1},
		{"pcm16.wav", "16-bit PCM", 8000, 1, lossless, 0, 0.1},
		{"pcm24.wav", "24-bit PCM", 8000, 1, lossless, 0, 0.1},
		{"pcm32.wav", "32-bit PCM", 8000, 1, lossless, 0, 0.1},
		{"float32.wav", "32-bit float", 8000, 1, lossless, 0, 0.1},
		{"float64.wav", "64-bit float", 8000, 1, lossless, 0, 0.1},
		{"ulaw.wav", "8-bit µ-law", 8000, 1, companded, 0, 0.1},
		{"alaw.wav", "8-bit A-law", 8000, 1, companded, 0, 0.1},
		{"raw.ul", "raw µ-law", 8000, 1, companded, 0, 0.1},
		{"raw.al", "raw A-law", 8000, 1, companded, 0, 0.1},
		{"extensible.wav", "24-bit PCM", 32000, 2, lossless, 0, 0.1},
		{"cd.wav", "16-bit PCM", 44100, 2, lossless, 0, 0.1},
		{"stereo48.flac", "FLAC", 48000, 2, lossless, 0, 0.1},
		{"mono22.flac", "FLAC", 22050, 1, lossless, 0, 0.1},
		{"stereo44.mp3", "MP3", 44100, 2, lossy, 0, 0.5},
		{"mono22.mp3", "MP3", 22050, 2, lossy, 1105, 0.5},
		{"stereo44.ogg", "Ogg Vorbis", 44100, 2, lossy, 0, 0.5},
		{"mono22.ogg", "Ogg Vorbis", 22050, 1, lossy, 0, 0.1},
		{"tagged.mp3", "MP3", 44100, 2, lossy, 0, 0.5},
		{"stereo.opus", "Ogg Opus", 48000, 2, lossy, 0, 0.1},
		{"raw.g722", "raw G.722", 16000, 1, lossy, 22, 0.1},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := Open(f, c.file)
			if err != nil {
				t.Fatal(err)
			}
			if r.Format != c.format || r.SampleRate != c.rate || r.Channels != c.channels {
				t.Errorf("%s, %d Hz, %d channels", r.Format, r.SampleRate, r.Channels)
			}
			samples, err := readAll(r)
			if err != nil {
				t.Fatal(err)
			}
			left := make([]int16, 0, len(samples))
			right := 0.0
			for i := 0; i < len(samples); i += c.channels {
				left = append(left, samples[i])
				right = max(right, math.Abs(float64(samples[i+c.channels-1])))
			}
			want := sweep(c.rate)
			if r.Frames >= 0 && (r.Frames != int64(len(left)) || len(left) != len(want)) {
				t.Errorf("%d samples, the header says %d, %d were made", len(left), r.Frames, len(want))
			}
			alike, lag, gain := compare(left, want, c.lag)
			t.Logf("alike %.5f, %d samples late, %+.2f dB", alike, lag, 20*math.Log10(gain))
			if alike < c.alike || math.Abs(20*math.Log10(gain)) > c.gain {
				t.Errorf("alike %.5f, %+.2f dB", alike, 20*math.Log10(gain))
			}
			if mono := c.file == "mono22.mp3"; c.channels == 2 && !mono && right > 200 {
				t.Errorf("the right channel has %g, and is silent in the file", right)
			}
		})
	}
}

// What a file is called does not matter, but for raw G.711 and G.722.
func TestContentDecides(t *testing.T) {
	flac, err := os.ReadFile("testdata/mono22.flac")
	if err != nil {
		t.Fatal(err)
	}
	opus, err := os.ReadFile("testdata/silk.opus")
	if err != nil {
		t.Fatal(err)
	}
	tag := append([]byte("ID3\x03\x00\x00\x00\x00\x01\x00"), make([]byte, 128)...)
	silence := bytes.Repeat([]byte{0xff}, 1000) // µ-law; it looks like the beginning of MP3 until the bit rate
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"x.wav":      {flac, "FLAC"},
		"x.ul":       {flac, "FLAC"},
		"x":          {append(tag, flac...), "FLAC"},
		"SHOUT.ULAW": {silence, "raw µ-law"},
		"x.alaw":     {silence, "raw A-law"},
		"mp3.al":     {[]byte("\xff\xfb\x90\x00"), "raw A-law"},
		"x.G722":     {silence, "raw G.722"},
		"x.ogg":      {opus, "Ogg Opus"},
		"x.g722":     {opus, "Ogg Opus"},
	} {
		r, err := Open(bytes.NewReader(c.b), name)
		if err != nil || r.Format != c.want {
			t.Errorf("%s: %v, %v, want %s", name, r, err, c.want)
		}
	}
	if _, err := Open(bytes.NewReader(silence), "x.mp3"); !errors.Is(err, ErrUnknown) {
		t.Errorf("µ-law with another name: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	flac, err := os.ReadFile("testdata/mono22.flac")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ b, says string }{
		"nothing":         {"", `begins with ""`},
		"text":            {"hello, world", `begins with "hell"`},
		"a picture":       {"RIFF\x00\x00\x00\x00WEBPVP8 ", "not a WAV file"},
		"only a tag":      {"ID3\x03\x00\x00\x00\x00\x7f\x7f", "within its ID3 tag"},
		"a part of FLAC":  {string(flac[:20]), "FLAC: the file ends too early"},
		"a part of MP3":   {"\xff\xfb\x90\x00\x00", "MP3: "},
		"MP3 of MPEG 2.5": {"\xff\xe3\x48\xc4" + strings.Repeat("\x00", 1000), "2.5"},
	} {
		if _, err := Open(strings.NewReader(c.b), "x"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// A decoder that panics has met a damaged file.
func TestPanicIsAnError(t *testing.T) {
	r := &Reader{Channels: 1, decoder: panicking{}}
	if n, err := r.Read(make([]int16, 10)); n != 0 || err == nil || !strings.Contains(err.Error(), "damaged: index 5 out of range") {
		t.Errorf("%d samples, %v", n, err)
	}
}

type panicking struct{}

func (panicking) read([]int16) (int, error) { panic("index 5 out of range") }

// FuzzOpen reads arbitrary files as long as they last: it comes to an end, and gives whole instants.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 4000)], filepath.Ext(name))
	}
	f.Fuzz(func(t *testing.T, b []byte, ending string) {
		r, err := Open(bytes.NewReader(b), "x"+ending)
		if err != nil {
			return
		}
		block := make([]int16, 4096)
		for total := 0; total < 1<<22; { // FLAC can say much with little
			n, err := r.Read(block)
			if n%r.Channels != 0 || n == 0 && err == nil || n > 0 && err != nil {
				t.Fatalf("%d samples of %d channels, %v", n, r.Channels, err)
			}
			if err != nil {
				return
			}
			total += n
		}
	})
}
