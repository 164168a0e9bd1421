package scripting

import "time"

func sleep() Function {
	return Function{
		Name:    "sleep",
		Doc:     "Waits. What plays in the background goes on.",
		Params:  []Param{{Name: "duration", Type: Duration, Required: true}},
		Example: `call:sleep("500ms")`,
		After:   true,
		run: func(r *run, a *arguments) int {
			r.wait(a.LState, pause{timeout: arg[time.Duration](a, "duration")})
			return 0
		},
	}
}
