package scripttest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// everyFunction yields all functions of the reference with the name they are called by.
func everyFunction(ref scripting.Tests) map[string]scripting.Function {
	all := map[string]scripting.Function{}
	for _, f := range ref.Globals {
		all[f.Name] = f
	}
	for _, o := range ref.Objects {
		for _, f := range o.Methods {
			all[o.Name+":"+f.Name] = f
		}
	}
	return all
}

func TestReferenceIsComplete(t *testing.T) {
	for name, f := range everyFunction(NewReference().Tests) {
		if !strings.HasSuffix(f.Doc, ".") || !strings.Contains(f.Example, name) {
			t.Errorf("%s: its doc is no sentence, or the example does not show it", name)
		}
		if _, err := sandbox.Compile(name, f.Example, sandbox.Limits{}); err != nil {
			t.Errorf("%s: example: %v", name, err)
		}
	}
}

// TestEveryFunctionRuns: each one that is described has a Go function, so that calling it with nothing is an error of the test
// file at its line, or passes, and never a panic.
func TestEveryFunctionRuns(t *testing.T) {
	for name := range everyFunction(NewReference().Tests) {
		report := runFake(t, "test('x', function(t)\n local c = t:call{}\n "+name+"()\nend)", &fakeWorld{})
		if f := report.Results[0].Failure; f != nil && (f.File != "a_test.lua" || f.Line != 3 || strings.Contains(f.Message, "internal error")) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// fakeWorld has calls that nobody serves.
type fakeWorld struct {
	listener Listener
	fail     error
	panics   bool
	stuck    chan struct{} // a goroutine waits for it
	call     func()        // runs when a call is placed
}

type fakeCaller struct {
	Caller
	world *fakeWorld
}

func runFake(t *testing.T, file string, w *fakeWorld) Report {
	t.Helper()
	report, err := Run(t.Context(), fakeOptions(file, w))
	if err != nil || len(report.Results) != 1 {
		t.Fatalf("got %+v, %v", report, err)
	}
	return report
}

func fakeOptions(file string, w *fakeWorld) Options {
	return Options{
		FS: fstest.MapFS{
			"a.lua":        &fstest.MapFile{Data: []byte("function on_call(call) end")},
			"a_test.lua":   &fstest.MapFile{Data: []byte(file)},
			".#a_test.lua": &fstest.MapFile{Data: []byte("(")},
		},
		World: func(l Listener) (World, error) {
			if w.fail != nil {
				return nil, w.fail
			}
			return &fakeWorld{listener: l, panics: w.panics, stuck: w.stuck, call: w.call}, nil
		},
	}
}

func (w *fakeWorld) Call(CallOptions) (Caller, error) {
	if w.call != nil {
		w.call()
	}
	if w.panics {
		panic("oh")
	}
	if w.stuck != nil {
		stuck := make(chan struct{}) // of the bubble
		go func() { <-stuck }()
	}
	return fakeCaller{world: w}, nil
}

func (w *fakeWorld) Close() error { return nil }

func (c fakeCaller) CallID() string { return "1" }
func (c fakeCaller) Bye()           { c.end("BYE", 0) }
func (c fakeCaller) Cancel()        { c.end("INVITE", 487) }
func (c fakeCaller) Hold()          {}
func (c fakeCaller) Resume()        {}

func (c fakeCaller) end(method string, status int) {
	c.world.listener.Message(Message{CallID: "1", Method: method, Status: status, Header: func(string) []string { return nil }})
}

func TestWorldsThatFail(t *testing.T) {
	const file = "test('x', function(t) t:call{} end)"
	for want, w := range map[string]*fakeWorld{
		"no port":                    {fail: errors.New("no port")},
		"internal error: oh":         {panics: true},
		"goroutines are left: deadl": {stuck: make(chan struct{})},
	} {
		if f := runFake(t, file, w).Results[0].Failure; f == nil || !strings.Contains(f.Message, want) {
			t.Errorf("got %+v, want %q", f, want)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := Run(ctx, fakeOptions("test('x', function() end)", &fakeWorld{})); !errors.Is(err, context.Canceled) || len(report.Results) != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestRunIsInterrupted: a test that waits when the context ends is over at once, and those after it do not begin.
func TestRunIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := fakeOptions("test('x', function(t) t:call{}:expect_status(180, '20h') end)\ntest('y', function() end)", &fakeWorld{call: cancel})
	o.Parallel = 1
	report, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || len(report.Results) == 0 {
		t.Fatalf("got %+v, %v", report, err)
	}
	first := report.Results[0]
	if first.Failure == nil || first.Failure.Message != "interrupted" || first.Clock > time.Minute {
		t.Errorf("got %+v", first)
	}
}

func TestBubble(t *testing.T) {
	if err := bubble(func() { time.Sleep(time.Hour) }); err != nil {
		t.Error(err)
	}
	if err := bubble(func() { panic("oh") }); err == nil || !strings.HasPrefix(err.Error(), "panic: oh\n") {
		t.Errorf("got %v", err)
	}
}

func TestValues(t *testing.T) {
	table := func(pairs ...lua.LValue) *lua.LTable {
		t := &lua.LState{}
		made := t.CreateTable(0, 0)
		for i := 0; i < len(pairs); i += 2 {
			made.RawSet(pairs[i], pairs[i+1])
		}
		return made
	}
	one, two, name := lua.LNumber(1), lua.LNumber(2), lua.LString("name")
	ring := table(one, two)
	ring.RawSet(name, ring)
	cases := []struct {
		a, b lua.LValue
		same bool
		text string // of a
	}{
		{lua.LNil, lua.LNil, true, "nil"},
		{one, lua.LString("1"), false, "1"},
		{lua.LString("a\"b"), lua.LString("a\"b"), true, `"a\"b"`},
		{table(), table(), true, "{}"},
		{table(one, name, two, one), table(one, name, two, one), true, `{"name", 1}`},
		{table(one, name), table(one, name, two, one), false, `{"name"}`},
		{table(one, name, two, one), table(one, name), false, `{"name", 1}`},
		{table(name, table(one, lua.LTrue)), table(name, table(one, lua.LFalse)), false, "{name = {true}}"},
		{table(name, table(one, lua.LTrue)), one, false, "{name = {true}}"},
		{ring, ring, true, ""},
	}
	for _, c := range cases {
		if got := equal(c.a, c.b, 0); got != c.same {
			t.Errorf("%s and %s: got %v", show(c.a, 0), show(c.b, 0), got)
		}
		if got := show(c.a, 0); c.text != "" && got != c.text {
			t.Errorf("got %s, want %s", got, c.text)
		}
	}
	ring.RawSet(one, lua.LNil)
	for _, v := range []lua.LValue{ring, table(one, one, name, one), &lua.LFunction{}} {
		if got, err := toGo(v, 0); err == nil {
			t.Errorf("%s became %v", v.Type(), got)
		}
	}
}

func TestURLPattern(t *testing.T) {
	cases := []struct {
		pattern, request string
		fits             bool
	}{
		{"https://a.example/x", "GET https://a.example/x", true},
		{"https://a.example/x", "POST https://a.example/x", true},
		{"https://a.example/x", "GET https://a.example/xy", false},
		{"https://a.example/*", "GET https://a.example/x/y?z=1", true},
		{"https://a.example/*", "GET https://aXexample/x", false},
		{"POST https://a.example/*", "GET https://a.example/x", false},
		{"POST https://a.example/*", "POST https://a.example/x", true},
		{"*", "GET https://a.example/x", true},
	}
	for _, c := range cases {
		if got := urlPattern(c.pattern).MatchString(c.request); got != c.fits {
			t.Errorf("%s, %s: got %v", c.pattern, c.request, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	cases := []struct{ text, zone, want string }{
		{"2026-01-05 08:00", "Europe/Berlin", "2026-01-05T07:00:00Z"},
		{"2026-07-05 08:00:30", "Europe/Berlin", "2026-07-05T06:00:30Z"},
		{"2026-07-05", "", "2026-07-05T00:00:00Z"},
		{"8 o'clock", "UTC", `"8 o'clock" is not a time: write it as "2026-01-05 08:00"`},
		{"2026-07-05", "Europe/Berln", `time zone "Europe/Berln" is not known: write one as "Europe/Berlin"`},
	}
	for _, c := range cases {
		at, err := parseTime(c.text, c.zone)
		got := at.UTC().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.text, c.zone, got, c.want)
		}
	}
}
