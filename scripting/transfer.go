package scripting

import (
	"errors"
	"time"
)

func transfer() Function {
	return Function{
		Name: "transfer",
		Doc: "Asks the caller to call somebody else in place of us (REFER, RFC 3515), and waits for what it tells of that call. " +
			"Our call goes on in any case: after a success the caller hangs up, or the script does.",
		Params: []Param{{Name: "uri", Type: Text, Required: true, Doc: "whom to call: sip:user@host, or tel:+number"}},
		Options: []Param{
			{Name: "timeout", Type: Duration, Default: time.Minute, Doc: "how long the new call may take to be answered or refused"},
			headersOption(),
		},
		Returns: []Return{
			{Name: "ok", Type: Boolean, Doc: "whether the new call was answered"},
			{Name: "code", Type: Integer, Doc: "the final response to the new call; the response to the REFER, when that was refused; 408 when the time is up; less than 200 when the caller told no more than that"},
		},
		Example: `local ok, code = call:transfer("sip:200@192.0.2.9", { timeout = "30s" })`,
		run:     (*run).transfer,
	}
}

func (r *run) transfer(a *arguments) int {
	r.mustBeAnswered(a)
	timeout := arg[time.Duration](a, "timeout")
	if timeout <= 0 {
		r.raise(a, errors.New("option timeout: write more than 0"))
	}
	p, err := r.call.Transfer(arg[string](a, "uri"), timeout, r.withHeaders(arg[[]Header](a, "headers")))
	if err != nil {
		r.refused(a, err)
	}
	return r.outcome(a, p)
}
