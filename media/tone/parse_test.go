package tone

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const ms = time.Millisecond
	sines := func(d time.Duration, once bool, hz ...float64) Part { return Part{Sound{Sines, hz}, d, once} }
	rest := func(d time.Duration, once bool) Part { return Part{Duration: d, Once: once} }
	for _, tt := range []struct {
		text   string
		parts  []Part
		length time.Duration
	}{
		{"440", []Part{sines(0, false, 440)}, 0},
		{" 350 + 440.5 ", []Part{sines(0, false, 350, 440.5)}, 0},
		{"440+480/2000,0/4000", []Part{sines(2000*ms, false, 440, 480), rest(4000*ms, false)}, 0},
		{"440/2s, 0/1.5s,0/20ms", []Part{sines(2000*ms, false, 440), rest(1500*ms, false), rest(20*ms, false)}, 0},
		{"!950/330,!1400/330", []Part{sines(330*ms, true, 950), sines(330*ms, true, 1400)}, 660 * ms},
		{"!950/330,0", []Part{sines(330*ms, true, 950), rest(0, false)}, 0},
		{"950/330,0", []Part{sines(330*ms, true, 950), rest(0, true)}, 0}, // nothing comes after what has no end
		{"!950/330,1400/330", []Part{sines(330*ms, true, 950), sines(0, false, 1400)}, 0},
		{"400*16.5/1000,0/2000", []Part{{Sound{Modulated, []float64{400, 16.5}}, 1000 * ms, false}, rest(2000*ms, false)}, 0},
		{"us.busy", []Part{sines(500*ms, false, 480, 620), rest(500*ms, false)}, 0},
		{"gb.unobtainable", []Part{sines(0, false, 400)}, 0},
		{"nl.info", []Part{sines(330*ms, false, 950), sines(330*ms, false, 1400), sines(330*ms, false, 1800), rest(1000*ms, false)}, 0},
		{"milliwatt", []Part{sines(0, false, 1004)}, 0},
		{"noise.white", []Part{{Sound: Sound{Kind: White}}}, 0},
		{"noise.pink", []Part{{Sound: Sound{Kind: Pink}}}, 0},
		{"sweep 300-3400/10s", []Part{{Sound{Sweep, []float64{300, 3400}}, 10000 * ms, true}}, 10 * time.Second},
		{"dtmf:1wd", []Part{sines(100*ms, true, 697, 1209), rest(100*ms, true), rest(500*ms, true), sines(100*ms, true, 941, 1633), rest(100*ms, true)}, 900 * ms},
	} {
		spec, err := Parse(tt.text)
		if err != nil || !reflect.DeepEqual(spec.Parts, tt.parts) || spec.Length() != tt.length || spec.String() != tt.text {
			t.Errorf("%q: %v, %v, %v long", tt.text, spec.Parts, err, spec.Length())
		}
		if spec.Milliwatt != (tt.text == "milliwatt") {
			t.Errorf("%q: milliwatt %v", tt.text, spec.Milliwatt)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ text, says string }{
		{"", `tone "": at 1: nothing: write Hz as 440, a cadence as 440/500,0/500, or a name as us.busy`},
		{"440/", `tone "440/": at 5: "" where a time should be, as 500 for 500 ms`},
		{"440/500,", `tone "440/500,": at 9: "" where a frequency in Hz should be`},
		{"440,0/500", `tone "440,0/500": at 4: a part without a time is the last: write one as in 440/500`},
		{"440+", `tone "440+": at 5: "" where a frequency in Hz should be`},
		{"440+0", `tone "440+0": at 5: 0 Hz is not from 20 to below 8000`},
		{"440+10", `tone "440+10": at 5: 10 Hz is not from 20 to below 8000`},
		{"9000", `tone "9000": at 1: 9000 Hz is not from 20 to below 8000`},
		{"4.4.0", `tone "4.4.0": at 1: "4.4.0" where a frequency in Hz should be`},
		{"400*25*2", `tone "400*25*2": at 7: "*2" where a comma or the end should be`},
		{"400+500*2", `tone "400+500*2": at 8: "*2" where a comma or the end should be`},
		{"300+400+500+600+700", `tone "300+400+500+600+700": at 20: more than 4 frequencies at once`},
		{"440/500,!0/500", `tone "440/500,!0/500": at 15: a part with ! after one without: those that are played once come first`},
		{"440/1.5", `tone "440/1.5": at 5: a time of 1.5 ms: want whole milliseconds from 1 ms to 2m0s`},
		{"440/3m", `tone "440/3m": at 5: a time of 180000 ms: want whole milliseconds from 1 ms to 2m0s`},
		{"440/2m,0/1", `tone "440/2m,0/1": at 11: longer than 2m0s or 1200 parts`},
		{"440 480", `tone "440 480": at 5: "480" where a comma or the end should be`},
		{"sweep 300", `tone "sweep 300": at 10: want - and where to sweep to: sweep 300-3400/10s`},
		{"sweep 300-300/1s", `tone "sweep 300-300/1s": at 14: a sweep from 300 Hz to 300 Hz`},
		{"sweep 300-3400", `tone "sweep 300-3400": at 15: want / and for how long: sweep 300-3400/10s`},
		{"sweep 300-3400/10", `tone "sweep 300-3400/10": at 16: a time without a unit: write it as in sweep 300-3400/10s`},
		{"sweep 300-3400/10s x", `tone "sweep 300-3400/10s x": at 20: "x" after the sweep`},
		{"dtmf:", `tone "dtmf:": at 6: no digits`},
		{"dtmf:12x", `tone "dtmf:12x": at 8: 'x' is none of 0-9 * # A-D w`},
		{"dtmf:1\x00", `tone "dtmf:1\x00": at 7: '\x00' is none of 0-9 * # A-D w`},
		{"us.bussy", `tone "us.bussy": "bussy" is no tone of us`},
		{"ux.busy", `tone "ux.busy": "ux" is neither a tone nor a country`},
		{"noise.blue", `tone "noise.blue": "noise.blue" is neither a tone nor a country`},
		{"busy", `tone "busy": "busy" is neither a tone nor a country`},
	} {
		spec, err := Parse(tt.text)
		if err == nil || err.Error() != tt.says {
			t.Errorf("%q: %v, %v\nwant %s", tt.text, spec.Parts, err, tt.says)
		}
	}
}

