package scripting

import (
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func start() Function {
	return Function{
		Name: "start",
		Doc: "Plays a sound or a tone in the background: the script goes on at once. A call sends one thing at a time, so that the next play, tone or start " +
			"ends it, with the status interrupted.",
		Params: []Param{{Name: "sound", Type: Sound, Required: true, Doc: soundDoc + ", or a tone: Hz, or a list of them"}},
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
	return a.returns(r.engine.library.newObject("playback", &background{p, from}))
}

// soundOf opens a file, or makes a tone.
func (r *run) soundOf(a *arguments, v lua.LValue, volume float64) (media.Source, error) {
	if _, ok := v.(lua.LString); ok {
		return r.sounds(a, v, volume)
	}
	frequencies, err := toneFrequencies(v)
	if err != nil {
		return nil, err
	}
	return r.engine.sounds.tone(media.ToneOptions{Frequencies: frequencies, Level: defaultLevel + volume}), nil
}

// background is what call:start began.
type background struct {
	Playback
	from time.Duration
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
