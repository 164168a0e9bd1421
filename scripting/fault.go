package scripting

import (
	"errors"
	"maps"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// FaultOptions say what goes wrong with which messages; see the reference of call:fault.
type FaultOptions struct {
	On, Ignore  string
	Skip, Times int // Times 0: all
	Drop        bool
	Delay       time.Duration
	Copies      int
	Also        bool
	Status      string // "486" or "486 Busy Here"
	Remove      []string
	Set, Add    []Header
	Body        *string // nil: as it is
}

// Fault is something that goes wrong; *core.Fault is one.
type Fault interface {
	Cancel()
	// Count is how many messages it has spoilt.
	Count() int
}

func faults() Function {
	return Function{
		Name: "fault",
		Doc: "Has SIP messages of the call go wrong from now on, to test what is at the other end. Either on or ignore says which: " +
			"a status (\"180\"), one with the method it answers (\"200 BYE\"), or the method of a request (\"BYE\"). Copies count as messages of their own. " +
			"The call itself goes on as if all were well: what is dropped counts as sent, so that it is repeated when it is due, and what is ignored has not come. " +
			"It works until the last copy after the end of the call; several faults work one after the other. " +
			"In set, add and body ${NAME} stands for a header field of the message as it was, ${body} for its body, ${sdp} for our session description. " +
			"Only where the configuration has scripting.allow_faults = true, and in tests.",
		Options: []Param{
			{Name: "on", Type: Text, Doc: "which of the messages that we send"},
			{Name: "ignore", Type: Text, Doc: "which of those that come are taken as if they had not"},
			{Name: "skip", Type: Integer, Default: 0, Min: 0, Max: 1000, Doc: "so many are left as they are before the first one"},
			{Name: "times", Type: Times, Doc: "so many go wrong; without it, all"},
			{Name: "drop", Type: Boolean, Default: false, Doc: "it does not leave"},
			{Name: "delay", Type: Duration, Default: time.Duration(0), Doc: "it leaves later, by a minute at most"},
			{Name: "dup", Type: Integer, Default: 0, Min: 0, Max: 10, Doc: "it leaves so many times more"},
			{Name: "also", Type: Boolean, Default: false, Doc: "it leaves as it is, and what the other options make of it is one more message"},
			{Name: "status", Type: Text, Doc: `a response says this instead: "486" or "486 Busy Here"`},
			{Name: "set", Type: TextTable, Doc: "header fields, in place of those of the name"},
			{Name: "remove", Type: Texts, Doc: "names of header fields that are taken out"},
			{Name: "add", Type: TextTable, Doc: "header fields that come at the end"},
			{Name: "body", Type: Text, Doc: "in place of the body; Content-Length follows it, unless set or remove names that"},
		},
		Returns: []Return{{Name: "fault", Type: Value, Object: "fault", Doc: "fault:cancel() ends it"}},
		Example: `call:fault{ on = "200 INVITE", also = true, times = 1, delay = "200ms", status = "486" }`,
		run:     (*run).fault,
	}
}

var errFaultsNotAllowed = errors.New("not allowed here: write allow_faults = true into [scripting] of the configuration")

func (r *run) fault(a *arguments) int {
	if !r.engine.options.AllowFaults {
		r.raise(a, errFaultsNotAllowed)
	}
	o := FaultOptions{
		On: arg[string](a, "on"), Ignore: arg[string](a, "ignore"), Skip: arg[int](a, "skip"), Times: arg[int](a, "times"),
		Drop: arg[bool](a, "drop"), Delay: arg[time.Duration](a, "delay"), Copies: arg[int](a, "dup"), Also: arg[bool](a, "also"),
		Status: arg[string](a, "status"), Remove: arg[[]string](a, "remove"), Set: fieldsOf(a, "set"), Add: fieldsOf(a, "add"),
	}
	if body, ok := a.lookup("body").(string); ok {
		o.Body = &body
	}
	f, err := r.call.Fault(o)
	if err != nil {
		r.refused(a, err)
	}
	return a.returns(r.engine.library.newObject("fault", f))
}

// fieldsOf are header fields in the order of their names. Unlike those of other verbs they may be the server's own.
func fieldsOf(a *arguments, option string) []Header {
	values := arg[map[string]string](a, option)
	var fields []Header
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, Header{name, values[name]})
	}
	return fields
}

// faultObject describes what call:fault returns.
func faultObject() Object {
	return Object{
		Name: "fault",
		Doc:  "What goes wrong by call:fault.",
		Methods: []Function{
			{
				Name: "cancel", Doc: "Ends it. What is delayed already leaves all the same.", Example: "fault:cancel()", After: true,
				run: func(_ *run, a *arguments) int {
					a.self.(Fault).Cancel()
					return 0
				},
			},
			{
				Name: "count", Doc: "How many messages have gone wrong by it.", Example: "local n = fault:count()", After: true,
				Returns: []Return{{Name: "messages", Type: Integer}},
				run: func(_ *run, a *arguments) int {
					return a.returns(lua.LNumber(a.self.(Fault).Count()))
				},
			},
		},
	}
}
