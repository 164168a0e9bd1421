package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowSource takes a second to render, and counts.
type slowSource struct {
	id       any
	bytes    int
	rendered *atomic.Int32
	err      error
}

func (s slowSource) key() (any, error) { return s.id, nil }

func (s slowSource) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	s.rendered.Add(1)
	time.Sleep(time.Second)
	if s.err != nil {
		return nil, s.err
	}
	return &Clip{codec: c, ptime: ptime, payload: make([]byte, s.bytes), frameSize: s.bytes, intro: 1, total: 1}, nil
}

// Whoever asks while a clip is rendered waits for it; who asks later has it at once.
func TestCacheRendersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rendered atomic.Int32
		cache := NewCache(0)
		var wg sync.WaitGroup
		clips := make([]*Clip, 100)
		for i := range clips {
			wg.Go(func() {
				src := cache.Source(slowSource{id: "a", bytes: 160, rendered: &rendered})
				clip, err := src.Clip(PCMU, 20*time.Millisecond)
				if err != nil {
					t.Error(err)
				}
				clips[i] = clip
			})
		}
		wg.Wait()
		for _, c := range clips {
			if c == nil || c != clips[0] {
				t.Fatal("calls have different clips")
			}
		}
		if rendered.Load() != 1 {
			t.Errorf("rendered %d times, want once", rendered.Load())
		}
		src := cache.Source(slowSource{id: "a", bytes: 160, rendered: &rendered})
		for _, tt := range []struct {
			codec Codec
			ptime time.Duration
			want  int32
		}{{PCMA, 20 * time.Millisecond, 2}, {PCMU, 30 * time.Millisecond, 3}, {PCMU, 20 * time.Millisecond, 3}} {
			if _, err := src.Clip(tt.codec, tt.ptime); err != nil || rendered.Load() != tt.want {
				t.Errorf("%v at %v: rendered %d times, want %d; %v", tt.codec, tt.ptime, rendered.Load(), tt.want, err)
			}
		}
	})
}

// What was used longest ago goes first, and no more is kept than the limit.
func TestCacheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rendered atomic.Int32
		const size = 1000
		cache := NewCache(3 * (size + entryOverhead))
		get := func(id string) bool {
			before := rendered.Load()
			if _, err := cache.Source(slowSource{id: id, bytes: size, rendered: &rendered}).Clip(PCMU, 20*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			return rendered.Load() == before
		}
		for i, tt := range []struct {
			id     string
			cached bool
		}{
			{"a", false}, {"b", false}, {"c", false}, {"a", true}, {"d", false}, // b goes
			{"a", true}, {"c", true}, {"d", true}, {"b", false}, // a goes
			{"a", false},
		} {
			if got := get(tt.id); got != tt.cached {
				t.Errorf("%d: %s was kept: %v, want %v", i, tt.id, got, tt.cached)
			}
			if cache.bytes > cache.limit || cache.latest.Len() != len(cache.entries) {
				t.Errorf("%d: keeps %d bytes of %d in %d entries, %d in order", i, cache.bytes, cache.limit, len(cache.entries), cache.latest.Len())
			}
		}
	})
}

func TestCacheErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rendered atomic.Int32
		cache := NewCache(1000)
		broken := cache.Source(slowSource{id: "broken", rendered: &rendered, err: errors.New("broken")})
		for range 2 {
			if _, err := broken.Clip(PCMU, 20*time.Millisecond); err == nil {
				t.Error("no error")
			}
		}
		if rendered.Load() != 2 {
			t.Errorf("tried %d times, want 2: an error is not kept", rendered.Load())
		}
		_, err := cache.Source(slowSource{id: "large", bytes: 1001, rendered: &rendered}).Clip(PCMU, 20*time.Millisecond)
		if err == nil || !strings.Contains(err.Error(), "1001 octets") {
			t.Errorf("too large: %v", err)
		}
		if len(cache.entries) != 0 || cache.bytes != 0 || cache.latest.Len() != 0 {
			t.Errorf("keeps %d entries, %d bytes", len(cache.entries), cache.bytes)
		}
	})
}

