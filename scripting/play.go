package scripting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func play() Function {
	return Function{
		Name: "play",
		Doc: "Plays one sound, or several one after the other without a gap, and waits for the end. WAV, MP3, Ogg Vorbis, Ogg Opus, FLAC, raw G.711 (.ul, .al) and raw G.722 (.g722) are played, " +
			"of any usual sample rate, mono or stereo. A file that is missing, or is none of these, is an error; trouble of the network, or with what a server " +
			"sends, raises nothing: the status is failed and error tells why.",
		Params: []Param{{Name: "sound", Type: Sounds, Required: true, Doc: soundDoc + ", or a list of them; \"recording:NAME.wav\" is one that was recorded"}},
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

const soundDoc = "a file below the sounds folder, or the URL of one on a host that scripting.http_allow names"

// playReturns are the results of all verbs that play.
func playReturns() []Return {
	return []Return{{Name: "result", Type: Table, Fields: []Param{
		{Name: "status", Type: Text, Choices: []string{"done", "barge", "timeout", "interrupted", "stopped", "failed"}},
		{Name: "digit", Type: Text, Doc: "the one that barged in"},
		{Name: "position", Type: Number, Unit: "s", Doc: "how far it came"},
		{Name: "error", Type: Text, Doc: "why it failed, when the network or a server is to blame"},
	}}}
}

func bargeOption() Param {
	return Param{Name: "barge", Type: DigitSet, Doc: "digits that end it: true for all, or text with those meant; they are read by it"}
}

func (r *run) play(a *arguments) int {
	src, err := r.sounds(a, a.lookup("sound").(lua.LValue), arg[float64](a, "volume"))
	if r.troubled(a, err) {
		return a.returns(played{status: string(media.PlayFailed), trouble: err}.table())
	}
	limit := forever
	if a.has("max") {
		limit = arg[time.Duration](a, "max")
	}
	p := playing{arg[int](a, "loop"), arg[time.Duration](a, "from"), arg[string](a, "barge"), limit}
	return a.returns(r.playAll(a, src, p).table())
}

func fromOption() Param {
	return Param{Name: "from", Type: Duration, Doc: "where in the whole to begin, the first time"}
}

func volumeOption() Param {
	return Param{Name: "volume", Type: Number, Default: 0.0, Min: -60, Max: 30, Unit: "dB", Doc: "louder, or softer when negative"}
}

// playing says how to play sounds in the foreground.
type playing struct {
	times int           // how often, 0 = without end
	from  time.Duration // where to begin
	barge string        // digits that end it
	limit time.Duration // for so long at the most
}

// played is how playing ended.
type played struct {
	status   string
	digit    byte
	position time.Duration
	trouble  error // why it failed
}

func (p played) table() *lua.LTable {
	t := newTable(0, 3)
	t.RawSetString("status", lua.LString(p.status))
	if p.digit != 0 {
		t.RawSetString("digit", lua.LString(p.digit))
	}
	t.RawSetString("position", lua.LNumber(p.position.Seconds()))
	if p.trouble != nil {
		t.RawSetString("error", lua.LString(p.trouble.Error()))
	}
	return t
}

// playAll plays a source as often and from where it is wanted.
func (r *run) playAll(a *arguments, src media.Source, p playing) played {
	if p.times == 0 {
		src = media.Endless(src)
	} else {
		src = media.Repeat(src, p.times)
	}
	if p.from > 0 {
		src = media.From(src, p.from)
	}
	result := r.playOne(a, src, p.barge, p.limit)
	result.position += p.from
	return result
}

// playOne plays one source in the foreground until it ends, one of the barge digits is pressed or limit has passed.
func (r *run) playOne(a *arguments, src media.Source, barge string, limit time.Duration) played {
	wanted := digitIn(barge)
	if ev := r.typedDigit(wanted); ev != nil {
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
		return played{status: "barge", digit: ev.Digit, position: result.Position}
	case wokenTimeout:
		return played{status: "timeout", position: result.Position}
	}
	if result.Status == media.PlayClosed {
		r.unwind(a.LState) // the session is closed: the call has ended
	}
	return played{status: string(result.Status), position: result.Position}
}

// digitIn returns what takes the digits of a set out of a call's events; nil for the empty set.
func digitIn(set string) func(*Event) bool {
	if set == "" {
		return nil
	}
	return func(ev *Event) bool { return ev.Kind == EventDigit && strings.IndexByte(set, ev.Digit) >= 0 }
}

// sounds opens one sound or a list of them, louder by so many dB. For what comes from the network the script waits as in a verb.
func (r *run) sounds(a *arguments, v lua.LValue, volume float64) (media.Source, error) {
	names, err := toTexts(v)
	if err != nil {
		return nil, err
	}
	sources := make([]media.Source, len(names))
	for i, name := range names {
		if sources[i], err = r.sound(a, name); err != nil {
			return nil, err
		}
	}
	return r.engine.sounds.list(sources, names, volume), nil
}

func (r *run) sound(a *arguments, name string) (media.Source, error) {
	if !isURL(name) {
		return r.engine.sounds.file(name)
	}
	if src, ok := r.engine.sounds.downloads.fresh(name); ok {
		return r.engine.sounds.cache.Source(src), nil
	}
	src, err := await(r, a, func(ctx context.Context) (media.Source, error) { return r.engine.sounds.downloads.get(ctx, name) })
	if err != nil {
		return nil, err
	}
	return r.engine.sounds.cache.Source(src), nil
}

// troubled tells whether err is trouble of the network, which raises nothing; any other error is the script's mistake, and raised.
func (r *run) troubled(a *arguments, err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*downloadError](err); !ok {
		r.raise(a, err)
	}
	r.log().Warn("sound", "error", err, "at", where(a.LState))
	return true
}