func TestUnknownErrorKnowsNames(t *testing.T) {
	for text, known := range map[string]string{"us.bussy": "busy", "ux.busy": "us", "milliwat": "milliwatt"} {
		_, err := Parse(text)
		if unknown, ok := errors.AsType[*UnknownError](err); !ok || !slices.Contains(unknown.Known, known) {
			t.Errorf("%q: %v does not know %q", text, err, known)
		}
	}
}

// TestCountries reads the whole table: every tone parses, and each country has those that all networks have.
func TestCountries(t *testing.T) {
	countries := Countries()
	if len(countries) < 45 || !slices.IsSorted(countries) || len(slices.Compact(slices.Clone(countries))) != len(countries) {
		t.Errorf("%d countries: %v", len(countries), countries)
	}
	for _, country := range countries {
		names := Names(country)
		for _, name := range []string{"dial", "ring", "busy", "congestion"} {
			if !slices.Contains(names, name) {
				t.Errorf("%s has no %s, only %v", country, name, names)
			}
		}
		for _, name := range names {
			spec, err := Parse(country + "." + name)
			if err != nil {
				t.Errorf("%s.%s: %v", country, name, err)
			}
			if spec.Length() != 0 {
				t.Errorf("%s.%s ends after %v", country, name, spec.Length())
			}
		}
	}
	if names := Names("xx"); names != nil || Names("") != nil {
		t.Errorf("an unknown country has %v", names)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"440+480/2000,0/4000", "!950/330,0", "400*25", "us.busy", "sweep 300-3400/10s", "dtmf:12w#", "noise.pink", "1e9", "440/0.1m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse(text)
		if err != nil {
			if s, ok := errors.AsType[*SyntaxError](err); ok && (s.Position < 1 || s.Position > len(text)+1) {
				t.Errorf("%q: error at %d", text, s.Position)
			}
			return
		}
		if len(spec.Parts) == 0 || len(spec.Parts) > mostParts || total(spec.Parts) > Longest {
			t.Errorf("%q: %d parts of %v", text, len(spec.Parts), total(spec.Parts))
		}
		for i, p := range spec.Parts {
			if p.Duration == 0 && i != len(spec.Parts)-1 || p.Duration < 0 {
				t.Errorf("%q: part %d lasts %v", text, i, p.Duration)
			}
		}
		const rate = 16000
		score, err := spec.Lay(Sounding{SampleRate: rate, Amplitude: 1000, Loop: func(t Tone) (int64, Tone) { return 160, t }})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		whole, parts := make([]float64, 400), make([]float64, 400)
		first := max(score.Once()-200, 0)
		score.Render(whole, first)
		score.Render(parts[:123], first)
		score.Render(parts[123:], first+123)
		if !slices.Equal(whole, parts) {
			t.Errorf("%q: two parts are not the whole", text)
		}
	})
}

func TestChord(t *testing.T) {
	for text, want := range map[string]string{
		"440": "[440]", "us.busy": "[480 620]", "440+350/2000,0/4000": "[440 350]", "400*25/1000,0/2000": "[400]", "milliwatt": "[1004]",
		"dtmf:55": "[770 1336]", "dtmf:12": "none", "us.info": "none", "noise.white": "none", "sweep 300-3400/10s": "none", "0/100": "none", "dtmf:w": "none",
	} {
		spec, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if hz, ok := spec.Chord(); ok {
			got = fmt.Sprint(hz)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
