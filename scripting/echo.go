package scripting

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func echo() Function {
	return Function{
		Name: "echo",
		Doc:  "Sends back what the caller says, and waits for the end. Lost packets are concealed.",
		Options: []Param{
			{Name: "delay", Type: Duration, Doc: "how long to hold it back, on top of the jitter buffer's 40 ms and more; up to 10s"},
			{Name: "max", Type: Duration, Doc: "end it after so long; without it until something else does"},
			{Name: "finish", Type: DigitSet, Default: "#", Doc: "digits that end it; false = none"},
		},
		Returns: []Return{{Name: "result", Type: Table, Fields: []Param{
			{Name: "status", Type: Text, Choices: []string{"done", "digit", "interrupted", "failed"}},
			{Name: "digit", Type: Text, Doc: "the one that ended it"},
			{Name: "seconds", Type: Number, Doc: "how long it went on"},
		}}},
		Example: `local result = call:echo{ delay = "500ms", max = "1m" }`,
		run:     (*run).echo,
	}
}

func (r *run) echo(a *arguments) int {
	r.interrupt()
	p, err := r.call.Echo(media.EchoOptions{Delay: arg[time.Duration](a, "delay"), Max: arg[time.Duration](a, "max")})
	if err != nil {
		r.refused(a, err)
	}
	defer p.Stop() // when the script unwinds; afterwards it does nothing
	why, ev := r.wait(a.LState, pause{done: p.Done(), timeout: forever, take: digitIn(arg[string](a, "finish"))})
	p.Stop()
	result := p.Result()
	t := newTable(0, 3)
	t.RawSetString("seconds", lua.LNumber(result.Position.Seconds()))
	t.RawSetString("status", lua.LString(result.Status))
	switch {
	case why == wokenEvent:
		t.RawSetString("status", lua.LString("digit"))
		t.RawSetString("digit", lua.LString(ev.Digit))
	case result.Status == media.PlayClosed:
		r.unwind(a.LState)
	}
	return a.returns(t)
}
