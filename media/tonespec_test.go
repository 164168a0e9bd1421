package media

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/media/measure"
	"offhook/media/tone"
)

// spoken is a tone from text at a level in dBm0.
func spoken(t *testing.T, text string, level float64) ToneOptions {
	t.Helper()
	spec, err := ParseTone(text)
	if err != nil {
		t.Fatal(err)
	}
	return ToneOptions{Spec: spec, Level: level}
}

// measured is what a meter says of samples in a codec.
func measured(c Codec, pcm []int16) measure.Result {
	m := measure.New(measure.Options{SampleRate: c.SampleRate(), Milliwatt: c.Amplitude(0)})
	m.Write(pcm)
	return m.Result()
}

// power is the level of samples in dBm0.
func power(c Codec, pcm []int16) float64 {
	sum := 0.0
	for _, x := range pcm {
		sum += float64(x) * float64(x)
	}
	milliwatt := c.Amplitude(0)
	return 10 * math.Log10(2*sum/float64(len(pcm))/(milliwatt*milliwatt))
}

// TestMilliwatt: 1004 Hz at 0 dBm0, with no more distortion than G.711 has.
func TestMilliwatt(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		c := clipOf(t, Tone(spoken(t, "milliwatt", 0)), codec, 20*time.Millisecond)
		pcm := heard(t, c, 500)
		amplitude, _ := sineFit(pcm, 1004)
		level := 20 * math.Log10(amplitude/codec.Amplitude(0))
		if math.Abs(level) > 0.02 {
			t.Errorf("%v: %.4f dBm0", codec, level)
		}
		tones := measured(codec, pcm).Tones
		if len(tones) != 1 || math.Abs(tones[0].Frequency-1004) > 0.01 || tones[0].SINAD < 36 {
			t.Errorf("%v: %+v", codec, tones)
		}
		t.Logf("%v: %.4f dBm0, SINAD %.1f dB", codec, level, tones[0].SINAD)
	}
}

// TestCadenceClip: a cadence whose period is no multiple of the frame is exact to the sample for a minute, though its clip is a loop.
func TestCadenceClip(t *testing.T) {
	for _, tt := range []struct {
		text       string
		ptime      time.Duration
		once       int // ms
		on, period int // ms
		bytes      int
	}{
		{"440/500,0/500", 20 * time.Millisecond, 0, 500, 1000, 8000},
		{"440/480,0/480", 20 * time.Millisecond, 0, 480, 960, 7680},
		{"440/480,0/480", 60 * time.Millisecond, 0, 480, 960, 7680},
		{"440/375,0/375", 20 * time.Millisecond, 0, 375, 750, 12000},
		{"440/101,0/102", 20 * time.Millisecond, 0, 101, 203, 32480},
		{"440/101,0/102", 30 * time.Millisecond, 0, 101, 203, 48720},
		{"!0/333,440/250,0/250", 20 * time.Millisecond, 333, 250, 500, 4000 + 17*160},
	} {
		c := clipOf(t, Tone(spoken(t, tt.text, -10)), PCMU, tt.ptime)
		if c.Len() != 0 || c.Bytes() != tt.bytes {
			t.Errorf("%s: %d frames, %d bytes, want %d", tt.text, c.Len(), c.Bytes(), tt.bytes)
		}
		frames := int64(time.Minute / tt.ptime)
		pcm := heard(t, c, frames)
		for i, x := range pcm {
			want, n := 0.0, i-8*tt.once
			if n >= 0 && n%(8*tt.period) < 8*tt.on {
				want = PCMU.Amplitude(-10) * math.Sin(2*math.Pi*440*float64(n%(8*tt.period))/8000)
			}
			if math.Abs(float64(x)-want) > max(math.Abs(want)/16, 16)/2+8 {
				t.Fatalf("%s at %v: sample %d is %d, want %.0f", tt.text, tt.ptime, i, x, want)
			}
		}
	}
}

