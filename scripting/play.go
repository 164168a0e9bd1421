package scripting

import (
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
		Params: []Param{{Name: "sound", Type: Sounds, Required: true, Doc: "a WAV file below the sounds folder, or a list of them"}},
		Options: []Param{
			{Name: "loop", Type: Integer, Default: 1, Min: 1, Max: 1e6, Doc: "how often to play the whole"},
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
	sounds, err := r.sounds(a.lookup("sound").(lua.LValue))
	if err != nil {
		r.raise(a, err)
	}
	limit := forever
	if a.has("max") {
		limit = arg[time.Duration](a, "max")
	}
	return a.returns(r.playAll(a, sounds, arg[int](a, "loop"), arg[string](a, "barge"), limit).table())
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

// playAll plays sources one after the other, the whole so many times, for limit at the most.
func (r *run) playAll(a *arguments, sources []media.Source, times int, barge string, limit time.Duration) played {
	began := time.Now()
	all := played{status: string(media.PlayDone)}
	for i := range times * len(sources) {
		left := limit
		if limit != forever {
			left = max(0, limit-time.Since(began))
		}
		p := r.playOne(a, sources[i%len(sources)], barge, left)
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
	p, err := r.call.Play(src)
	if err != nil {
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

// sounds opens one sound or a list of them.
func (r *run) sounds(v lua.LValue) ([]media.Source, error) {
	names, err := toTexts(v)
	if err != nil {
		return nil, err
	}
	sources := make([]media.Source, len(names))
	for i, name := range names {
		if sources[i], err = r.engine.sounds.file(name); err != nil {
			return nil, err
		}
	}
	return sources, nil
}
