package scripting

import (
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Verdict is what a script said of its call with call:check and call:verdict.
type Verdict struct {
	Result  string // "pass" or "fail"; "" = nothing was said
	Message string // of the first failure, else of the last verdict
	Checks  int    // how many call:check there were
	Failed  int    // ... and how many of them failed
}

func check() Function {
	return Function{
		Name: "check",
		Doc:  "Notes whether something is as it should be. When it is not, the verdict on the call is fail; the script goes on.",
		Params: []Param{
			{Name: "condition", Type: Value},
			{Name: "message", Type: Text, Doc: "what should be"},
		},
		Returns: []Return{{Name: "condition", Type: Value, Doc: "as given"}},
		Example: `call:check(call.codec == "PCMA", "PCMA is preferred")`,
		After:   true,
		run: func(r *run, a *arguments) int {
			condition, message := toLua(a.lookup("condition")), arg[string](a, "message")
			r.verdict.Checks++
			if !lua.LVAsBool(condition) {
				r.verdict.Failed++
				attrs := []any{"check", cut(message)}
				r.writeLine(a.LState, slog.LevelWarn, "check failed", attrs)
				r.tell(a.LState, Observation{Kind: ObservedCheck, Text: attributes("check failed", attrs)})
				r.fail(message)
			} else if r.verdict.Result == "" {
				r.verdict.Result = "pass"
			}
			return a.returns(condition)
		},
	}
}

func verdict() Function {
	return Function{
		Name: "verdict",
		Doc:  "Says whether the call was as it should be, for the record. A fail, also of call:check, stays one.",
		Params: []Param{
			{Name: "result", Type: Text, Required: true, Choices: []string{"pass", "fail"}},
			{Name: "message", Type: Text},
		},
		Example: `call:verdict("pass", "heard the tone")`,
		After:   true,
		run: func(r *run, a *arguments) int {
			message := arg[string](a, "message")
			switch {
			case arg[string](a, "result") == "fail":
				r.fail(message)
			case r.verdict.Result != "fail":
				r.verdict.Result, r.verdict.Message = "pass", cut(message)
			}
			return 0
		},
	}
}

// fail makes the verdict fail, with the first message.
func (r *run) fail(message string) {
	if r.verdict.Result != "fail" {
		r.verdict.Result, r.verdict.Message = "fail", cut(message)
	}
}

// judge tells the verdict when the script is over.
func (r *run) judge() {
	r.verdict.Message = r.hidden(r.verdict.Message)
	v := r.verdict
	if v.Result == "" {
		return
	}
	r.tell(nil, Observation{Kind: ObservedVerdict, Text: strings.TrimSuffix(v.Result+": "+v.Message, ": ")})
	r.log().Info("verdict", "result", v.Result, "reason", v.Message, "checks", v.Checks, "failed", v.Failed)
	if err := r.engine.options.Metrics.Inc(r.generation.Number, "verdicts", 1, map[string]string{"result": v.Result, "script": r.script.name}); err != nil {
		r.log().Warn("metric left out", "metric", "verdicts", "error", err)
	}
}
