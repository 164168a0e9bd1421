package scripting

import (
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

// softest is what a level of nothing at all is told as, in dBov: that of half a step of 16 bits.
const softest = -96.0

// listen waits until what is sought was heard; false: not within the timeout.
func (r *run) listen(a *arguments, what media.Sought, timeout time.Duration) (media.Heard, bool) {
	l, err := r.call.Listen(what)
	if err != nil {
		r.refused(a, err)
	}
	defer l.Stop()
	if why, _ := r.wait(a.LState, pause{done: l.Done(), timeout: timeout}); why != wokenDone {
		return media.Heard{}, false
	}
	return l.Result(), true
}

func timeoutOption() Param {
	return Param{Name: "timeout", Type: Duration, Doc: "how long to wait; without it until the call ends"}
}

// timeoutOf is the option timeout.
func timeoutOf(a *arguments) time.Duration {
	if a.has("timeout") {
		return arg[time.Duration](a, "timeout")
	}
	return forever
}

func measure() Function {
	return Function{
		Name: "measure",
		Doc:  "Measures what the caller says, or what a far end plays, for a while. Lost packets are concealed first.",
		Options: []Param{
			{Name: "duration", Type: Duration, Default: 5 * time.Second, Doc: "how long to listen"},
			{Name: "threshold", Type: Number, Default: -55.0, Min: -80, Max: 0, Unit: "dBm0", Doc: "what is softer is silence"},
		},
		Returns: []Return{{Name: "measured", Type: Table, Fields: []Param{
			{Name: "rms_dbov", Type: Number, Doc: "the level of all; -96 when there was nothing but silence"},
			{Name: "peak_dbov", Type: Number, Doc: "the largest sample"},
			{Name: "dominant_hz", Type: Number, Doc: "the frequency of the longest tone; nil when there was none"},
			{Name: "level_dbm0", Type: Number, Doc: "the level of that tone"},
			{Name: "snr_db", Type: Number, Doc: "that tone with all else against all else"},
			{Name: "silence_pct", Type: Number},
			{Name: "clipped_pct", Type: Number, Doc: "samples at full scale"},
		}}},
		Example: `local heard = call:measure{ duration = "10s" } call:check(heard.snr_db and heard.snr_db > 30, "noise")`,
		run: func(r *run, a *arguments) int {
			h, _ := r.listen(a, media.ForAll(max(arg[time.Duration](a, "duration"), 20*time.Millisecond), arg[float64](a, "threshold")), forever)
			return a.returns(toLua(measured(h)))
		},
	}
}

func measured(h media.Heard) map[string]any {
	m := h.Measured
	t := map[string]any{
		"rms_dbov": math.Max(m.RMS, softest), "peak_dbov": math.Max(m.Peak, softest),
		"silence_pct": 100 * m.Silence, "clipped_pct": 100 * m.Clipped,
	}
	if tone, ok := m.Longest(); ok {
		t["dominant_hz"], t["level_dbm0"], t["snr_db"] = tone.Frequency, tone.Level, tone.SINAD
	}
	return t
}

func waitTone() Function {
	return Function{
		Name:   "wait_tone",
		Doc:    "Waits until a tone is heard. Each frequency may be off by 8 Hz.",
		Params: []Param{{Name: "spec", Type: ToneSpec, Required: true, Doc: "Hz: 440, a list of frequencies that sound together: {350, 440}, or a tone as in call:tone: \"us.busy\"; of a cadence any part will do"}},
		Options: []Param{
			timeoutOption(),
			{Name: "min", Type: Duration, Default: 100 * time.Millisecond, Doc: "how long it must last"},
			{Name: "level", Type: Number, Default: -40.0, Min: -60, Max: 3, Unit: "dBm0", Doc: "of each frequency, at least"},
		},
		Returns: []Return{
			{Name: "tone", Type: Table, Doc: "nil when none came", Fields: []Param{
				{Name: "hz", Type: Number, Doc: "the first frequency, as measured"},
				{Name: "ms", Type: Number, Doc: "how long it lasted until now"},
				{Name: "level", Type: Number, Unit: "dBm0", Doc: "of the weakest frequency"},
				{Name: "at", Type: Number, Unit: "s", Doc: "when it began, from the start of the verb"},
			}},
			{Name: "why", Type: Text, Values: []string{"timeout"}},
		},
		Example: `local tone = call:wait_tone({ 350, 440 }, { timeout = "5s", min = "300ms" })`,
		run: func(r *run, a *arguments) int {
			frequencies, err := chord(a.lookup("spec").(lua.LValue))
			if err != nil {
				r.raise(a, err)
			}
			h, ok := r.listen(a, media.ForTone(frequencies, arg[time.Duration](a, "min"), arg[float64](a, "level")), timeoutOf(a))
			if !ok {
				return a.returns(lua.LNil, lua.LString("timeout"))
			}
			return a.returns(toLua(map[string]any{
				"hz": h.Frequency, "ms": milliseconds(h.Duration), "level": h.Level, "at": h.At.Seconds(),
			}))
		},
	}
}

func waitSilence() Function {
	return waitActivity("wait_silence", "Waits until it is silent for so long.",
		`call:wait_silence("2s", { timeout = "1m" })`, media.ForSilence)
}

func waitSpeech() Function {
	return waitActivity("wait_speech", "Waits until so much is heard, speech or any other sound, with pauses of up to 300 ms in it.",
		`if not call:wait_speech("500ms", { timeout = "10s" }) then call:hangup() end`, media.ForSpeech)
}

// waitActivity describes a verb that waits for sound or for the lack of it.
func waitActivity(name, doc, example string, sought func(length time.Duration, threshold float64) media.Sought) Function {
	return Function{
		Name: name, Doc: doc, Example: example,
		Params:  []Param{{Name: "duration", Type: Duration, Required: true}},
		Options: []Param{timeoutOption(), thresholdOption()},
		Returns: []Return{{Name: "seconds", Type: Number, Doc: "how long it took; nil when it did not come"}},
		run: func(r *run, a *arguments) int {
			h, ok := r.listen(a, sought(arg[time.Duration](a, "duration"), arg[float64](a, "threshold")), timeoutOf(a))
			if !ok {
				return a.returns(lua.LNil)
			}
			return a.returns(lua.LNumber(h.Duration.Seconds()))
		},
	}
}

func probeDelay() Function {
	return Function{
		Name: "probe_delay",
		Doc:  "Measures the round trip through a far end that echoes: plays a short chirp and waits until it comes back.",
		Options: []Param{
			{Name: "timeout", Type: Duration, Default: 3 * time.Second, Doc: "how long to wait for it"},
		},
		Returns: []Return{{Name: "ms", Type: Number, Doc: "nil when nothing came back"}},
		Example: `local ms = call:probe_delay()`,
		run:     (*run).probeDelay,
	}
}

func (r *run) probeDelay(a *arguments) int {
	r.interrupt()
	l, err := r.call.Listen(media.ForProbe())
	if err != nil {
		r.refused(a, err)
	}
	defer l.Stop()
	p, err := r.call.Play(media.Probe())
	if err != nil {
		r.refused(a, err)
	}
	defer p.Stop()
	if why, _ := r.wait(a.LState, pause{done: l.Done(), timeout: arg[time.Duration](a, "timeout")}); why != wokenDone || !l.Result().Found {
		return a.returns(lua.LNil)
	}
	return a.returns(lua.LNumber(milliseconds(l.Result().RoundTrip)))
}
