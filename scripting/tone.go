package scripting

import (
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

// What a telephone channel carries, and how many tones at once make sense.
const (
	lowestFrequency  = 20.0
	highestFrequency = 3999.0
	mostFrequencies  = 4
	defaultLevel     = -10.0 // dBm0
)

func tone() Function {
	return Function{
		Name: "tone",
		Doc: "Plays a tone and waits for the end. Besides frequencies there are cadences (\"440+480/2000,0/4000\": Hz, 0 for silence, and ms, again and again; " +
			"! before a part plays it once; 400*25 is 400 Hz modulated by 25 Hz), the tones of countries (\"us.busy\", \"uk.ring\", \"de.dial\"; " +
			"also congestion, callwaiting, info …), \"milliwatt\" (1004 Hz, 0 dBm0), \"sweep 300-3400/10s\", \"noise.white\", \"noise.pink\" and \"dtmf:123#\".",
		Params: []Param{{Name: "spec", Type: ToneSpec, Required: true, Doc: "Hz: 440, a list: {350, 440}, or text: \"us.busy\""}},
		Options: []Param{
			{Name: "duration", Type: Duration, Doc: "how long; without it until the tone ends, as sweep and dtmf do, or the call ends or the tone is interrupted"},
			{Name: "level", Type: Number, Min: -60, Max: 3, Unit: "dBm0", Doc: "of each frequency, of all the noise; without it -10, and 0 for milliwatt"},
			bargeOption(),
		},
		Returns: playReturns(),
		Example: `call:tone({ 350, 440 }, { duration = "2s", level = -13 })`,
		run:     (*run).tone,
	}
}

func (r *run) tone(a *arguments) int {
	o, err := toneOptions(a.lookup("spec").(lua.LValue))
	if err != nil {
		r.raise(a, err)
	}
	duration := arg[time.Duration](a, "duration")
	if a.has("duration") && duration == 0 {
		return a.returns(played{status: string(media.PlayDone)}.table()) // to media 0 means without end
	}
	o.Duration = duration
	if a.has("level") {
		o.Level = arg[float64](a, "level")
	}
	return a.returns(r.playOne(a, r.engine.sounds.tone(o), arg[string](a, "barge"), forever).table())
}

// toneOptions reads a tone, and gives it its usual level.
func toneOptions(v lua.LValue) (media.ToneOptions, error) {
	o := media.ToneOptions{Level: defaultLevel}
	var err error
	if text, ok := v.(lua.LString); ok {
		o.Spec, err = ParseTone(string(text))
	} else {
		o.Frequencies, err = toneFrequencies(v)
	}
	if o.Spec.Milliwatt {
		o.Level = 0
	}
	return o, err
}

// ParseTone is media.ParseTone, with a suggestion for a name that is not known.
func ParseTone(text string) (media.ToneSpec, error) {
	spec, err := media.ParseTone(text)
	if unknown, ok := errors.AsType[*media.UnknownTone](err); ok {
		err = fmt.Errorf("%w%s", err, suggest(unknown.Name, unknown.Known))
	}
	return spec, err
}

// chord reads the frequencies of a tone that has the same ones whenever it sounds, as Hz, a list of them or text.
func chord(v lua.LValue) ([]float64, error) {
	text, ok := v.(lua.LString)
	if !ok {
		return toneFrequencies(v)
	}
	spec, err := ParseTone(string(text))
	if err != nil {
		return nil, err
	}
	frequencies, ok := spec.Chord()
	if !ok {
		return nil, fmt.Errorf("tone %.60q is more than one tone: write the frequencies to wait for, as {350, 440}", string(text))
	}
	for _, f := range frequencies {
		if f > highestFrequency {
			return nil, fmt.Errorf("tone %.60q: %v Hz is not within %g to %g Hz", string(text), f, lowestFrequency, highestFrequency)
		}
	}
	return frequencies, nil
}

// toneFrequencies reads a frequency or a list of them, in Hz.
func toneFrequencies(v lua.LValue) ([]float64, error) {
	list, ok := v.(*lua.LTable)
	if !ok {
		f, err := frequency(v)
		return []float64{f}, err
	}
	if n := list.Len(); n < 1 || n > mostFrequencies {
		return nil, fmt.Errorf("a tone has 1 to %d frequencies, got %d", mostFrequencies, n)
	}
	var frequencies []float64
	for i := 1; i <= list.Len(); i++ {
		f, err := frequency(list.RawGetInt(i))
		if err != nil {
			return nil, err
		}
		frequencies = append(frequencies, f)
	}
	return frequencies, nil
}

func frequency(v lua.LValue) (float64, error) {
	n, ok := v.(lua.LNumber)
	if !ok {
		return 0, fmt.Errorf("%s is not a tone: write Hz as 440 or {350, 440}, or text as \"us.busy\"", describe(v))
	}
	if f := float64(n); f >= lowestFrequency && f <= highestFrequency {
		return f, nil
	}
	return 0, fmt.Errorf("%v Hz is not within %g to %g Hz", n, lowestFrequency, highestFrequency)
}

func silence() Function {
	return Function{
		Name:    "silence",
		Doc:     "Sends silence, and waits for the end. Unlike sleep, which sends nothing.",
		Params:  []Param{{Name: "duration", Type: Duration, Required: true}},
		Returns: playReturns(),
		Example: `call:silence("200ms")`,
		run: func(r *run, a *arguments) int {
			duration := arg[time.Duration](a, "duration")
			if duration == 0 {
				return a.returns(played{status: string(media.PlayDone)}.table())
			}
			return a.returns(r.playOne(a, r.engine.sounds.silence(duration), "", forever).table())
		},
	}
}