// A file is read anew when it was written anew.
func TestCacheFile(t *testing.T) {
	path := writeWAV(t, "x.wav", 8000, make([]int16, 160))
	cache := NewCache(0)
	length := func() int64 {
		t.Helper()
		src, err := File(path)
		if err != nil {
			t.Fatal(err)
		}
		return clipOf(t, cache.Source(src), PCMU, 20*time.Millisecond).Len()
	}
	if length() != 1 || length() != 1 || len(cache.entries) != 2 { // its samples, and a clip of them
		t.Errorf("%d entries for one file", len(cache.entries))
	}
	if err := os.Rename(writeWAV(t, "y.wav", 8000, make([]int16, 320)), path); err != nil {
		t.Fatal(err)
	}
	if n := length(); n != 2 {
		t.Errorf("%d frames after the file changed, want 2", n)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// A file is decoded once, for all codecs, packet lengths and lists that it is played in.
func TestCacheDecodesOnce(t *testing.T) {
	opened := &openings{FS: os.DirFS("sound/testdata"), of: map[string]int{}}
	cache := NewCache(0)
	file := func(name string) Source {
		src, err := FileIn(opened, name)
		if err != nil {
			t.Fatal(err)
		}
		opened.of[name]-- // that was to look at its header
		return cache.Source(src)
	}
	for range 3 {
		for _, src := range []Source{
			file("cd.wav"),
			cache.Source(Join(file("cd.wav"), file("stereo44.mp3"))),
			cache.Source(Join(file("stereo44.mp3"), file("cd.wav"), file("cd.wav"))),
			cache.Source(Gain(file("cd.wav"), -6)),
			cache.Source(Gain(Join(file("stereo44.mp3"), file("cd.wav")), 3)),
		} {
			for _, codec := range Codecs() {
				for _, ptime := range []time.Duration{20 * time.Millisecond, 30 * time.Millisecond} {
					clipOf(t, src, codec, ptime)
				}
			}
		}
	}
	if opened.of["cd.wav"] != 1 || opened.of["stereo44.mp3"] != 1 {
		t.Errorf("decoded %v times, want each once", opened.of)
	}
	if a, b := clipOf(t, cache.Source(Join(file("cd.wav"), file("raw.ul"))), PCMU, 20*time.Millisecond),
		clipOf(t, cache.Source(Join(file("raw.ul"), file("cd.wav"))), PCMU, 20*time.Millisecond); a == b {
		t.Error("lists in another order share a clip")
	}
}

// openings counts how often each file is opened.
type openings struct {
	fs.FS
	of map[string]int
}

func (o *openings) Open(name string) (fs.File, error) {
	o.of[name]++
	return o.FS.Open(name)
}

func (o *openings) Stat(name string) (fs.FileInfo, error) { return fs.Stat(o.FS, name) }

// Samples that are larger than the cache are handed out, and not kept.
func TestCacheLargeFile(t *testing.T) {
	src, err := File(writeWAV(t, "x.wav", 8000, make([]int16, 1000)))
	if err != nil {
		t.Fatal(err)
	}
	cache := NewCache(1800) // 1600 octets in frames, and 2000 before
	if n := clipOf(t, cache.Source(src), PCMU, 20*time.Millisecond).Len(); n != 7 || len(cache.entries) != 1 {
		t.Errorf("%d frames, %d entries", n, len(cache.entries))
	}
}

func TestCacheKeys(t *testing.T) {
	cache := NewCache(0)
	same := func(a, b Source) bool {
		return clipOf(t, cache.Source(a), PCMU, 20*time.Millisecond) == clipOf(t, cache.Source(b), PCMU, 20*time.Millisecond)
	}
	tone := ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: time.Second}
	if !same(Tone(tone), Tone(tone)) || !same(Silence(time.Second), Silence(time.Second)) {
		t.Error("what sounds the same is not shared")
	}
	for name, change := range map[string]func(*ToneOptions){
		"frequency":   func(o *ToneOptions) { o.Frequencies = []float64{440.01} },
		"frequencies": func(o *ToneOptions) { o.Frequencies = []float64{440, 350} },
		"level":       func(o *ToneOptions) { o.Level = -10.01 },
		"duration":    func(o *ToneOptions) { o.Duration++ },
		"ramp":        func(o *ToneOptions) { o.Ramp = time.Millisecond },
	} {
		other := tone
		if change(&other); same(Tone(tone), Tone(other)) {
			t.Errorf("tones of another %s share a clip", name)
		}
	}
	file, err := File(writeWAV(t, "x.wav", 8000, make([]int16, 160)))
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []Source{file, Tone(tone)} { // to wrap one twice must not make it wait for itself
		if clip := clipOf(t, cache.Source(cache.Source(src)), PCMU, 20*time.Millisecond); clip != clipOf(t, cache.Source(src), PCMU, 20*time.Millisecond) {
			t.Errorf("%T wrapped twice has a clip of its own", src)
		}
	}
	plain := unkeyed{}
	if cache.Source(plain) != Source(plain) {
		t.Error("a source without a key is wrapped")
	}
}

type unkeyed struct{}

func (unkeyed) Clip(Codec, time.Duration) (*Clip, error) { return nil, fmt.Errorf("unused") }

func BenchmarkCachedClip(b *testing.B) {
	cache := NewCache(0)
	b.ReportAllocs()
	for b.Loop() {
		src := cache.Source(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 30 * time.Second}))
		if _, err := src.Clip(PCMU, 20*time.Millisecond); err != nil {
			b.Fatal(err)
		}
	}
}
