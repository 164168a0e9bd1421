package media

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ramp is a file of n samples, each of which sounds unlike the others near it in PCMU, from first on.
func ramp(t *testing.T, first, n int) (Source, []int16) {
	t.Helper()
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = PCMU.Decode(nil, []byte{byte(first + i)})[0]
	}
	src, err := File(writeWAV(t, "ramp.wav", 8000, samples))
	if err != nil {
		t.Fatal(err)
	}
	return src, samples
}

// samplesOf is what frames of a source hold, as many as it has, or so many of an endless one.
func samplesOf(t *testing.T, src Source, ptime time.Duration, frames int64) []int16 {
	t.Helper()
	clip := clipOf(t, src, PCMU, ptime)
	if n := clip.Len(); n > 0 {
		frames = n
	}
	var b []byte
	for i := range frames {
		b = append(b, clip.Frame(i)...)
	}
	return PCMU.Decode(nil, b)
}

// padded is samples to the end of a frame.
func padded(frame int, parts ...[]int16) []int16 {
	all := slices.Concat(parts...)
	return append(all, make([]int16, (frame-len(all)%frame)%frame)...)
}

// What is joined, repeated and cut is exact to the sample: no frame is filled up but the last one.
func TestSampleExact(t *testing.T) {
	const ptime, frame = 20 * time.Millisecond, 160
	a, as := ramp(t, 3, 1234)
	b, bs := ramp(t, 100, 77) // less than a frame
	c, cs := ramp(t, 50, 320)
	cases := []struct {
		name   string
		source Source
		want   []int16
	}{
		{"one", a, padded(frame, as)},
		{"a list", Join(a, b, c), padded(frame, as, bs, cs)},
		{"a list of one", Join(b), padded(frame, bs)},
		{"one twice", Join(b, b), padded(frame, bs, bs)},
		{"three times", Repeat(a, 3), padded(frame, as, as, as)},
		{"a short one five times", Repeat(b, 5), padded(frame, bs, bs, bs, bs, bs)},
		{"whole frames twice", Repeat(c, 2), padded(frame, cs, cs)},
		{"a list twice", Repeat(Join(a, b), 2), padded(frame, as, bs, as, bs)},
		{"from", From(a, 100*time.Millisecond), padded(frame, as[800:])},
		{"from, within a frame", From(a, 12375*time.Microsecond), padded(frame, as[99:])},
		{"from, in a list", From(Join(a, b, c), 155*time.Millisecond), padded(frame, as[1240-6:], bs[6:], cs)},
		{"from, then again", From(Repeat(a, 2), 100*time.Millisecond), padded(frame, as[800:], as)},
		{"from the second time on", From(Repeat(b, 3), 10*time.Millisecond), padded(frame, bs[3:], bs)},
		{"the last sample", From(b, 76*125*time.Microsecond), padded(frame, bs[76:])},
	}
	for _, c := range cases {
		if got := samplesOf(t, c.source, ptime, 0); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d samples, want %d, the same to %d", c.name, len(got), len(c.want), same(got, c.want))
		}
	}
	for _, c := range []struct {
		name   string
		source Source
		want   []int16
	}{
		{"endless", Endless(a), slices.Repeat(as, 20)},
		{"endless, less than a frame", Endless(b), slices.Repeat(bs, 200)},
		{"endless list from", From(Endless(Join(a, b)), 10*time.Millisecond), slices.Repeat(slices.Concat(as, bs), 20)[80:]},
		{"endless, begins somewhere", Endless(From(a, 10*time.Millisecond)), slices.Repeat(as, 20)[80:]},
	} {
		for _, ptime := range []time.Duration{20 * time.Millisecond, 30 * time.Millisecond} {
			if got := samplesOf(t, c.source, ptime, 40); same(got, c.want) != len(got) {
				t.Errorf("%s: the same to %d", c.name, same(got, c.want))
			}
		}
	}
}