// TestCadenceTimes: the meter finds beginning and end of each burst, also with the ramps that calls have.
func TestCadenceTimes(t *testing.T) {
	for _, ptime := range []time.Duration{20 * time.Millisecond, 30 * time.Millisecond} {
		o := spoken(t, "de.busy", -13)
		o.Ramp, o.Duration = 5*time.Millisecond, 5*time.Second
		c := clipOf(t, Tone(o), PCMA, ptime)
		tones := measured(PCMA, heard(t, c, c.Len())).Tones
		if len(tones) != 6 {
			t.Fatalf("%d bursts in 5 s, want 6", len(tones))
		}
		for i, tone := range tones {
			start, end := time.Duration(i)*960*time.Millisecond, min(time.Duration(i)*960*time.Millisecond+480*time.Millisecond, 5*time.Second)
			if (tone.Start-start).Abs() > 4*time.Millisecond || (tone.Start+tone.Duration-end).Abs() > 4*time.Millisecond ||
				math.Abs(tone.Frequency-425) > 0.1 || math.Abs(tone.Level+13) > 0.2 {
				t.Errorf("burst %d: %+v", i, tone)
			}
		}
	}
}

// TestAllCountryTones renders every tone of every country in every codec, and hears that its first part sounds.
func TestAllCountryTones(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		for _, country := range tone.Countries() {
			for _, name := range tone.Names(country) {
				text := country + "." + name
				c := clipOf(t, Tone(spoken(t, text, -10)), codec, 20*time.Millisecond)
				if level := power(codec, heard(t, c, 1)); level < -14 || level > -5 {
					t.Errorf("%v %s: begins at %.1f dBm0", codec, text, level)
				}
				if c.Bytes() > 2<<20 {
					t.Errorf("%v %s: %d bytes", codec, text, c.Bytes())
				}
			}
		}
	}
}

// TestSpecialInformation: three tones once, then silence without end.
func TestSpecialInformation(t *testing.T) {
	c := clipOf(t, Tone(spoken(t, "us.info", -10)), PCMU, 20*time.Millisecond)
	if c.Len() != 0 || c.Bytes() > 51*160 {
		t.Errorf("%d frames, %d bytes", c.Len(), c.Bytes())
	}
	pcm := heard(t, c, 500)
	for i, hz := range []float64{950, 1400, 1800} {
		part := pcm[i*330*8:]
		amplitude, rest := sineFit(part[:2400], hz) // whole cycles in 300 ms
		if level := 20 * math.Log10(amplitude/PCMU.Amplitude(0)); math.Abs(level+10) > 0.2 || rest > amplitude*amplitude/1000 {
			t.Errorf("%g Hz: %.2f dBm0", hz, level)
		}
	}
	if i := slices.IndexFunc(pcm[3*330*8:], func(x int16) bool { return x != 0 }); i >= 0 {
		t.Errorf("sample %d after the tones is not silent", i)
	}
}

// TestNoiseClip: the level after G.711, for minutes, and that nothing marks where the loop ends.
func TestNoiseClip(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		for _, name := range []string{"noise.white", "noise.pink"} {
			for _, level := range []float64{-6, -20, -40} {
				c := clipOf(t, Tone(spoken(t, name, level)), codec, 20*time.Millisecond)
				pcm := heard(t, c, 600)
				if got := power(codec, pcm); math.Abs(got-level) > 0.05 {
					t.Errorf("%v %s: %.3f dBm0, want %g", codec, name, got, level)
				}
				if tones := measured(codec, pcm).Tones; len(tones) != 0 {
					t.Errorf("%v %s: tones %+v", codec, name, tones)
				}
			}
		}
	}
}

// TestSweepClip: all the way the level is right and the distortion that of G.711.
func TestSweepClip(t *testing.T) {
	c := clipOf(t, Tone(spoken(t, "sweep 300-3400/10s", -10)), PCMU, 20*time.Millisecond)
	if c.Len() != 500 || c.Bytes() != 80000 {
		t.Fatalf("%d frames, %d bytes", c.Len(), c.Bytes())
	}
	pcm := heard(t, c, 500)
	ratio := math.Log(3400.0 / 300)
	var signal, error float64
	for i, x := range pcm {
		want := PCMU.Amplitude(-10) * math.Sin(2*math.Pi*300*10/ratio*math.Expm1(ratio*float64(i)/80000))
		signal += want * want
		error += (float64(x) - want) * (float64(x) - want)
	}
	if sdr := 10 * math.Log10(signal/error); sdr < 37 {
		t.Errorf("signal to distortion %.1f dB", sdr)
	}
	for at := 0; at < len(pcm); at += 8000 {
		if level := power(PCMU, pcm[at:at+8000]); math.Abs(level+10) > 0.05 {
			t.Errorf("%.3f dBm0 after %d samples", level, at)
		}
	}
}

