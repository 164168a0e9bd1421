package scripting

import (
	"log/slog"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func alive() Function {
	return Function{
		Name:    "alive",
		Doc:     "Tells whether the call has not ended.",
		Returns: []Return{{Name: "alive", Type: Boolean}},
		Example: `if call:alive() then log.info("still here") end`,
		After:   true,
		run: func(r *run, a *arguments) int {
			return a.returns(lua.LBool(!r.finished && r.call.State() != StateEnded))
		},
	}
}

func elapsed() Function {
	return Function{
		Name:    "elapsed",
		Doc:     "How long ago the call came in.",
		Returns: []Return{{Name: "seconds", Type: Number}},
		Example: `log.info("waited", { seconds = call:elapsed() })`,
		After:   true,
		run: func(r *run, a *arguments) int {
			return a.returns(lua.LNumber(time.Since(r.started).Seconds()))
		},
	}
}

func mark() Function {
	return Function{
		Name: "mark",
		Doc:  "Notes a moment of the call, in the log.",
		Params: []Param{
			{Name: "name", Type: Text, Required: true},
			{Name: "data", Type: Table, Doc: "strings, numbers and booleans by name"},
		},
		Example: `call:mark("menu", { choice = digit })`,
		After:   true,
		run: func(r *run, a *arguments) int {
			name, attrs := arg[string](a, "name"), tableAttrs(arg[*lua.LTable](a, "data"))
			r.writeLine(a.LState, slog.LevelInfo, "mark", append(attrs[:len(attrs):len(attrs)], "mark", name))
			r.tell(a.LState, Observation{Kind: ObservedMark, Text: attributes("mark", append(attrs, "mark", name)), Name: cut(name), Data: pairs(attrs)})
			return 0
		},
	}
}
