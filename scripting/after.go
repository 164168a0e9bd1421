package scripting

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func after() Function {
	return Function{
		Name: "after",
		Doc:  "Calls a function once after a time, while the script waits in a verb or after on_call has returned.",
		Params: []Param{
			{Name: "duration", Type: Duration, Required: true},
			{Name: "fn", Type: Func, Required: true},
		},
		Returns: []Return{{Name: "timer", Type: Value, Object: "timer", Doc: "timer:cancel() ends it"}},
		Example: `local patience = call:after("20s", function() call:hangup() end)`,
		run: func(r *run, a *arguments) int {
			d := arg[time.Duration](a, "duration")
			return a.returns(r.addTimer(a, d, &timer{name: "call:after", fn: arg[*lua.LFunction](a, "fn")}))
		},
	}
}

func every() Function {
	return Function{
		Name: "every",
		Doc:  "Calls a function again and again, at fixed times from now on.",
		Params: []Param{
			{Name: "duration", Type: Duration, Required: true, Doc: "10 ms at least"},
			{Name: "fn", Type: Func, Required: true},
		},
		Returns: []Return{{Name: "timer", Type: Value, Object: "timer", Doc: "timer:cancel() ends it"}},
		Example: `call:every("10s", function() log.info("still here") end)`,
		run: func(r *run, a *arguments) int {
			d := arg[time.Duration](a, "duration")
			if d < shortestPeriod {
				r.raise(a, fmt.Errorf("%v is too often: write 10ms or more", d))
			}
			return a.returns(r.addTimer(a, d, &timer{name: "call:every", period: d, fn: arg[*lua.LFunction](a, "fn")}))
		},
	}
}

// addTimer starts a timer of the script and returns its handle.
func (r *run) addTimer(a *arguments, d time.Duration, t *timer) lua.LValue {
	if len(r.timers.scripts) >= maxRegistered {
		r.raise(a, fmt.Errorf("more than %d timers", maxRegistered))
	}
	return r.engine.library.newObject("timer", r.timers.add(d, t))
}

// timerObject describes what after and every return.
func timerObject() Object {
	return Object{
		Name: "timer",
		Doc:  "A timer of call:after or call:every.",
		Methods: []Function{{
			Name:    "cancel",
			Doc:     "Ends the timer; it does nothing when it has run.",
			Example: `local timer = call:after(1, print) timer:cancel()`,
			After:   true,
			run: func(r *run, a *arguments) int {
				r.timers.cancel(a.self.(*timer))
				return 0
			},
		}},
	}
}

func deferred() Function {
	return Function{
		Name:    "defer",
		Doc:     "Calls a function when the call has ended, before on_hangup: the last one deferred first.",
		Params:  []Param{{Name: "fn", Type: Func, Required: true}},
		Example: `call:defer(function() log.info("over") end)`,
		run: func(r *run, a *arguments) int {
			if len(r.deferred) >= maxRegistered {
				r.raise(a, fmt.Errorf("more than %d deferred functions", maxRegistered))
			}
			r.deferred = append(r.deferred, arg[*lua.LFunction](a, "fn"))
			return 0
		},
	}
}

func limit() Function {
	return Function{
		Name:    "limit",
		Doc:     "Ends the call after a time from now, whatever the script does then. A later limit replaces an earlier one.",
		Params:  []Param{{Name: "duration", Type: Duration, Required: true}},
		Example: `call:limit("2m")`,
		run: func(r *run, a *arguments) int {
			r.timers.cancel(&r.limit)
			r.limit = timer{index: -1, own: func() { r.hangup(ByLimit, HangupOptions{Q850: causeNormal, Reason: "call limit"}) }}
			r.timers.add(arg[time.Duration](a, "duration"), &r.limit)
			return 0
		},
	}
}
