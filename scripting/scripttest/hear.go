package scripttest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media/measure"
	"offhook/scripting"
)

// What a test hears: the RTP that was really sent.

const (
	toneTolerance  = 1.0   // Hz
	levelTolerance = 0.5   // dB
	silenceBelow   = -55.0 // dBm0
	listenStep     = 20 * time.Millisecond
	listenTime     = 150 * time.Millisecond // until a tone that has begun is known
)

// hearing is what is heard at one moment.
type hearing struct {
	kind  string // "tone", "silence", "sound", "nothing"
	sines []measure.Sine
}

// listen tells what is heard now.
func (c *conversation) listen() hearing {
	c.trial.mu.Lock()
	defer c.trial.mu.Unlock()
	samples, ok := c.ear.present()
	if !ok {
		return hearing{kind: "nothing"}
	}
	if sines := measure.Chord(samples, c.ear.options()); sines != nil {
		return hearing{"tone", sines}
	}
	energy := 0.0
	for _, s := range samples {
		energy += float64(s) * float64(s)
	}
	if peak := c.ear.codec.Amplitude(silenceBelow); energy <= peak*peak/2*float64(len(samples)) {
		return hearing{kind: "silence"}
	}
	return hearing{kind: "sound"}
}

// level is that of the strongest frequency.
func (h hearing) level() float64 { return h.sines[0].Level }

// hz are the frequencies, from the lowest.
func (h hearing) hz() []float64 {
	var all []float64
	for _, s := range h.sines {
		all = append(all, s.Frequency)
	}
	slices.Sort(all)
	return all
}

// String is "440 Hz at -10.0 dBm0", or the kind.
func (h hearing) String() string {
	if h.kind != "tone" {
		return h.kind
	}
	return fmt.Sprintf("%s at %.1f dBm0", inHz(h.hz()), h.level())
}

// inHz is "350+440 Hz".
func inHz(frequencies []float64) string {
	var parts []string
	for _, hz := range frequencies {
		parts = append(parts, strconv.FormatFloat(math.Round(hz*10)/10, 'f', -1, 64))
	}
	return strings.Join(parts, "+") + " Hz"
}

func (c *conversation) hear(a *scripting.Args) int {
	settle()
	h := c.listen()
	fields := map[string]any{"kind": h.kind}
	if h.kind == "tone" {
		var hz []any
		for _, f := range h.hz() {
			hz = append(hz, round(f, 0))
		}
		fields["hz"], fields["level"] = hz, round(h.level(), 1)
	}
	a.Push(scripting.ToLua(fields))
	return 1
}

func (c *conversation) heard(a *scripting.Args) int {
	settle()
	c.trial.mu.Lock()
	tones := c.ear.measured().Tones
	c.trial.mu.Unlock()
	var list []any
	for _, tone := range tones {
		list = append(list, map[string]any{
			"hz": round(tone.Frequency, 1), "level": round(tone.Level, 1), "start": round(tone.Start.Seconds(), 3),
			"seconds": round(tone.Duration.Seconds(), 3), "missing": round(tone.Missing.Seconds(), 3),
		})
	}
	a.Push(scripting.ToLua(list))
	return 1
}

func round(x float64, digits int) float64 {
	p := math.Pow(10, float64(digits))
	return math.Round(x*p) / p
}

func (c *conversation) expectTone(a *scripting.Args) int {
	want, err := frequenciesOf(scripting.Arg[lua.LValue](a, "hz"))
	if err != nil {
		a.Raise(err)
	}
	slices.Sort(want)
	within := scripting.Arg[time.Duration](a, "within")
	expected := inHz(want) + " " + inTime(within)
	if a.Has("level") {
		expected = fmt.Sprintf("%s at %.1f dBm0 %s", inHz(want), scripting.Arg[float64](a, "level"), inTime(within))
	}
	deadline := time.Now().Add(within + listenTime)
	settle()
	for h := c.listen(); !h.fits(want, a); h = c.listen() {
		if c.over() || !time.Now().Before(deadline) || c.trial.outer.Err() != nil {
			c.fail(a, expected, h.String)
		}
		c.trial.pass(listenStep)
	}
	return 0
}

// fits compares what is heard with the arguments of expect_tone.
func (h hearing) fits(want []float64, a *scripting.Args) bool {
	same := slices.EqualFunc(h.hz(), want, func(got, want float64) bool { return math.Abs(got-want) <= toneTolerance })
	if !a.Has("level") {
		return same
	}
	level := scripting.Arg[float64](a, "level")
	return same && !slices.ContainsFunc(h.sines, func(s measure.Sine) bool { return math.Abs(s.Level-level) > levelTolerance })
}
