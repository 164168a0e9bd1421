package sandbox

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// ivr is a script of 100 lines as people write them: settings, functions, handlers.
func ivr() string {
	var s strings.Builder
	s.WriteString(`local menu = { digits = { ["1"] = "sales", ["2"] = "support" }, tries = 3, prompt = "menu.wav" }
local hours = { from = 9, to = 17 }
local lists = { blocked = { "+4930", "+4940" }, vip = { "+4989" } }
`)
	for i := range 10 {
		fmt.Fprintf(&s, `function step%d(call, digit)
  local tries = 0
  while tries < menu.tries do
    local target = menu.digits[digit]
    if target then return target, tries end
    tries = tries + 1
    log("try " .. tries .. " of " .. menu.tries)
  end
end
`, i)
	}
	s.WriteString(`function on_call(call)
  local digit = verb("1")
  return step1(call, digit)
end
function on_hangup(call, info) end
`)
	return s.String()
}

func benchShared(b *testing.B) *Shared {
	s, err := NewShared(Options{Globals: map[string]lua.LValue{
		"verb": newFunction(func(L *lua.LState) int { return L.GetTop() }),
		"log":  newFunction(func(L *lua.LState) int { return 0 }),
	}})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func mustCompile(b *testing.B, source string) *Chunk {
	c, err := Compile("main.lua", source, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkCompile(b *testing.B) {
	source := ivr()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile("main.lua", source, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkState is all that a call takes of the script side: a state, the top-level chunk, on_call, on_hangup.
func BenchmarkState(b *testing.B) {
	shared, chunk := benchShared(b), mustCompile(b, ivr())
	b.ReportAllocs()
	for b.Loop() {
		s := NewState(shared, Limits{}, nil)
		if err := s.Do(chunk); err != nil {
			b.Fatal(err)
		}
		for _, handler := range []string{"on_call", "on_hangup"} {
			if _, err := s.Call(s.Global(handler), lua.LNil, lua.LNil); err != nil {
				b.Fatal(err)
			}
		}
		s.Close()
	}
}

// BenchmarkWaiting measures what a call keeps while it waits: live bytes of its state.
func BenchmarkWaiting(b *testing.B) {
	shared, chunk := benchShared(b), mustCompile(b, ivr())
	const calls = 1000
	states := make([]*State, calls)
	for b.Loop() {
		var before, after runtime.MemStats
		clear(states)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range states {
			states[i] = NewState(shared, Limits{}, nil)
			if err := states[i].Do(chunk); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/calls, "live-B/state")
	}
	runtime.KeepAlive(states)
}

// The loops of these scripts turn 1,000 times for each operation.
func BenchmarkScript(b *testing.B) {
	for _, bench := range []struct{ name, source string }{
		{"empty loop", `for i = 1, 1000 do end`},
		{"arithmetic", `local n = 0 for i = 1, 1000 do n = n + i * 2 end`},
		{"fields", `local t = {n = 0} for i = 1, 1000 do t.n = t.n + 1 end`},
		{"globals", `n = 0 for i = 1, 1000 do n = n + 1 end`},
		{"calls", `local function f(a) return a end for i = 1, 1000 do f(i) end`},
		{"verb", `for i = 1, 1000 do verb(1) end`},
		{"concat", `for i = 1, 1000 do local s = "a" .. i .. "b" end`},
		{"pcall", `local function f() end for i = 1, 1000 do pcall(f) end`},
		{"caught error", `for i = 1, 1000 do pcall(error, "x") end`},
		{"string.find", `local s = "sip:1234@example.com" for i = 1, 1000 do s:find("^sip:(%d+)@") end`},
		{"string.match", `local s = "a=1, b=2" for i = 1, 1000 do s:match("(%w+)=(%w+)") end`},
		{"string.gsub", `local s = "hello world" for i = 1, 1000 do s:gsub("o", "0") end`},
		{"string.format", `for i = 1, 1000 do string.format("%s: %d", "x", i) end`},
		{"table.insert", `local t = {} for i = 1, 1000 do table.insert(t, i) end`},
		{"table.concat", `local t = {"a", "b", "c"} for i = 1, 1000 do table.concat(t, ",") end`},
		{"pairs", `local t = {a = 1, b = 2} for i = 1, 1000 do for k, v in pairs(t) do end end`},
		{"coroutine", `local co = coroutine.wrap(function() while true do coroutine.yield() end end) for i = 1, 1000 do co() end`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := NewState(benchShared(b), Limits{}, nil)
			defer s.Close()
			fn := s.Function(mustCompile(b, bench.source))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Call(fn); err != nil {
					b.Fatal(err)
				}
				s.Close() // of the coroutine
			}
		})
	}
}

// BenchmarkUpstream is the same loop without the sandbox, to see what counting costs.
func BenchmarkUpstream(b *testing.B) {
	for _, bench := range []struct{ name, source string }{
		{"empty loop", `for i = 1, 1000 do end`},
		{"arithmetic", `local n = 0 for i = 1, 1000 do n = n + i * 2 end`},
		{"fields", `local t = {n = 0} for i = 1, 1000 do t.n = t.n + 1 end`},
		{"calls", `local function f(a) return a end for i = 1, 1000 do f(i) end`},
		{"concat", `for i = 1, 1000 do local s = "a" .. i .. "b" end`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			L := lua.NewState()
			defer L.Close()
			fn, err := L.LoadString(bench.source)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				L.Push(fn)
				L.Call(0, 0)
			}
		})
	}
}
