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
		Doc:  "Sends digits, and waits until they are sent: as telephone-events (RFC 4733) in place of what plays, one by one in INFO requests, or as sound, also in place of what plays.",
		Params: []Param{
			{Name: "digits", Type: Text, Required: true, Doc: "0-9, *, #, A-D; w is a pause of half a second"},
		},
		Options: []Param{
			{Name: "on", Type: Duration, Default: 100 * time.Millisecond, Doc: "how long each is down: 40ms to 5s"},
			{Name: "gap", Type: Duration, Default: 100 * time.Millisecond, Doc: "between them: 40ms to 5s"},
			{Name: "via", Type: Text, Default: viaAuto, Choices: []string{viaAuto, viaRTP, viaInfo, viaSound}, Doc: "auto: rfc4733 if the caller takes it, else info (application/dtmf-relay); inband is sound, up to 2 minutes of it"},
		},
		Returns: []Return{
			{Name: "ok", Type: Boolean},
			{Name: "why", Type: Text, Values: []string{"no_telephone_event", "interrupted", "refused"}, Doc: "when ok is false: the caller takes none, something else was played, or it refused an INFO"},
		},
		Example: `call:send_dtmf("12w#", { on = "80ms" })`,
		run:     (*run).sendDTMF,
	}
}

// What digits are sent by.
const (
	viaAuto  = "auto"
	viaRTP   = "rfc4733"
	viaInfo  = "info"
	viaSound = "inband"
)

func (r *run) sendDTMF(a *arguments) int {
	digits, on, gap := arg[string](a, "digits"), arg[time.Duration](a, "on"), arg[time.Duration](a, "gap")
	if err := checkKeys(digits, on, gap); err != nil {
		r.raise(a, err)
	}
	via := arg[string](a, "via")
	switch via {
	case viaInfo:
		return r.sendInfo(a, digits, on, gap)
	case viaSound:
		return r.sendSound(a, digits, on, gap)
	}
	p, err := r.call.SendDTMF(digits, on, gap)
	switch {
	case errors.Is(err, media.ErrNoDTMF) && via == viaAuto:
		return r.sendInfo(a, digits, on, gap)
	case errors.Is(err, media.ErrNoDTMF):
		return a.returns(lua.LFalse, lua.LString("no_telephone_event"))
	case err != nil:
		r.refused(a, err)
	}
	return r.sent(a, p)
}

// sendSound sends digits as sound.
func (r *run) sendSound(a *arguments, digits string, on, gap time.Duration) int {
	src, err := r.engine.sounds.digits(digits, on, gap)
	if err != nil {
		r.raise(a, err)
	}
	r.interrupt()
	p, err := r.call.Play(src)
	if err != nil {
		r.refused(a, err)
	}
	r.observe(a.LState, ObservedPlay, func() string { return fmt.Sprint(src) })
	return r.sent(a, p)
}

// sent waits until digits are sent, and tells how that ended.
func (r *run) sent(a *arguments, p Playback) int {
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

// pauseKey is how long a w in digits lasts, as in media.Session.SendDTMF.
const pauseKey = 500 * time.Millisecond

// sendInfo sends digits in INFO requests, the next one when the last is answered and its time has passed: they must not
// overtake each other.
func (r *run) sendInfo(a *arguments, digits string, on, gap time.Duration) int {
	r.mustBeAnswered(a)
	for _, digit := range strings.ToUpper(digits) {
		if digit == 'W' {
			r.wait(a.LState, pause{timeout: pauseKey})
			continue
		}
		next := time.Now().Add(on + gap)
		p, err := r.call.SendInfo("application/dtmf-relay", fmt.Sprintf("Signal=%c\r\nDuration=%d\r\n", digit, on.Milliseconds()), r.withHeaders(nil))
		if err != nil {
			r.refused(a, err)
		}
		r.wait(a.LState, pause{done: p.Done(), timeout: forever})
		if !succeeded(p.Code()) {
			return a.returns(lua.LFalse, lua.LString("refused"))
		}
		r.wait(a.LState, pause{timeout: max(0, time.Until(next))})
	}
	return a.returns(lua.LTrue)
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
