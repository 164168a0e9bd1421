package scripting

import (
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
)

func sendDTMF() Function {
	return Function{
		Name: "send_dtmf",
		Doc:  "Sends digits as telephone-events (RFC 4733), in place of what plays, and waits until they are sent.",
		Params: []Param{
			{Name: "digits", Type: Text, Required: true, Doc: "0-9, *, #, A-D; w is a pause of half a second"},
		},
		Options: []Param{
			{Name: "on", Type: Duration, Default: 100 * time.Millisecond, Doc: "how long each is down: 40ms to 5s"},
			{Name: "gap", Type: Duration, Default: 100 * time.Millisecond, Doc: "between them: 40ms to 5s"},
		},
		Returns: []Return{
			{Name: "ok", Type: Boolean},
			{Name: "why", Type: Text, Values: []string{"no_telephone_event", "interrupted"}, Doc: "when ok is false: the caller takes none, or something else was played"},
		},
		Example: `call:send_dtmf("12w#", { on = "80ms" })`,
		run:     (*run).sendDTMF,
	}
}

func (r *run) sendDTMF(a *arguments) int {
	digits, on, gap := arg[string](a, "digits"), arg[time.Duration](a, "on"), arg[time.Duration](a, "gap")
	if err := checkKeys(digits, on, gap); err != nil {
		r.raise(a, err)
	}
	p, err := r.call.SendDTMF(digits, on, gap)
	switch {
	case errors.Is(err, media.ErrNoDTMF):
		return a.returns(lua.LFalse, lua.LString("no_telephone_event"))
	case err != nil:
		r.refused(a, err)
	}
	defer p.Stop() // when the script unwinds; afterwards it does nothing
	r.wait(a.LState, pause{done: p.Done(), timeout: forever})
	switch p.Result().Status {
	case media.PlayDone:
		return a.returns(lua.LTrue)
	case media.PlayClosed:
		r.unwind(a.LState) // the session is closed: the call has ended
	}
	return a.returns(lua.LFalse, lua.LString("interrupted"))
}

// mostKeys are sent by one send_dtmf.
const mostKeys = 100

func checkKeys(digits string, on, gap time.Duration) error {
	const shortest, longest = 40 * time.Millisecond, 5 * time.Second
	if i := strings.IndexFunc(digits, func(c rune) bool { return !strings.ContainsRune(allDigits+"abcdwW", c) }); i >= 0 {
		return fmt.Errorf("digits: %q is none of 0-9 * # A-D, or w for a pause", digits[i:i+1])
	}
	if digits == "" || len(digits) > mostKeys {
		return fmt.Errorf("digits: write 1 to %d, got %d", mostKeys, len(digits))
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"on", on}, {"gap", gap}} {
		if d.d < shortest || d.d > longest {
			return fmt.Errorf("option %s: %v is not within %v to %v", d.name, d.d, shortest, longest)
		}
	}
	return nil
}
