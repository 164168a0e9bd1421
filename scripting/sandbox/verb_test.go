package sandbox

import "testing"

// verbPlaces are scripts that call a function of the host that blocks, from every place that a function can be called from, and
// what they print. In plain gopher-lua a coroutine per call, yielded by the verb, loses most of them.
var verbPlaces = []struct{ name, source, want string }{
	{"plainly", `print(verb(1, 2))`, "1\t2"},
	{"pcall", `print(pcall(verb, 1)) print(pcall(function() local a = verb(1) return a, verb(2) end))`, "true\t1 true\t1\t2"},
	{"pcall, then an error", `print(pcall(function() verb(1) error("x", 0) end))`, "false\tx"},
	{"pcall in pcall", `print(pcall(pcall, function() return verb(verb(1)) end))`, "true\ttrue\t1"},
	{"xpcall", `print(xpcall(function() verb(1) error("x", 0) end, function(e) return verb(e .. "y") end))`, "false\txy"},
	{"an iterator", `local n = 0 for i in function(_, i) i = i + 1 if verb(i) < 4 then return i end end, nil, 0 do n = n + i end print(n)`, "6"},
	{"a numeric loop", `local n = 0 for i = verb(1), verb(3) do n = n + verb(i) end print(n)`, "6"},
	{"__index and __newindex", `local t = setmetatable({}, { __index = function(_, k) return verb(k) end, __newindex = function(t, k, v) rawset(t, k, verb(v)) end }) t.a = 1 print(t.a, t.b)`, "1\tb"},
	{"__call", `print(setmetatable({}, { __call = function(_, x) return verb(x) end })(1))`, "1"},
	{"__eq, __lt and __le", `local mt = {} mt.__eq = function() return verb(true) end mt.__lt = mt.__eq mt.__le = mt.__eq local a, b = setmetatable({}, mt), setmetatable({}, mt) print(a == b, a < b, a <= b)`, "true\ttrue\ttrue"},
	{"arithmetic and concatenation", `local mt = { __add = function() return verb(1) end, __unm = function() return verb(2) end, __concat = function() return verb(3) end } local a = setmetatable({}, mt) print(a + 1, -a, a .. "x", "x" .. a)`, "1\t2\t3\t3"},
	{"__len and __tostring", `local a = setmetatable({}, { __tostring = function() return verb("text") end }) print(tostring(a))`, "text"},
	{"sort", `local t = { 3, 1, 2 } table.sort(t, function(a, b) return verb(a) < verb(b) end) print(table.concat(t, ","))`, "1,2,3"},
	{"gsub", `print((("abc"):gsub("%a", function(c) return verb(c:upper()) end)))`, "ABC"},
	{"gmatch", `local s = "" for w in ("a b"):gmatch("%a") do s = s .. verb(w) end print(s)`, "ab"},
	{"coroutines", `local co = coroutine.wrap(function(a) local b = coroutine.yield(verb(a)) return verb(b) end) print(co(1), co(2))`, "1\t2"},
	{"coroutines in coroutines", `print(coroutine.wrap(function() return coroutine.wrap(function() return verb(1) end)() end)())`, "1"},
	{"a coroutine in sort in pcall", `print(pcall(function() local t = { 2, 1 } table.sort(t, coroutine.wrap(function(a, b) while true do a, b = coroutine.yield(verb(a) < verb(b)) end end)) return t[1], t[2] end))`, "true\t1\t2"},
	{"yield in pcall in a coroutine", `local co = coroutine.wrap(function() return pcall(function() verb(1) return coroutine.yield(2) end) end) print(co()) print(co(3))`, "2 true\t3"},
	{"a tail call", `local function f() return verb(1) end print(f())`, "1"},
	{"many arguments", `print(select("#", verb(unpack({}, 1, 200))))`, "200"},
	{"a captured variable", `local n = 0 local function add() n = n + verb(1) end add() pcall(add) coroutine.wrap(add)() print(n)`, "3"},
}

func TestVerbsEverywhere(t *testing.T) {
	for _, v := range verbPlaces {
		t.Run(v.name, func(t *testing.T) { expect(t, v.source, v.want) })
	}
}
