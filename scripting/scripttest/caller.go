package scripttest

import (
	"errors"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
	"offhook/scripting"
)

// What a test lets the caller of a call do.

// ptime is the packet time that callers speak with.
const ptime = 20 * time.Millisecond

func (c *conversation) advance(a *scripting.Args) int {
	d := scripting.Arg[time.Duration](a, "duration")
	if time.Since(c.trial.began)+d > longestClock {
		a.Raise(fmt.Errorf("a test may take %v on its clock", longestClock))
	}
	c.trial.pass(d)
	return 0
}

// needs refuses what only a call that has not ended can do.
func (c *conversation) needs(a *scripting.Args) {
	if c.over() {
		a.Raise(errors.New("the call has ended"))
	}
}

// acts notes what the caller does in RTP.
func (c *conversation) acts(what string) {
	c.trial.mu.Lock()
	defer c.trial.mu.Unlock()
	c.note(EntryMedia, "", "the caller "+what)
}

func (c *conversation) dtmf(a *scripting.Args) int {
	c.needs(a)
	digits := scripting.Arg[string](a, "digits")
	c.acts("presses " + digits)
	on, gap := scripting.Arg[time.Duration](a, "on"), scripting.Arg[time.Duration](a, "gap")
	if err := c.caller.Press(c.trial.ctx, digits, on, gap); err != nil {
		a.Raise(err)
	}
	settle()
	return 0
}

func (c *conversation) speak(a *scripting.Args) int {
	c.needs(a)
	codec, ok := c.caller.Codec()
	if !ok {
		a.Raise(errors.New("there is no RTP yet: nobody has answered"))
	}
	clip, err := c.sound(a, codec)
	if err != nil {
		a.Raise(err)
	}
	c.acts("speaks " + show(scripting.Arg[lua.LValue](a, "sound"), 0))
	t := c.trial
	if !scripting.Arg[bool](a, "wait") {
		t.speech.Go(func() { _ = c.caller.Speak(t.ctx, clip) }) // ends with the clip, the call or the test; an end of the call is none of its errors
		return 0
	}
	if err := c.caller.Speak(t.ctx, clip); err != nil {
		a.Raise(err)
	}
	settle()
	return 0
}

// sound is what c:speak sends: what reads as a tone is one, as in call:start.
func (c *conversation) sound(a *scripting.Args, codec media.Codec) (*media.Clip, error) {
	v, duration := scripting.Arg[lua.LValue](a, "sound"), scripting.Arg[time.Duration](a, "duration")
	o := media.ToneOptions{Level: scripting.Arg[float64](a, "level"), Duration: duration}
	var err error
	if text, ok := v.(lua.LString); !ok {
		o.Frequencies, err = frequenciesOf(v)
	} else if o.Spec, err = scripting.ParseTone(string(text)); err != nil {
		clip, missing := c.file(string(text), codec)
		if missing != nil && scripting.MeantAsTone(string(text), err) {
			return nil, fmt.Errorf("%w; nor is it a sound file", err)
		}
		return clip, missing
	}
	switch {
	case err != nil:
		return nil, err
	case duration == 0 && o.Spec.Length() == 0:
		return nil, errors.New("a tone needs an end: write {duration = \"1s\"}")
	case len(o.Frequencies) == 1 && o.Frequencies[0] == 0:
		return media.Silence(duration).Clip(codec, ptime)
	}
	return media.Tone(o).Clip(codec, ptime)
}

// file is a file of the folder of sounds.
func (c *conversation) file(name string, codec media.Codec) (*media.Clip, error) {
	root, err := os.OpenRoot(c.trial.runner.Scripting.Sounds)
	if err != nil {
		return nil, fmt.Errorf("sound %q: %w", name, err)
	}
	defer root.Close()
	file, err := media.FileIn(root.FS(), name)
	if err != nil {
		return nil, err
	}
	return file.Clip(codec, ptime)
}

// frequenciesOf reads a frequency or a list of them, in Hz.
func frequenciesOf(v lua.LValue) (hz []float64, err error) {
	if n, ok := v.(lua.LNumber); ok {
		return []float64{float64(n)}, nil
	}
	t, ok := v.(*lua.LTable)
	for i := 1; ok && i <= t.Len(); i++ {
		n, isNumber := t.RawGetInt(i).(lua.LNumber)
		ok = isNumber
		hz = append(hz, float64(n))
	}
	if !ok || len(hz) == 0 {
		return nil, errors.New("a tone is written in Hz, as 440 or {350, 440}")
	}
	return hz, nil
}

func (c *conversation) info(a *scripting.Args) int {
	c.needs(a)
	c.caller.Info(scripting.Arg[string](a, "content_type"), scripting.Arg[string](a, "body"))
	settle()
	return 0
}

func (c *conversation) text(a *scripting.Args) int {
	c.needs(a)
	c.caller.Text(scripting.Arg[string](a, "text"))
	settle()
	return 0
}

func (c *conversation) codec() lua.LValue {
	if codec, ok := c.caller.Codec(); ok {
		return lua.LString(codec.String())
	}
	return lua.LNil
}

// record is how the call ended. It waits for the script to end, too.
func (c *conversation) record(L *lua.LState) lua.LValue {
	if !c.over() {
		L.RaiseError("c.record: the call has not ended: write c:expect_bye(…) or c:hangup() before")
	}
	t := c.trial
	t.await(lastWords, c.finished)
	t.mu.Lock()
	defer t.mu.Unlock()
	c.examined = true
	fields := map[string]any{"script": c.script}
	if o := c.outcome; o != nil {
		fields["vars"], fields["verdict"] = o.Vars, o.Verdict.Result
		fields["by"], fields["code"], fields["reason"] = string(o.Ending.By), o.Ending.Code, o.Ending.Reason
		fields["q850"], fields["seconds"] = o.Ending.Q850, o.Ending.Duration.Seconds()
	} else if last, ok := c.lastResponse(); ok { // refused before a script had it
		fields["code"], fields["reason"] = last.Status, last.Reason
	}
	if len(c.errors) > 0 {
		fields["error"] = c.errors[0]
	}
	return scripting.ToLua(fields)
}
