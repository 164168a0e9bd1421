package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"offhook/core"
	"offhook/core/fault"
	"offhook/media"
	"offhook/scripting"
)

// call makes a *core.Call what scripting drives. core knows no scripts and
// scripting knows no SIP, so their types meet here; most methods fit as they are.
type call struct{ *core.Call }

func (c call) Info() scripting.Info {
	source, network := c.Call.Source()
	info := scripting.Info{
		SIPCallID: c.SIPCallID(),
		From:      scripting.Address(c.From()), To: scripting.Address(c.To()), RequestURI: scripting.Address(c.RequestURI()),
		Source: source, Transport: network, Trunk: c.Trunk(),
	}
	info.DID, info.CLI = plainNumber(info.RequestURI.User), plainNumber(c.CallerNumber())
	return info
}

// plainNumber is a user part as scripts compare it and put it into URIs: %31 is a 1 (RFC 3261 §19.1.4), and what a URI has to
// escape stays so.
func plainNumber(user string) string {
	if !strings.Contains(user, "%") {
		return user
	}
	var plain strings.Builder
	for i := 0; i < len(user); i++ {
		if c, ok := escaped(user[i:]); ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(unescaped, c) >= 0) {
			plain.WriteByte(c)
			i += 2
			continue
		}
		plain.WriteByte(user[i])
	}
	return plain.String()
}

// unescaped is what stands for itself in a user part, beside letters and digits (RFC 3261 §25.1: mark, user-unreserved).
const unescaped = "-_.!~*'()&=+$,;?/"

// escaped is the character that %XX at the beginning of s means.
func escaped(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	return byte(n), err == nil
}

func (c call) Serving(script string, generation uint64) {
	c.Announce("script", script, "generation", generation)
	serving(c.Call, script, generation)
}

func (c call) State() scripting.State { return scripting.State(c.Call.State().String()) }

func (c call) Ring(h []scripting.Header) error { return ended(c.Call.Ring(headers(h))) }

func (c call) Progress(code int, h []scripting.Header) error {
	return ended(c.Call.Progress(code, headers(h)))
}

func (c call) Answer(o scripting.AnswerOptions) error {
	return ended(c.Call.Answer(core.AnswerOptions{Codecs: o.Codecs, Headers: headers(o.Headers)}))
}

func (c call) Reject(code int, reason string, h []scripting.Header) error {
	return ended(c.Call.Reject(code, reason, headers(h)))
}

func (c call) Redirect(targets []string, code int, h []scripting.Header) error {
	return ended(c.Call.Redirect(targets, code, headers(h)))
}

func (c call) Hangup(o scripting.HangupOptions) error {
	return ended(c.Call.Hangup(core.HangupOptions{
		Code: o.Code, Reason: o.Reason, Q850: o.Q850, Headers: headers(o.Headers), Cause: causeOf(o.By), Failed: o.Failed,
	}))
}

// causeOf is what ends a call that a script does not end of its own will.
func causeOf(by scripting.By) error {
	switch by {
	case scripting.ByLimit:
		return core.ErrLimit
	case scripting.ByMediaTimeout:
		return core.ErrMediaTimeout
	case scripting.ByError:
		return core.ErrHandler
	}
	return nil
}

func (c call) Hold(on bool, h []scripting.Header) (scripting.Pending, error) {
	return pending(c.Call.Hold(on, headers(h)))
}

func (c call) Transfer(uri string, timeout time.Duration, h []scripting.Header) (scripting.Pending, error) {
	return pending(c.Call.Transfer(uri, core.TransferOptions{Timeout: timeout, Headers: headers(h)}))
}

func (c call) SendInfo(contentType, body string, h []scripting.Header) (scripting.Pending, error) {
	return pending(c.Call.SendInfo(contentType, body, headers(h)))
}

func pending(p *core.Pending, err error) (scripting.Pending, error) {
	if err != nil {
		return nil, ended(err) // and no interface that holds a nil
	}
	return p, nil
}

func (c call) Play(src media.Source) (scripting.Playback, error) {
	return playback(c.Call.Play(src))
}

func playback(p *media.Playback, err error) (scripting.Playback, error) {
	if err != nil {
		return nil, ended(err)
	}
	return p, nil
}

func (c call) SendDTMF(digits string, on, gap time.Duration) (scripting.Playback, error) {
	return playback(c.Call.SendDTMF(digits, on, gap))
}

func (c call) Echo(o media.EchoOptions) (scripting.Playback, error) {
	return playback(c.Call.Echo(o))
}

func (c call) Record(o media.RecordOptions) (scripting.Recording, error) {
	r, err := c.Call.Record(o)
	if err != nil {
		return nil, ended(err)
	}
	return r, nil
}

func (c call) Listen(what media.Sought) (scripting.Listening, error) {
	l, err := c.Call.Listen(what)
	if err != nil {
		return nil, ended(err)
	}
	return l, nil
}

func (c call) Impair(o media.Impairment) error { return ended(c.Call.Impair(o)) }

func (c call) Fault(o scripting.FaultOptions) (scripting.Fault, error) {
	f, err := c.Call.Fault(fault.Rule{
		On: o.On, Ignore: o.Ignore, Skip: o.Skip, Times: o.Times, Drop: o.Drop, Delay: o.Delay, Copies: o.Copies, Also: o.Also,
		Edit: fault.Edit{Status: o.Status, Remove: o.Remove, Set: fields(o.Set), Add: fields(o.Add), Body: o.Body},
	})
	if err != nil {
		return nil, ended(err)
	}
	return f, nil
}

func (c call) SendRaw(text string) error { return ended(c.Call.SendRaw(text)) }

func fields(in []scripting.Header) []fault.Header {
	out := make([]fault.Header, len(in))
	for i, h := range in {
		out[i] = fault.Header(h)
	}
	return out
}

func (c call) Notify(sink func(scripting.Event)) {
	c.Call.Notify(func(e core.Event) {
		sink(scripting.Event{
			Kind: scripting.EventKind(e.Kind), Digit: e.Digit, Duration: e.Duration, Via: e.Via,
			ContentType: e.ContentType, Body: e.Body, Frequency: e.Frequency, Level: e.Level,
		})
	})
}

func (c call) Ending() scripting.Ending {
	e := c.Call.Ending()
	return scripting.Ending{By: scripting.By(e.By()), Code: e.Code, Reason: e.Reason, Q850: e.Q850, Duration: e.Duration}
}

func headers(in []scripting.Header) core.Headers {
	out := make(core.Headers, len(in))
	for i, h := range in {
		out[i] = core.Header(h)
	}
	return out
}

// ended says in scripting's words that a verb came too late or cannot be done.
func ended(err error) error {
	switch {
	case errors.Is(err, core.ErrNoCommonCodec):
		return scripting.ErrNoCommonCodec
	case errors.Is(err, core.ErrEnded):
		return scripting.ErrEnded
	}
	return err
}
