package media

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// counting is a source whose frames are numbered: frame i holds the octet i. With a loop it is intro 2, loop 2 and outro 1.
type counting struct {
	frames int64
	loops  bool
}

func (s counting) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	rendered := s.frames
	clip.intro, clip.total = s.frames, s.frames
	if s.loops {
		rendered, clip.intro, clip.loop, clip.outro = 5, 2, 2, 1
	}
	for i := range rendered {
		for range clip.frameSize {
			clip.payload = append(clip.payload, byte(i))
		}
	}
	return clip, nil
}

func order(t *testing.T, src Source, frames int) (first []byte, length int64) {
	t.Helper()
	clip, err := src.Clip(PCMU, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		first = append(first, clip.Frame(int64(i))[0])
	}
	return first, clip.Len()
}

func TestShapes(t *testing.T) {
	const frame = 20 * time.Millisecond
	for _, c := range []struct {
		name   string
		source Source
		want   string
		length int64
	}{
		{"from", From(counting{frames: 5}, 2*frame), "\x02\x03\x04", 3},
		{"from the middle of a frame", From(counting{frames: 5}, 2*frame+1), "\x02\x03\x04", 3},
		{"from twice", From(From(counting{frames: 5}, frame), 2*frame), "\x03\x04", 2},
		{"from, of a loop", From(counting{9, true}, 3*frame), "\x03\x02\x03\x02\x03\x04", 6},
		{"endless", Endless(counting{frames: 3}), "\x00\x01\x02\x00\x01\x02\x00", 0},
		{"endless, of a loop", Endless(counting{7, true}), "\x00\x01\x02\x03\x02\x03\x04\x00\x01", 0},
		{"endless, from", From(Endless(counting{frames: 3}), 4*frame), "\x01\x02\x00\x01", 0},
		{"from, endless", Endless(Endless(counting{frames: 2})), "\x00\x01\x00", 0},
	} {
		got, length := order(t, c.source, len(c.want))
		if string(got) != c.want || length != c.length {
			t.Errorf("%s: frames %q of %d, want %q of %d", c.name, got, length, c.want, c.length)
		}
	}
	for _, d := range []time.Duration{5 * frame, time.Hour} {
		if _, err := From(counting{frames: 5}, d).Clip(PCMU, frame); !errors.Is(err, ErrPastEnd) {
			t.Errorf("from %v: %v", d, err)
		}
	}
}

func TestGain(t *testing.T) {
	tone := Tone(ToneOptions{Frequencies: []float64{1000}, Level: -20, Duration: 100 * time.Millisecond})
	rms := func(src Source, codec Codec) float64 {
		clip, err := src.Clip(codec, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0
		decoder := codec.Decoder()
		for i := range clip.Len() {
			for _, s := range decoder.Decode(nil, clip.Frame(i)) {
				sum += float64(s) * float64(s)
				n++
			}
		}
		return 10 * math.Log10(sum/float64(n))
	}
	for _, codec := range Codecs() {
		for _, dB := range []float64{-12, 6} {
			if got := rms(Gain(tone, dB), codec) - rms(tone, codec); math.Abs(got-dB) > 0.3 {
				t.Errorf("%v: gain %g dB gives %.2f dB", codec, dB, got)
			}
		}
		if got, most := rms(Gain(tone, 90), codec), 20*math.Log10(math.MaxInt16); got > most {
			t.Errorf("%v: clipped at %.1f dB", codec, got)
		}
	}
	if _, err := Gain(tone, math.NaN()).Clip(PCMU, 20*time.Millisecond); err == nil {
		t.Error("a gain of NaN")
	}
	cache := NewCache(0)
	first, _ := cache.Source(Gain(tone, 3)).Clip(PCMU, 20*time.Millisecond)
	second, _ := cache.Source(Gain(tone, 3)).Clip(PCMU, 20*time.Millisecond)
	other, _ := cache.Source(Gain(tone, 4)).Clip(PCMU, 20*time.Millisecond)
	if first != second || first == other {
		t.Error("the cache does not know gains apart")
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback := p.play(time.Second)
		p.sleep(510 * time.Millisecond)
		playback.Pause()
		p.sleep(2 * time.Second)
		if r := playback.Result(); r.Status != "" || r.Position != 520*time.Millisecond {
			t.Errorf("paused: %+v", r)
		}
		if n := len(p.rtp); n != 26 {
			t.Errorf("%d packets, want 26", n)
		}
		playback.Resume()
		p.await(playback)
		if r := playback.Result(); r != (PlayResult{PlayDone, time.Second, 50}) {
			t.Errorf("done: %+v", r)
		}
		first, next := p.rtp[25], p.rtp[26]
		if !next.Marker || next.SequenceNumber != first.SequenceNumber+1 || time.Duration(next.Timestamp-first.Timestamp)*125*time.Microsecond != next.at-first.at {
			t.Errorf("after the pause: marker %v, sequence %d, timestamp %d at %v after %d, %d at %v", next.Marker,
				next.SequenceNumber, next.Timestamp, next.at, first.SequenceNumber, first.Timestamp, first.at)
		}
		stopped := p.play(time.Second)
		stopped.Pause()
		p.sleep(time.Second)
		stopped.Stop()
		if r := stopped.Result(); r.Status != PlayStopped || r.Packets != 0 {
			t.Errorf("stopped while paused: %+v", r)
		}
	})
}
