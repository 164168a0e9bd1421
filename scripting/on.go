package scripting

import (
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

func on() Function {
	return Function{
		Name: "on",
		Doc: "Calls a function for each event of a name, as long as the call lasts or until the function that it returns is called. From the " +
			"first that asks for tone on, here or in call:wait, the call listens for steady tones of one frequency: each is one event, told when " +
			"it has sounded for some 100 ms, and not again until it ended or changed. Speech and keys are none; for a tone of two frequencies " +
			"write call:wait_tone.",
		Params: []Param{
			{Name: "name", Type: Text, Required: true, Choices: eventNames()},
			{Name: "fn", Type: Func, Required: true, Doc: "gets the event: {name, digit, …}, of a tone {name, hz, level, ms}, with dBm0 and how long it has lasted"},
		},
		Returns: []Return{{Name: "remove", Type: Func}},
		Example: `local remove = call:on("dtmf", function(ev) log.info(ev.digit) end)`,
		run: func(r *run, a *arguments) int {
			if len(r.subscriptions) >= maxRegistered {
				r.raise(a, fmt.Errorf("more than %d functions", maxRegistered))
			}
			s := &subscription{name: arg[string](a, "name"), fn: arg[*lua.LFunction](a, "fn")}
			r.subscriptions = append(r.subscriptions, s)
			r.attend(s.name)
			return a.returns(a.NewFunction(func(*lua.LState) int {
				r.subscriptions = slices.DeleteFunc(r.subscriptions, func(o *subscription) bool { return o == s })
				return 0
			}))
		},
	}
}

func wait() Function {
	return Function{
		Name: "wait",
		Doc:  `Waits for one of several events. "hangup" is none that it returns: the script unwinds when the call ends.`,
		Params: []Param{
			{Name: "names", Type: Texts, Required: true, Doc: "one or more of dtmf, hold, resume, info, message, media_timeout, tone, hangup"},
			{Name: "timeout", Type: Duration, Doc: "how long; without it until the call ends"},
		},
		Returns: []Return{{Name: "event", Type: Table, Doc: "as call:on gives it; nil when the time is up"}},
		Example: `local ev = call:wait({ "dtmf", "info" }, "30s")`,
		run:     (*run).waitFor,
	}
}

func (r *run) waitFor(a *arguments) int {
	names := arg[[]string](a, "names")
	wanted, err := eventIn(names)
	if err != nil {
		r.raise(a, err)
	}
	r.attend(names...)
	ev := r.typedDigit(wanted)
	if ev == nil {
		_, ev = r.wait(a.LState, pause{timeout: a.timeout(), take: wanted})
	}
	if ev == nil {
		return a.returns(lua.LNil)
	}
	return a.returns(eventTable(ev))
}

// attend begins to look for what is only told to those who ask for it.
func (r *run) attend(names ...string) {
	if slices.Contains(names, eventName(EventTone)) {
		r.call.TellTones()
	}
}

// eventIn returns what takes the events of these names.
func eventIn(names []string) (func(*Event) bool, error) {
	known := append(eventNames(), "hangup")
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no event %q%s", name, suggest(name, known))
		}
	}
	return func(ev *Event) bool { return slices.Contains(names, eventName(ev.Kind)) }, nil
}
