package scripting

import lua "github.com/yuin/gopher-lua"

func hold() Function {
	return Function{
		Name: "hold",
		Doc: "Puts the caller on hold, or takes it off, and waits for its answer: a re-INVITE with a=sendonly, or a=inactive when it holds us, and a=sendrecv (RFC 3264 §8.4). " +
			"What is played meanwhile the caller hears, when it wants to.",
		Params: []Param{{Name: "on", Type: Boolean, Default: true, Doc: "false: take it off"}},
		Returns: []Return{
			{Name: "ok", Type: Boolean},
			{Name: "code", Type: Integer, Doc: "the response; 491 while another hold has no answer"},
		},
		Example: `if call:hold() then call:tone(425, { duration = "10s" }) call:hold(false) end`,
		run: func(r *run, a *arguments) int {
			r.mustBeAnswered(a)
			p, err := r.call.Hold(arg[bool](a, "on"), r.withHeaders(nil))
			if err != nil {
				r.refused(a, err)
			}
			return r.outcome(a, p)
		},
	}
}

// outcome waits for that of a request, and returns it as verbs do: ok, code. The outcome counts that came before the end of
// the call: a caller that was transferred hangs up at once.
func (r *run) outcome(a *arguments, p Pending) int {
	r.wait(a.LState, pause{done: p.Done(), timeout: forever, survives: true})
	code := p.Code()
	if code == 0 {
		r.unwind(a.LState)
	}
	return a.returns(lua.LBool(succeeded(code)), lua.LNumber(code))
}

func succeeded(code int) bool { return code >= 200 && code < 300 }
