package scripttest

import (
	"encoding/json"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/media"
	"offhook/scripting"
	"offhook/scripting/fetch"
)

// What a test calls on t.

func (l *library) call(t *trial, a *scripting.Args) int {
	o := CallOptions{
		To: scripting.Arg[string](a, "to"), From: scripting.Arg[string](a, "from"), Name: scripting.Arg[string](a, "name"),
		Headers: scripting.Arg[[]scripting.Header](a, "headers"), Codecs: scripting.Arg[[]media.Codec](a, "codecs"),
		NoDTMF: !scripting.Arg[bool](a, "dtmf"), Transfer: scripting.Arg[int](a, "transfer"),
	}
	script := t.file.script()
	if a.Has("script") {
		script = scripting.Arg[string](a, "script")
	}
	if !t.engine.Generation().Has(script) {
		a.Raise(fmt.Errorf("no script %q for the call: write t:call{script = \"…\"} with one of %q", script, t.engine.Generation().Scripts()))
	}
	c, err := t.place(o, script, scripting.Arg[string](a, "trunk"))
	if err != nil {
		a.Raise(err)
	}
	a.Push(l.newCall(c))
	return 1
}

func (t *trial) eq(a *scripting.Args) int {
	got, want := scripting.Arg[lua.LValue](a, "got"), scripting.Arg[lua.LValue](a, "want")
	if got == nil {
		got = lua.LNil
	}
	if want == nil {
		want = lua.LNil
	}
	if !equal(got, want, 0) {
		t.fail(a, show(want, 0), show(got, 0))
	}
	return 0
}

// fail raises an expectation that was not met, at the line of the test; it does not return.
func (t *trial) fail(a *scripting.Args, expected, got string) {
	if t.outer.Err() != nil {
		a.RaiseError("interrupted")
	}
	t.expectation = &Failure{Message: fmt.Sprintf("expected %s, got %s", expected, got), Expected: expected, Got: got}
	a.RaiseError("%s", t.expectation.Message)
}

func (t *trial) setConfig(a *scripting.Args) int {
	value, err := toGo(a.Get(3), 0)
	if err != nil {
		a.Raise(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.settings == nil {
		t.settings = map[string]any{}
	}
	t.settings[scripting.Arg[string](a, "key")] = value
	return 0
}

func (t *trial) setTime(a *scripting.Args) int {
	at, err := parseTime(scripting.Arg[string](a, "time"), scripting.Arg[string](a, "zone"))
	if err != nil {
		a.Raise(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock = clock{set: at, when: time.Now()}
	return 0
}

func (t *trial) stubHTTP(a *scripting.Args) int {
	fields := map[string]string{}
	for _, h := range scripting.Arg[[]scripting.Header](a, "headers") {
		fields[h.Name] = h.Value
	}
	s := stub{
		pattern: urlPattern(scripting.Arg[string](a, "pattern")),
		response: fetch.Response{
			Status: scripting.Arg[int](a, "status"), Header: headerOf(fields), Body: []byte(scripting.Arg[string](a, "body")),
		},
		delay: scripting.Arg[time.Duration](a, "delay"), failure: scripting.Arg[string](a, "error"),
	}
	if a.Has("json") {
		value, err := toGo(scripting.Arg[lua.LValue](a, "json"), 0)
		if err == nil {
			s.response.Body, err = json.Marshal(value)
		}
		if err != nil {
			a.Raise(fmt.Errorf("option json: %w", err))
		}
		if s.response.Header.Get("Content-Type") == "" {
			s.response.Header.Set("Content-Type", "application/json")
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stubs = append(t.stubs, s)
	return 0
}
