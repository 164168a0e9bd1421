package scripting

import (
	"errors"
	"fmt"
	"path"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func start() Function {
	return Function{
		Name: "start",
		Doc: "Plays a sound or a tone in the background: the script goes on at once. A call sends one thing at a time, so that the next play, tone or start " +
			"ends it, with the status interrupted.",
		Params: []Param{{Name: "sound", Type: Sound, Required: true, Doc: soundDoc + ", a list of them, or a tone as in call:tone"}},
		Options: []Param{
			{Name: "loop", Type: Boolean, Default: false, Doc: "again and again"},
			fromOption(),
			volumeOption(),
		},
		Returns: []Return{
			{Name: "playback", Type: Value, Doc: "playback:stop() ends it; nil on trouble of the network, or with what a server sent", Object: "playback"},
			{Name: "err", Type: Text, Doc: "what the trouble was"},
		},
		Example: `local music = call:start("moh.wav", { loop = true, volume = -6 })`,
		run:     (*run).start,
	}
}

func (r *run) start(a *arguments) int {
	src, err := r.soundOf(a, a.lookup("sound").(lua.LValue), arg[float64](a, "volume"))
	if r.troubled(a, err) {
		return a.returns(lua.LNil, lua.LString(err.Error()))
	}
	if arg[bool](a, "loop") {
		src = media.Endless(src)
	}
	from := arg[time.Duration](a, "from")
	if from > 0 {
		src = media.From(src, from)
	}
	r.interrupt()
	p, err := r.call.Play(src)
	switch {
	case errors.Is(err, media.ErrPastEnd):
		r.raise(a, fmt.Errorf("option from: %v is past the end of the sound", from))
	case err != nil:
		r.refused(a, err)
	}
	r.observe(a.LState, ObservedPlay, func() string { return fmt.Sprint(src) })
	return a.returns(r.engine.library.newObject("playback", &background{p, from, arg[float64](a, "volume")}))
}

// soundOf makes a tone, or opens a file or a list of them: what reads as a tone is one.
func (r *run) soundOf(a *arguments, v lua.LValue, volume float64) (media.Source, error) {
	if list, ok := v.(*lua.LTable); ok && list.RawGetInt(1).Type() == lua.LTString {
		return r.sounds(a, v, volume)
	}
	o, err := toneOptions(v)
	o.Level += volume
	name, ok := v.(lua.LString)
	if err == nil || !ok {
		return r.engine.sounds.tone(o), err
	}
	file, missing := r.sounds(a, v, volume)
	if missing != nil && MeantAsTone(string(name), err) {
		return nil, fmt.Errorf("%w; nor is it a sound file", err)
	}
	return file, missing
}

// MeantAsTone tells whether text that is neither a tone nor a file, as err says of the tone, was to be a tone: it is nearly the
// name of one, or what no file is called.
func MeantAsTone(text string, err error) bool {
	if unknown, ok := errors.AsType[*media.UnknownTone](err); ok {
		return suggest(unknown.Name, unknown.Known) != "" && unknown.Country != ""
	}
	return path.Ext(text) == ""
}

// background is what call:start began.
type background struct {
	Playback
	from   time.Duration
	volume float64 // dB, in the source already
}

func (b *background) played() played {
	r := b.Result()
	return played{status: string(r.Status), position: b.from + r.Position}
}

// playbackObject describes what start returns.
func playbackObject() Object {
	method := func(name, doc string, do func(*background)) Function {
		return Function{
			Name: name, Doc: doc, Example: "playback:" + name + "()", After: true,
			run: func(_ *run, a *arguments) int {
				do(a.self.(*background))
				return 0
			},
		}
	}
	return Object{
		Name: "playback",
		Doc:  "What call:start plays in the background.",
		Methods: []Function{
			method("stop", "Ends it; it does nothing when it has ended.", func(b *background) { b.Stop() }),
			method("pause", "Sends nothing until resume.", func(b *background) { b.Pause() }),
			method("resume", "Goes on where pause stopped.", func(b *background) { b.Resume() }),
			{
				Name: "volume", Doc: "Makes it louder or softer from now on, as the option volume of start does from the beginning: 0 is the sound as it is.",
				Params:  []Param{{Name: "volume", Type: Number, Required: true, Min: -60, Max: 30, Unit: "dB"}},
				Example: `playback:volume(-20)`,
				After:   true,
				run: func(_ *run, a *arguments) int {
					b := a.self.(*background)
					b.SetVolume(arg[float64](a, "volume") - b.volume)
					return 0
				},
			},
			{
				Name: "position", Doc: "How far into the sound it came.",
				Returns: []Return{{Name: "seconds", Type: Number}},
				Example: `local seconds = playback:position()`,
				After:   true,
				run: func(_ *run, a *arguments) int {
					return a.returns(lua.LNumber(a.self.(*background).played().position.Seconds()))
				},
			},
			{
				Name: "wait", Doc: "Waits for the end.",
				Params:  []Param{{Name: "timeout", Type: Duration, Doc: "how long; without it until the end"}},
				Returns: playReturns(),
				Example: `playback:wait("10s")`,
				run: func(r *run, a *arguments) int {
					b, timeout := a.self.(*background), forever
					if a.has("timeout") {
						timeout = arg[time.Duration](a, "timeout")
					}
					if why, _ := r.wait(a.LState, pause{done: b.Done(), timeout: timeout}); why == wokenTimeout {
						p := b.played()
						p.status = "timeout"
						return a.returns(p.table())
					}
					return a.returns(b.played().table())
				},
			},
		},
	}
}
