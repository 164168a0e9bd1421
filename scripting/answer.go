package scripting

import (
	"errors"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func answer() Function {
	return Function{
		Name: "answer",
		Doc:  "Answers the call (200) and waits for the caller's ACK. Once answered it returns true at once.",
		Options: []Param{
			{Name: "delay", Type: Duration, Doc: "how long to wait before"},
			{Name: "codecs", Type: CodecList, Doc: "those allowed; the caller's order decides among them"},
			headersOption(),
			{Name: "wait_ack", Type: Boolean, Default: true, Doc: "false: go on as soon as the 200 is sent"},
		},
		Returns: []Return{
			{Name: "ok", Type: Boolean},
			{Name: "why", Type: Text, Values: []string{"cancelled", "no_ack", "no_common_codec"}, Doc: "when ok is false"},
		},
		Example: `if not call:answer{ delay = "500ms" } then return end`,
		run:     (*run).answer,
	}
}

func (r *run) answer(a *arguments) int {
	if delay := arg[time.Duration](a, "delay"); delay > 0 && r.call.State() != StateAnswered {
		if why, _ := r.wait(a.LState, pause{timeout: delay, survives: true}); why == wokenEnded {
			return r.notAnswered(a)
		}
	}
	err := r.call.Answer(AnswerOptions{
		Codecs:  arg[[]media.Codec](a, "codecs"),
		Headers: r.withHeaders(arg[[]Header](a, "headers")),
	})
	switch {
	case errors.Is(err, ErrNoCommonCodec):
		r.refusal = 488
		return a.returns(lua.LFalse, lua.LString("no_common_codec"))
	case errors.Is(err, ErrEnded):
		return r.notAnswered(a)
	case err != nil:
		r.refused(a, err)
	}
	if arg[bool](a, "wait_ack") {
		if why, _ := r.wait(a.LState, pause{done: r.call.Confirmed(), timeout: forever, survives: true}); why == wokenEnded {
			return r.notAnswered(a)
		}
	}
	return a.returns(lua.LTrue)
}

// notAnswered tells why the call ended while it was being answered. Endings that have nothing to do with it unwind the script.
func (r *run) notAnswered(a *arguments) int {
	switch r.ending().By {
	case ByCancel:
		return a.returns(lua.LFalse, lua.LString("cancelled"))
	case ByNoACK:
		return a.returns(lua.LFalse, lua.LString("no_ack"))
	}
	r.unwind(a.LState)
	return 0
}
