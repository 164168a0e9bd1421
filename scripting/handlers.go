package scripting

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// handlers describes the functions that a script may define.
func handlers() []Handler {
	call := Param{Name: "call", Type: Value}
	return []Handler{
		{Name: "on_call", Required: true, Params: []Param{call},
			Doc: "A call came in. Runs from top to bottom; every verb holds up this call only."},
		{Name: "on_dtmf", Params: []Param{call, {Name: "digit", Type: Text}, {Name: "info", Type: Table, Fields: digitFields()}},
			Doc: "A digit came that no gather, read_digit or barge is waiting for."},
		{Name: "on_answer", Params: []Param{call}, Doc: "The ACK to our 200 came."},
		{Name: "on_hold", Params: []Param{call}, Doc: "The peer put us on hold."},
		{Name: "on_resume", Params: []Param{call}, Doc: "The peer took us off hold."},
		{Name: "on_info", Params: []Param{call, {Name: "content_type", Type: Text}, {Name: "body", Type: Text}},
			Doc: "An INFO came that is no digit."},
		{Name: "on_message", Params: []Param{call, {Name: "text", Type: Text}}, Doc: "A MESSAGE came."},
		{Name: "on_media_timeout", Params: []Param{call}, Doc: "No RTP came for the configured time. Without this handler the call ends."},
		{Name: "on_hangup", Params: []Param{call, {Name: "info", Type: Table, Fields: []Param{
			{Name: "by", Type: Text, Choices: []string{"caller", "cancel", "script", "limit", "media_timeout", "error", "shutdown", "no_ack", "operator"}},
			{Name: "code", Type: Integer, Doc: "the final response to the INVITE"},
			{Name: "reason", Type: Text},
			{Name: "q850", Type: Integer, Doc: "cause of the Reason header field; 0 = none"},
			{Name: "seconds", Type: Number, Doc: "from the answer to the end"},
			{Name: "stats", Type: Table, Doc: "as call:stats() returns"},
			{Name: "recordings", Type: Table, Doc: "what came of each, as call:record() returns it, in the order they began"},
			{Name: "error", Type: Table, Doc: "when the script failed: {message, file, line, traceback}"},
		}}},
			Doc: "The call ended: always, exactly once. It has 5 seconds, and verbs that need the call are errors."},
		{Name: "on_load", Doc: "Once, before the first call of a generation."},
		{Name: "on_unload", Doc: "Once, after the last call of a generation."},
	}
}

// keepers are the handlers that keep an answered call going after on_call has returned.
func keepers() []EventKind {
	return []EventKind{EventDigit, EventHold, EventResume, EventInfo, EventMessage, EventMediaTimeout}
}

// subscription is one call:on.
type subscription struct {
	name string
	fn   *lua.LFunction
}

// dispatch gives an event to the functions that handle it, one after the other.
func (r *run) dispatch(ev *Event) {
	name := eventName(ev.Kind)
	handled := false
	for _, s := range slices.Clone(r.subscriptions) {
		if s.name == name {
			handled = true
			r.handle("call:on("+name+")", s.fn, eventTable(ev))
		}
	}
	if fn, ok := r.handler("on_" + name); ok && ev.Kind != EventTone { // which has no handler: who wants it asks for it
		handled = true
		r.handle("on_"+name, fn, append([]lua.LValue{r.object}, handlerArguments(ev)...)...)
	}
	if handled {
		return
	}
	switch ev.Kind {
	case EventDigit:
		r.typeAhead(ev)
	case EventMediaTimeout:
		r.hangup(ByMediaTimeout, HangupOptions{Reason: "no media"})
	}
}

func handlerArguments(ev *Event) []lua.LValue {
	switch ev.Kind {
	case EventDigit:
		return []lua.LValue{lua.LString(ev.Digit), digitInfo(ev)}
	case EventInfo:
		return []lua.LValue{lua.LString(ev.ContentType), lua.LString(ev.Body)}
	case EventMessage:
		return []lua.LValue{lua.LString(ev.Body)}
	}
	return nil
}

// handle runs one handler. An error in it is logged and the call goes on; over a limit the call ends.
func (r *run) handle(name string, fn *lua.LFunction, args ...lua.LValue) {
	r.handling = true
	err := r.invoke(fn, args...)
	r.handling = false
	if broken(err) {
		r.failure = err // the script unwinds, and settle ends the call
		return
	}
	r.report(name, err)
}

// handler finds a function that the script defined.
func (r *run) handler(name string) (*lua.LFunction, bool) {
	fn, ok := r.state.Global(name).(*lua.LFunction)
	return fn, ok
}

func handlerNames() []string {
	var names []string
	for _, h := range handlers() {
		names = append(names, h.Name)
	}
	return names
}

// expects tells whether something can still happen to a call whose on_call has returned: a timer, or an event of an
// answered call that a function waits for.
func (r *run) expects() bool {
	if len(r.timers.scripts) > 0 {
		return true
	}
	if r.call.State() != StateAnswered {
		return false
	}
	for _, kind := range keepers() {
		if _, ok := r.handler("on_" + eventName(kind)); ok {
			return true
		}
	}
	return len(r.subscriptions) > 0
}
