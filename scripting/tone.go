package scripting

import (
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
		Name:   "tone",
		Doc:    "Plays a tone, or several at once, and waits for the end.",
		Params: []Param{{Name: "spec", Type: ToneSpec, Required: true, Doc: "Hz: 440, or a list: {350, 440}"}},
		Options: []Param{
			{Name: "duration", Type: Duration, Doc: "how long; without it until the call ends or the tone is interrupted"},
			{Name: "level", Type: Number, Default: defaultLevel, Min: -60, Max: 3, Unit: "dBm0", Doc: "of each frequency"},
			bargeOption(),
		},
		Returns: playReturns(),
		Example: `call:tone({ 350, 440 }, { duration = "2s", level = -13 })`,
		run:     (*run).tone,
	}
}

func (r *run) tone(a *arguments) int {
	frequencies, err := toneFrequencies(a.lookup("spec").(lua.LValue))
	if err != nil {
		r.raise(a, err)
	}
	duration := arg[time.Duration](a, "duration")
	if a.has("duration") && duration == 0 {
		return a.returns(played{status: string(media.PlayDone)}.table()) // to media 0 means without end
	}
	src := r.engine.sounds.tone(media.ToneOptions{Frequencies: frequencies, Level: arg[float64](a, "level"), Duration: duration})
	return a.returns(r.playOne(a, src, arg[string](a, "barge"), forever).table())
}

// toneFrequencies reads a tone: a frequency or a list of them, in Hz.
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
		return 0, fmt.Errorf("%s is not a tone: write Hz as 440 or {350, 440}", describe(v))
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