func same(a, b []int16) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestSampledRefuses(t *testing.T) {
	a, _ := ramp(t, 0, 100)
	tone := Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: time.Second})
	for name, c := range map[string]struct {
		source Source
		is     error
	}{
		"a tone in a list":  {Join(a, tone), errNotSampled},
		"a tone twice":      {Repeat(tone, 2), errNotSampled},
		"past the end":      {From(a, 12500*time.Microsecond), ErrPastEnd},
		"far past the end":  {From(Repeat(a, 2), time.Hour), ErrPastEnd},
		"more than an hour": {Join(slices.Repeat([]Source{longSource{a.(sampled)}}, 5)...), errLongList},
	} {
		if _, err := c.source.Clip(PCMU, 20*time.Millisecond); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
	if clip := clipOf(t, From(Endless(a), 1000*time.Hour), PCMU, 20*time.Millisecond); clip.Len() != 0 || len(clip.Frame(0)) != 160 {
		t.Error("an endless source has an end")
	}
}

// longSource has a quarter of an hour, in a cheap way.
type longSource struct{ sampled }

func (longSource) samples(rate int) ([]int16, error) { return make([]int16, 900*rate), nil }

// The gain of a file is applied before it is encoded, so that a soft one is not quantised twice.
func TestGainOfSamples(t *testing.T) {
	samples := []int16{0, 1000, -1000, 20000, -20000, 7, 30}
	src, err := File(writeWAV(t, "x.wav", 8000, samples))
	if err != nil {
		t.Fatal(err)
	}
	got := samplesOf(t, Gain(src, 20), 20*time.Millisecond, 0)
	louder := []int16{0, 10000, -10000, 32767, -32768, 70, 300}
	if want := PCMU.Decode(nil, PCMU.Encode(nil, louder)); !slices.Equal(got[:len(want)], want) {
		t.Errorf("%v, want %v", got[:len(want)], want)
	}
	if _, err := Gain(src, 101).Clip(PCMU, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "101 dB") {
		t.Errorf("101 dB: %v", err)
	}
}

// A position does not go beyond the end of the sound, into what fills the last frame.
func TestReached(t *testing.T) {
	a, _ := ramp(t, 0, 1000) // 125 ms
	clip := clipOf(t, Repeat(a, 2), PCMU, 20*time.Millisecond)
	for frames, want := range map[int64]time.Duration{0: 0, 5: 100 * time.Millisecond, 12: 240 * time.Millisecond, 13: 250 * time.Millisecond} {
		if got := clip.reached(frames); got != want {
			t.Errorf("after %d frames %v, want %v", frames, got, want)
		}
	}
	if got := clipOf(t, From(a, 100*time.Millisecond), PCMU, 20*time.Millisecond).reached(2); got != 25*time.Millisecond {
		t.Errorf("of the rest %v", got)
	}
	if got := clipOf(t, Endless(a), PCMU, 20*time.Millisecond).reached(1000); got != 20*time.Second {
		t.Errorf("endless: %v", got)
	}
}

func BenchmarkFrameOfRun(b *testing.B) {
	clip := Clip{run: 1234, octets: 0, frameSize: 160, payload: make([]byte, 1234+3*160)}
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		clip.Frame(i)
	}
}

// What arrives of a list is the list, sample by sample, also when a re-INVITE changes the packet length within it; the result's
// position is where it ends.
func TestListOnTheWire(t *testing.T) {
	a, as := ramp(t, 3, 1234)
	b, bs := ramp(t, 100, 77)
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback, err := p.session.Play(From(Repeat(Join(a, b), 2), 10*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		p.sleep(110 * time.Millisecond) // packets of 20 ms up to 120 ms
		params := testParams()
		params.Ptime = 30 * time.Millisecond
		p.session.Configure(params)
		p.await(playback)
		var heard []byte
		for i, packet := range p.rtp {
			if i > 0 && packet.Timestamp-p.rtp[i-1].Timestamp != uint32(len(p.rtp[i-1].Payload)) {
				t.Errorf("packet %d: timestamp is %d later after %d samples", i, packet.Timestamp-p.rtp[i-1].Timestamp, len(p.rtp[i-1].Payload))
			}
			heard = append(heard, packet.Payload...)
		}
		want := slices.Concat(as, bs, as, bs)[80:]
		got := PCMU.Decode(nil, heard)
		if n := same(got, want); n != len(want) {
			t.Errorf("%d samples, the same up to %d of %d", len(got), n, len(want))
		}
		result := playback.Result()
		if position := time.Duration(len(want)) * 125 * time.Microsecond; result.Status != PlayDone || result.Position != position {
			t.Errorf("%s at %v, want done at %v", result.Status, result.Position, position)
		}
	})
}
