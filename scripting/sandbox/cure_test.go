package sandbox

import (
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// cures are the bugs of gopher-lua v1.1.2 that ordinary scripts meet, each with what Lua 5.1 prints.
var cures = []struct{ name, source, want string }{
	{"issue 440: swap of locals", `local a, b = 1, 2; a, b = b, a; print(a, b)`, "2\t1"},
	{"issue 440: rotation", `local a, b, c = 1, 2, 3; a, b, c = b, c, a; print(a, b, c)`, "2\t3\t1"},
	{"issue 440: local and field", `local a = {1, 2, 3}; local i = 1; i, a[i] = 2, i; print(i, a[1], a[2])`, "2\t1\t2"},
	{"issue 448: captured variable after a caught error",
		`local n = 0; local function inc() n = n + 1 end; inc(); pcall(error, "x"); inc(); print(n)`, "2"},
	{"issue 448: in a function that calls the one with pcall",
		`local function try() pcall(error, "x") end
		local n = 0; local function inc() n = n + 1 end; try(); inc(); inc(); print(n)`, "2"},
	{"xpcall: closures made before the error",
		`local made; local function nop() end
		xpcall(function() local x = 1; made = function() return x end; error("x") end, nop)
		local a, b, c, d = false, false, false, false; print(made())`, "1"},
	{"issue 540: constant condition in a generic for",
		`local n = 0; for _ in pairs{1, 2} do if nil then break end; n = n + 1 end; print(n)`, "2"},
	{"issue 540: with a local",
		`local n = 0; for _ in pairs{1, 2} do if false then local x end; n = n + 1 end; print(n)`, "2"},
	{"goto closes captured variables",
		`local n = 0; local function inc() n = n + 1 end
		for i = 1, 3 do inc(); if i == 2 then goto continue end; inc(); ::continue:: end; print(n)`, "5"},
	{"call in parentheses assigned to its own argument", `local function f(a) a = (tostring(a)); return a end; print(f(5))`, "5"},
	{"call as the last field of a table", `local function f() return 7 end; local t = {1, 2, k = f()}; print(#t, t[2], t.k, #t)`, "2\t2\t7\t2"},
	{"dots as the last field of a table", `local function f(...) local t = {1, k = ...}; return #t, t.k end; print(f(8, 9))`, "1\t8"},
	{"field after fifty values", `local n = 7; local t = {` + strings.Repeat("1,", 50) + `k = -n, l = -n}; print(t[1], #t, t.k, t.l, t[50])`, "1\t50\t-7\t-7\t1"},
	{"yield in tail position",
		`local co = coroutine.wrap(function() return coroutine.yield(1) end); print(co(), co(7))`, "1\t7"},
	{"yield that gets fewer values than it wants",
		`local co = coroutine.wrap(function() local a, b = coroutine.yield(1); return a, b end); co(); print(co())`, "nil\tnil"},
	{"coroutine of a Go function", `print(coroutine.wrap(math.floor)(1.5))`, "1"},
	{"yield in pcall",
		`local co = coroutine.wrap(function() pcall(function() coroutine.yield(1); print("resumed") end); return "end" end)
		print(co(), co())`, "resumed 1\tend"},
	{"error level", "local function f() error('x', 2) end\nlocal function g()\nf()\nend\nprint(pcall(g))", "false\tmain.lua:3: x"},
	{"numbers with exponents", `print(tonumber("1e3"), tonumber("0x10"))`, "1000\t16"},
	{"frontier in patterns", `print(("THE (quick) fox"):gsub("%f[%a]%a+", "x"))`, "x (x) x\t3"},
	{"metatables of tables only", `print(pcall(setmetatable, 1, {}) and "all numbers changed" or "refused")`, "refused"},
	{"format is C's", `print(pcall(string.format, "%[1]d", 5) and "Go's" or "refused")`, "refused"},
}

func TestCures(t *testing.T) {
	for _, c := range cures {
		t.Run(c.name, func(t *testing.T) { expect(t, c.source, c.want) })
	}
}

// TestUpstreamNeedsCures shows why each cure is there: gopher-lua itself gets it wrong. When an upgrade gets one right its cure
// can go.
func TestUpstreamNeedsCures(t *testing.T) {
	for _, c := range cures {
		t.Run(c.name, func(t *testing.T) {
			if got := upstream(c.source); got == c.want {
				t.Errorf("gopher-lua prints %q, as it should", got)
			}
		})
	}
}

// upstream runs a script with nothing but gopher-lua.
func upstream(source string) (printed string) {
	var lines []string
	defer func() {
		if thrown := recover(); thrown != nil {
			printed = fmt.Sprint("panic: ", thrown)
		}
	}()
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("print", L.NewFunction(func(L *lua.LState) int {
		var fields []string
		for i := 1; i <= L.GetTop(); i++ {
			fields = append(fields, L.ToStringMeta(L.Get(i)).String())
		}
		lines = append(lines, strings.Join(fields, "\t"))
		return 0
	}))
	fn, err := L.Load(strings.NewReader(source), "main.lua")
	if err != nil {
		return err.Error()
	}
	L.Push(fn)
	if err := L.PCall(0, 0, nil); err != nil {
		return err.Error()
	}
	return strings.Join(lines, " ")
}
