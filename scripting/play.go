package scripting

import (
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func play() Function {
	return Function{
		Name:   "play",
		Doc:    "Plays one sound file, or several one after the other, and waits for the end.",
		Params: []Param{{Name: "sound", Type: Sounds, Required: true, Doc: "a WAV file below the sounds folder, or a list of them; \"recording:NAME.wav\" is one that was recorded"}},
		Options: []Param{
			{Name: "loop", Type: Times, Default: 1, Doc: "how often to play the whole; true: until something else ends it"},
			fromOption(),
			volumeOption(),
			bargeOption(),
			{Name: "max", Type: Duration, Doc: "stop after so long"},
		},
		Returns: playReturns(),
		Example: `call:play({ "welcome.wav", "menu.wav" }, { barge = true })`,
		run:     (*run).play,
	}
}

// playReturns are the results of all verbs that play.
func playReturns() []Return {
	return []Return{{Name: "result", Type: Table, Fields: []Param{
		{Name: "status", Type: Text, Choices: []string{"done", "barge", "timeout", "interrupted", "stopped", "failed"}},
		{Name: "digit", Type: Text, Doc: "the one that barged in"},
		{Name: "position", Type: Number, Unit: "s", Doc: "how far it came"},
	}}}
}

func bargeOption() Param {
	return Param{Name: "barge", Type: DigitSet, Doc: "digits that end it: true for all, or text with those meant; they are read by it"}
}

func (r *run) play(a *arguments) int {
	sounds, err := r.sounds(a.lookup("sound").(lua.LValue), arg[float64](a, "volume"))
	if err != nil {
		r.raise(a, err)
	}
	limit := forever
	if a.has("max") {
		limit = arg[time.Duration](a, "max")
	}
	from := arg[time.Duration](a, "from")
	if from > 0 && len(sounds) > 1 {
		r.raise(a, errors.New("option from: is for one sound, not for a list"))
	}
	return a.returns(r.playAll(a, sounds, playing{arg[int](a, "loop"), from, arg[string](a, "barge"), limit}).table())
}

func fromOption() Param {
	return Param{Name: "from", Type: Duration, Doc: "where in the sound to begin, the first time"}
}

func volumeOption() Param {
	return Param{Name: "volume", Type: Number, Default: 0.0, Min: -60, Max: 30, Unit: "dB", Doc: "louder, or softer when negative"}
}

// playing says how to play sounds in the foreground.
type playing struct {
	times int           // how often, 0 = without end
	from  time.Duration // where to begin the first sound
	barge string        // digits that end it
	limit time.Duration // for so long at the most
}

// played is how playing ended.
type played struct {
	status   string
	digit    byte
	position time.Duration
}

func (p played) table() *lua.LTable {
	t := newTable(0, 3)
	t.RawSetString("status", lua.LString(p.status))
	if p.digit != 0 {
		t.RawSetString("digit", lua.LString(p.digit))
	}
	t.RawSetString("position", lua.LNumber(p.position.Seconds()))
	return t
}

// playAll plays sources one after the other.
func (r *run) playAll(a *arguments, sources []media.Source, p playing) played {
	began := time.Now()
	all := played{status: string(media.PlayDone)}
	if p.times == 0 && len(sources) == 1 {
		sources = []media.Source{media.Endless(sources[0])}
	}
	for i := 0; p.times == 0 || i < p.times*len(sources); i++ {
		left, src := p.limit, sources[i%len(sources)]
		if p.limit != forever {
			left = max(0, p.limit-time.Since(began))
		}
		if i == 0 && p.from > 0 {
			src, all.position = media.From(src, p.from), p.from
		}
		p := r.playOne(a, src, p.barge, left)
		p.position += all.position
		all = p
		if p.status != string(media.PlayDone) {
			break
		}
	}
	return all
}

// playOne plays one source in the foreground until it ends, one of the barge digits is pressed or limit has passed.
func (r *run) playOne(a *arguments, src media.Source, barge string, limit time.Duration) played {
	wanted := digitIn(barge)
	if ev, ok := r.typedDigit(wanted); ok {
		return played{status: "barge", digit: ev.Digit}
	}
	r.interrupt()
	p, err := r.call.Play(src)
	switch {
	case errors.Is(err, media.ErrPastEnd):
		return played{status: string(media.PlayDone)}
	case err != nil:
		r.refused(a, err)
	}
	r.observe(a.LState, ObservedPlay, func() string { return fmt.Sprint(src) })
	finished := false
	defer func() {
		if !finished {
			p.Stop() // the script unwinds
		}
	}()
	why, ev := r.wait(a.LState, pause{done: p.Done(), timeout: limit, take: wanted})
	finished = true
	if why != wokenDone {
		p.Stop()
	}
	result := p.Result()
	switch why {
	case wokenEvent:
		return played{"barge", ev.Digit, result.Position}
	case wokenTimeout:
		return played{status: "timeout", position: result.Position}
	}
	if result.Status == media.PlayClosed {
		r.unwind(a.LState) // the session is closed: the call has ended
	}
	return played{status: string(result.Status), position: result.Position}
}

// digitIn returns what takes the digits of a set out of a call's events; nil for the empty set.
func digitIn(set string) func(Event) bool {
	if set == "" {
		return nil
	}
	return func(ev Event) bool { return ev.Kind == EventDigit && strings.IndexByte(set, ev.Digit) >= 0 }
}

// sounds opens one sound or a list of them, louder by so many dB.
func (r *run) sounds(v lua.LValue, volume float64) ([]media.Source, error) {
	names, err := toTexts(v)
	if err != nil {
		return nil, err
	}
	sources := make([]media.Source, len(names))
	for i, name := range names {
		if sources[i], err = r.engine.sounds.file(name, volume); err != nil {
			return nil, err
		}
	}
	return sources, nil
}
