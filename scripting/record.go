package scripting

import (
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

// Why a recording ended, besides the reasons that media knows.
const (
	recordDigit       media.RecordReason = "digit"
	recordInterrupted media.RecordReason = "interrupted"
)

// The beep before a recording.
const (
	beepFrequency = 1000.0 // Hz
	beepLength    = 200 * time.Millisecond
	defaultQuiet  = -45.0 // dBm0, below which it is silent
)

func recording() Function {
	return Function{
		Name: "record",
		Doc: "Records what the caller says to a WAV file, and waits for the end of it. Lost packets are concealed. Until it ends the file has another name; when the " +
			"caller hangs up it is finished, and on_hangup finds it in info.recordings.",
		Params: []Param{{Name: "path", Type: Text, Required: true, Doc: "NAME.wav below the recordings folder; a file of that name is replaced"}},
		Options: []Param{
			{Name: "max", Type: Duration, Doc: "the longest recording; without it until something else ends it"},
			{Name: "silence", Type: Duration, Doc: "end it after so much silence"},
			thresholdOption(),
			{Name: "finish", Type: DigitSet, Default: "#", Doc: "digits that end it; false = none"},
			{Name: "beep", Type: Boolean, Default: false, Doc: "sound a tone of 1000 Hz for 200 ms before"},
			{Name: "trim", Type: Boolean, Default: false, Doc: "leave out the silence at both ends"},
		},
		Returns: []Return{{Name: "recording", Type: Table, Fields: append(recordingFields(), Param{Name: "digit", Type: Text, Doc: "the one that ended it"})}},
		Example: `local message = call:record("messages/" .. call.id .. ".wav", { max = "2m", silence = "5s", beep = true })`,
		run:     (*run).record,
	}
}

// recordingFields are what is told of a recording.
func recordingFields() []Param {
	return []Param{
		{Name: "path", Type: Text, Doc: "below the recordings folder; nil when there is no file"},
		{Name: "seconds", Type: Number},
		{Name: "bytes", Type: Integer},
		{Name: "reason", Type: Text, Choices: []string{"stopped", "digit", "max", "silence", "interrupted", "hangup", "disk_full", "slow_disk", "failed"}},
	}
}

func thresholdOption() Param {
	return Param{Name: "threshold", Type: Number, Default: defaultQuiet, Min: -80, Max: 0, Unit: "dBm0", Doc: "what is softer is silence"}
}

func recordStart() Function {
	return Function{
		Name:   "record_start",
		Doc:    "Records the call in the background, both sides, until record_stop or its end. While gather collects sensitive digits it records silence.",
		Params: []Param{{Name: "path", Type: Text, Required: true, Doc: "NAME.wav below the recordings folder; a file of that name is replaced"}},
		Options: []Param{
			{Name: "stereo", Type: Boolean, Default: false, Doc: "the caller on the left, we on the right; otherwise both on one channel"},
		},
		Example: `call:record_start("calls/" .. call.id .. ".wav", { stereo = true })`,
		run: func(r *run, a *arguments) int {
			if r.background != nil && !isClosed(r.background.Done()) {
				r.raise(a, errors.New("the call is being recorded already: write call:record_stop() before"))
			}
			stereo := arg[bool](a, "stereo")
			r.background = r.newRecording(a, media.RecordOptions{Stereo: stereo, Both: !stereo})
			return 0
		},
	}
}

func recordStop() Function {
	return Function{
		Name:    "record_stop",
		Doc:     "Ends what record_start began, and waits until the file is finished.",
		Returns: []Return{{Name: "recording", Type: Table, Doc: "nil when nothing was recorded", Fields: recordingFields()}},
		Example: `local recording = call:record_stop()`,
		run: func(r *run, a *arguments) int {
			rec := r.background
			if rec == nil {
				return a.returns(lua.LNil)
			}
			r.background = nil
			rec.Stop("")
			r.wait(a.LState, pause{done: rec.Done(), timeout: forever})
			return a.returns(toLua(recordingOf(rec.Result())))
		},
	}
}

func (r *run) record(a *arguments) int {
	o := media.RecordOptions{
		Max: arg[time.Duration](a, "max"), Silence: arg[time.Duration](a, "silence"), Threshold: arg[float64](a, "threshold"), Trim: arg[bool](a, "trim"),
	}
	if a.has("max") && o.Max == 0 {
		r.raise(a, errors.New("option max: 0 is not a length"))
	}
	r.interrupt()
	if arg[bool](a, "beep") {
		beep := media.ToneOptions{Frequencies: []float64{beepFrequency}, Level: defaultLevel, Duration: beepLength}
		r.playOne(a, r.engine.sounds.tone(beep), "", forever)
	} else if r.handling {
		r.stopSound(a)
	}
	rec := r.newRecording(a, o)
	r.foreground = rec
	defer func() {
		rec.Stop("") // when the script unwinds; afterwards it does nothing
		if r.foreground == rec {
			r.foreground = nil
		}
	}()
	why, ev := r.wait(a.LState, pause{done: rec.Done(), timeout: forever, take: digitIn(arg[string](a, "finish"))})
	if why == wokenEvent {
		rec.Stop(recordDigit)
		r.wait(a.LState, pause{done: rec.Done(), timeout: forever})
	}
	result := rec.Result()
	if result.Reason == media.RecordHangup {
		r.unwind(a.LState)
	}
	t := recordingOf(result)
	if result.Reason == recordDigit {
		t["digit"] = string(ev.Digit)
	}
	return a.returns(toLua(t))
}

// interrupt ends a record that another handler began: a call does one thing at a time in the foreground.
func (r *run) interrupt() {
	if r.foreground != nil {
		r.foreground.Stop(recordInterrupted)
		r.foreground = nil
	}
}

// stopSound ends what another handler plays.
func (r *run) stopSound(a *arguments) {
	if _, err := r.call.Play(r.engine.sounds.silence(20 * time.Millisecond)); err != nil {
		r.refused(a, err)
	}
}

// newRecording begins to record.
func (r *run) newRecording(a *arguments, o media.RecordOptions) Recording {
	o.Dir, o.Name = r.engine.options.Recordings, arg[string](a, "path")
	switch {
	case o.Dir == "":
		r.raise(a, fmt.Errorf("recording %q: no folder of recordings is configured", o.Name))
	case len(r.recordings) >= maxRegistered:
		r.raise(a, fmt.Errorf("more than %d recordings", maxRegistered))
	}
	rec, err := r.call.Record(o)
	if err != nil {
		r.refused(a, err)
	}
	r.recordings = append(r.recordings, rec)
	return rec
}

// mask has the recordings of the call hold silence, or sound again, and tells that digits are secret, those typed ahead too.
func (r *run) mask(on bool) {
	if on {
		r.tell(nil, Observation{Kind: ObservedSecret, Unread: len(r.typed) + r.queue.count(EventDigit)})
	} else {
		r.tell(nil, Observation{Kind: ObservedOpen})
	}
	for _, rec := range r.recordings {
		rec.Mask(on)
	}
}

// settleRecordings waits until the files of an ended call are finished and tells of them, in the log and for on_hangup. A disk that
// does not answer holds up nobody for long.
func (r *run) settleRecordings() {
	if len(r.recordings) == 0 {
		return
	}
	patience := time.NewTimer(lastWords)
	defer patience.Stop()
	for _, rec := range r.recordings {
		select {
		case <-rec.Done():
		case <-patience.C:
			r.log().Error("a recording is not finished yet: the disk does not answer")
			return
		}
		result := rec.Result()
		r.settled = append(r.settled, recordingOf(result))
		if result.Err != nil {
			r.log().Error("recording", "path", result.Name, "reason", string(result.Reason), "error", result.Err)
			continue
		}
		r.log().Info("recording", "path", result.Name, "seconds", result.Duration.Seconds(), "bytes", result.Bytes, "reason", string(result.Reason))
	}
}

func recordingOf(res media.RecordResult) map[string]any {
	return map[string]any{
		"path": orNil(res.Name), "seconds": res.Duration.Seconds(), "bytes": res.Bytes, "reason": string(res.Reason),
	}
}
