package scripting

import (
	"cmp"
	"errors"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// Causes of ITU-T Q.850 for the Reason header field.
const (
	causeNormal           = 16 // normal call clearing
	causeTemporaryFailure = 41
)

// hangup ends the call for a reason of ours; the script unwinds at its next wait.
func (r *run) hangup(by By, o HangupOptions) {
	if r.finished || isClosed(r.ended) {
		return
	}
	r.finished, r.by = true, by
	o.By = by
	if err := r.call.Hangup(o); err != nil && !errors.Is(err, ErrEnded) {
		r.log().Error("hang up", "error", err)
	}
}

// settle ends the call, if the script did not, by how the script ended: an answered call gets a BYE, another one a final response.
func (r *run) settle(err error) {
	if err != nil {
		r.hideIn(err)
		r.tell(nil, Observation{Kind: ObservedFail, Text: err.Error(), Err: err})
		r.log().Error("script failed", append(stackOf(err), "error", err)...)
	}
	if r.finished || r.call.State() == StateEnded {
		return
	}
	answered := r.call.State() == StateAnswered
	switch {
	case answered && err == nil:
		r.hangup("", HangupOptions{Q850: causeNormal})
	case answered:
		r.hangup(blame(err), HangupOptions{Q850: causeTemporaryFailure, Reason: "script failed", Failed: true})
	case err == nil:
		r.reject(cmp.Or(r.refusal, 480))
	default:
		r.hangup(blame(err), HangupOptions{Code: r.engine.options.ErrorCode, Failed: true})
	}
}

func (r *run) reject(code int) {
	r.finished = true
	if err := r.call.Reject(code, "", nil); err != nil && !errors.Is(err, ErrEnded) {
		r.log().Error("reject", "code", code, "error", err)
	}
}

// blame tells a script that is wrong from one that took too much.
func blame(err error) By {
	if limit := (*sandbox.LimitError)(nil); errors.As(err, &limit) {
		return ByLimit
	}
	return ByError
}

// broken tells whether err has left the state unfit to run anything more.
func broken(err error) bool {
	internal := (*sandbox.InternalError)(nil)
	return blame(err) == ByLimit || errors.As(err, &internal)
}

// ending is how the call ended; what the user agent saw as the script's wish may have been a failure or a limit.
func (r *run) ending() Ending {
	e := r.call.Ending()
	if r.by != "" {
		e.By = r.by
	}
	return e
}

// lastRites runs the deferred functions, the last one first, and then on_hangup.
func (r *run) lastRites(err error) {
	r.closing = true
	r.timers = timers{}
	r.settleRecordings()
	if broken(err) && !r.renew() {
		return
	}
	r.budget = time.Now().Add(lastWords)
	for len(r.deferred) > 0 {
		last := len(r.deferred) - 1
		fn := r.deferred[last]
		r.deferred = r.deferred[:last]
		r.report("call:defer", r.invoke(fn))
	}
	if fn, ok := r.handler("on_hangup"); ok {
		r.budget = time.Now().Add(lastWords)
		r.report("on_hangup", r.invoke(fn, r.object, r.hangupInfo(err)))
	}
}

// renew takes a new state for on_hangup, as one that was cut off at a limit runs nothing any more.
func (r *run) renew() bool {
	r.state.Close()
	r.state = sandbox.NewState(r.engine.library.shared, r.engine.options.Limits, r)
	r.modules, r.deferred, r.handling = nil, nil, false
	err := r.load()
	r.report("on_hangup", err)
	return err == nil
}

// hangupInfo is what on_hangup gets.
func (r *run) hangupInfo(err error) lua.LValue {
	e := r.ending()
	var failed any
	if err != nil {
		failed = errorFields(err)
	}
	return tableOf(
		"by", string(e.By), "code", e.Code, "error", failed, "q850", e.Q850, "reason", e.Reason, "recordings", r.settled,
		"seconds", e.Duration.Seconds(), "stats", r.statistics(),
	)
}