// TestDurationOfSpec: a duration cuts a tone or does not lengthen one that ends.
func TestDurationOfSpec(t *testing.T) {
	for _, tt := range []struct {
		text     string
		duration time.Duration
		frames   int64
		sounding int // samples until the last that is not silent
	}{
		{"dtmf:12", 0, 20, 2400},
		{"dtmf:12", time.Minute, 20, 2400},
		{"dtmf:12", 250 * time.Millisecond, 13, 2000},
		{"sweep 300-3400/1s", 2 * time.Second, 50, 8000},
		{"us.busy", 1200 * time.Millisecond, 60, 9600},
		{"us.busy", time.Hour, 180000, 0},
		{"us.info", 5 * time.Second, 250, 7920},
		{"noise.white", time.Second, 50, 8000},
		{"440/50,0/50", 30 * time.Millisecond, 2, 240},
	} {
		for _, ramp := range []time.Duration{0, 5 * time.Millisecond} {
			o := spoken(t, tt.text, -10)
			o.Duration, o.Ramp = tt.duration, ramp
			c := clipOf(t, Tone(o), PCMU, 20*time.Millisecond)
			if c.Len() != tt.frames {
				t.Fatalf("%s for %v: %d frames, want %d", tt.text, tt.duration, c.Len(), tt.frames)
			}
			if tt.sounding == 0 {
				continue
			}
			pcm := heard(t, c, c.Len())
			last := len(pcm)
			for last > 0 && pcm[last-1] == 0 {
				last--
			}
			if last < tt.sounding-20 || last > tt.sounding { // sines may end near zero
				t.Errorf("%s for %v, ramp %v: sounds for %d samples, want %d", tt.text, tt.duration, ramp, last, tt.sounding)
			}
		}
	}
}

func TestSpecRefuses(t *testing.T) {
	for _, tt := range []struct {
		text  string
		level float64
		says  string
	}{
		{"noise.white", -5, "white noise at -5 dBm0: peaks at 4.03 dBm0, above the 3.17 dBm0 of PCMU"},
		{"400*25", -2, "tone of 400*25 Hz at -2 dBm0: peaks at 3.58 dBm0"},
		{"sweep 300-4000/1s", -10, "tone of 4000 Hz"},
		{"440/59999,0/1001,0/2", -10, "cadence of 61002 ms fits frames of 20ms only after more than 5m0s"},
	} {
		if _, err := Tone(spoken(t, tt.text, tt.level)).Clip(PCMU, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s at %g: %v, want %q", tt.text, tt.level, err, tt.says)
		}
	}
}

// TestSpecKeys: what sounds the same is rendered once; what does not is not mistaken.
func TestSpecKeys(t *testing.T) {
	key := func(text string) any {
		k, err := Tone(spoken(t, text, -10)).(keyed).key()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if key("us.busy") != key("480+620/500,0/500") || key("uk.busy") != key("gb.busy") {
		t.Error("one tone has two keys")
	}
	seen := map[any]string{}
	for _, text := range []string{
		"440", "440/1,0/1", "!440/1", "440+100", "0", "400+250", "400*250", "sweep 400-250/1s", "sweep 250-400/1s", "noise.white", "noise.pink", "!0/1,440/1", "400/1,250/1",
	} {
		if other, ok := seen[key(text)]; ok {
			t.Errorf("%q and %q have one key", text, other)
		}
		seen[key(text)] = text
	}
}

func BenchmarkCadenceClip(b *testing.B) {
	spec, err := ParseTone("us.ring")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Tone(ToneOptions{Spec: spec, Level: -10}).Clip(PCMU, 20*time.Millisecond); err != nil {
			b.Fatal(err)
		}
	}
}
