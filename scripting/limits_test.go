package scripting

import (
	"strings"
	"testing"
	"time"

	"offhook/scripting/sandbox"
)

// TestConfiguredLimits: each limit is what Options say, and a script that goes over one ends its call with the configured code and
// one line in the log, with file:line and the limit.
func TestConfiguredLimits(t *testing.T) {
	cases := []struct {
		name   string
		limits sandbox.Limits
		script string // goes over the limit, and not over the default
		want   string
	}{
		{"instructions", sandbox.Limits{Instructions: 10_000}, `for i = 1, 1e5 do local x = i end`, "ran for more than 10000 instructions without waiting"},
		{"memory", sandbox.Limits{Memory: 100 << 10}, `t = {} for i = 1, 800 do t[i] = { i } local s = ("x"):rep(5000) end`, "uses more memory than 102400 bytes"},
		{"string length", sandbox.Limits{StringLen: 1000}, `local s = ("x"):rep(1001)`, "string would be longer than 1000 bytes"},
		{"concatenation", sandbox.Limits{StringLen: 1000}, `local s = ("x"):rep(600) s = s .. s`, "string would be longer than 1000 bytes"},
		{"JSON", sandbox.Limits{StringLen: 1000}, `local s = ("x"):rep(600) json.encode({ s, s })`, "json.encode: would be longer than 1000 bytes"},
		{"pattern steps", sandbox.Limits{PatternSteps: 1000}, `local s = ("a"):rep(100) s:find(".-.-b")`, "pattern"},
		{"nesting", sandbox.Limits{Nesting: 5}, `local function f(n) if n > 0 then assert(pcall(f, n - 1)) end end f(8)`, "nested"},
		{"coroutines", sandbox.Limits{Coroutines: 3}, `local t = {} for i = 1, 4 do t[i] = coroutine.create(print) end`, "more than 3 unfinished coroutines"},
		{"call depth", sandbox.Limits{CallDepth: 20}, `local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end f(30)`, "stack overflow"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Limits: c.limits, ErrorCode: 503, FS: files("default.lua", "function on_call(call)\n"+c.script+"\nend")}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				s.expect(`0s reject 503 ""`)
				s.expectLog("default.lua:2: ", c.want)
				if n := strings.Count(s.log.String(), "level="); n != 1 {
					t.Errorf("%d lines in the log:\n%s", n, s.log)
				}
			})
			o.Limits = sandbox.Limits{Slice: time.Second}
			performWith(t, o, nil, func(s *stage) {
				s.finish()
				if s.outcome.Err != nil {
					t.Errorf("with the default: %v", s.outcome.Err)
				}
			})
		})
	}
}

// TestConfiguredTime is apart: the clock that counts what a script computes stands still in a bubble of synctest.
func TestConfiguredTime(t *testing.T) {
	e, log := newEngine(t, Options{Limits: sandbox.Limits{Slice: time.Millisecond}, FS: files("default.lua", "function on_call(call)\nfor i = 1, 1e6 do local x = i end\nend")})
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, c := newFakeCall()
	o := e.Serve(ctx, "default", c)
	if o.Err == nil || !contains(o.Err.Error(), "default.lua:2: ran for more than 1ms without waiting") || o.Ending.By != ByLimit {
		t.Errorf("got %+v", o)
	}
	if n := strings.Count(log.String(), "level="); n != 1 {
		t.Errorf("%d lines in the log:\n%s", n, log)
	}
}

// TestVerbsEverywhere: a verb waits, and returns what it returns, wherever it is called from.
func TestVerbsEverywhere(t *testing.T) {
	cases := []struct{ name, script, want string }{
		{"pcall", `got(pcall(function() call:sleep(1) return call:read_digit(1) end))`, "true|nil|2"},
		{"xpcall's handler", `got(xpcall(error, function() call:sleep(1) return "x" end))`, "false|x|1"},
		{"an iterator", `for i in function(_, i) call:sleep(1) return i < 3 and i + 1 or nil end, nil, 0 do got(i) end`, "1|2|3|4"},
		{"metamethods", `local t = setmetatable({}, { __index = function(_, k) call:sleep(1) return k end, __add = function() call:sleep(1) return 7 end }) got(t.a, t + 1)`, "a|7|2"},
		{"sort", `local t = { 3, 1, 2 } table.sort(t, function(a, b) call:sleep("100ms") return a < b end) got(t[1], t[2], t[3], call:elapsed() > 0)`, "1|2|3|true|*"},
		{"gsub", `got((("ab"):gsub(".", function(c) call:sleep(1) return c:upper() end)))`, "AB|2"},
		{"a coroutine", `local co = coroutine.wrap(function() call:sleep(1) coroutine.yield("y") call:sleep(1) return "r" end) got(co(), co())`, "y|r|2"},
		{"kv in sort in pcall in a coroutine", `coroutine.wrap(function() pcall(function() local t = { 2, 1 } table.sort(t, function(a, b) kv.incr("n") return a < b end) got(t[1]) end) end)() got(kv.get("n") > 0)`, "1|true|0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := evaluate(t, Options{}, c.script+"\ngot(call:elapsed())")
			all := strings.Join(got, "|")
			if before, ok := strings.CutSuffix(c.want, "*"); err != nil || ok && !strings.HasPrefix(all, before) || !ok && all != c.want {
				t.Errorf("got %s, %v; want %s", all, err, c.want)
			}
		})
	}
}
