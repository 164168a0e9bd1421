package sandbox

import (
	"fmt"
	"strings"
)

// hostile are scripts that try to kill, fill or hold up the process, or do so by mistake.
var hostile = []struct{ name, source string }{
	// Loops and recursion.
	{"endless loop", `while true do end`},
	{"endless repeat", `repeat until false`},
	{"endless for", `for i = 1, math.huge do end`},
	{"endless for, step 0", `for i = 1, 2, 0 do end`},
	{"endless goto", `::top:: goto top`},
	{"endless iterator", `for _ in function() return 1 end do end`},
	{"endless loop in pcall", `while true do pcall(function() while true do end end) end`},
	{"endless loop in xpcall's handler", `xpcall(error, function() while true do end end)`},
	{"errors without end", `while true do pcall(error, "x") end`},
	{"errors with tables without end", `while true do pcall(error, {}) end`},
	{"errors in xpcall's handler", `local function h() error("again") end while true do xpcall(error, h) end`},
	{"recursion", `local function f() return 1 + f() end f()`},
	{"recursion, mutual", `local g local function f() return g() + 1 end function g() return f() + 1 end f()`},
	{"tail recursion", `local function f() return f() end f()`},
	{"tail recursion with more and more arguments", `local function f(...) return f(1, ...) end f()`},
	{"the same in pcall", `local function f(...) return f(1, ...) end for i = 1, 900 do pcall(f) end`},
	{"recursion through pcall", `local function f() pcall(f) f() end f()`},
	{"recursion through pcall, wide", `local function f() pcall(f) pcall(f) return f() end f()`},
	{"recursion through xpcall", `local function f() xpcall(f, f) end f()`},
	{"recursion through tostring", `local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) tostring(t)`},
	{"recursion through __index", `local t = setmetatable({}, {__index = function(t, k) return t[k] end}) print(t.x)`},
	{"chain of __index to itself", `local t = {} setmetatable(t, {__index = t}) print(t.x)`},
	{"chain of __newindex to itself", `local t = {} setmetatable(t, {__newindex = t}) t.x = 1`},
	{"recursion through __call", `local t = setmetatable({}, {}) getmetatable(t).__call = t t()`},
	{"recursion through __eq", `local mt = {} mt.__eq = function(a, b) return a == b end local a, b = setmetatable({}, mt), setmetatable({}, mt) print(a == b)`},
	{"recursion through __concat", `local mt = {} mt.__concat = function(a, b) return a .. b end local a = setmetatable({}, mt) a = a .. a`},
	{"recursion through __lt in sort", `local mt = {} mt.__lt = function(a, b) return a < b end local t = {} for i = 1, 50 do t[i] = setmetatable({}, mt) end table.sort(t)`},
	{"sort with an inconsistent order", `local t = {} for i = 1, 5000 do t[i] = i end table.sort(t, function() return true end)`},
	{"sort with a random order", `local t = {} for i = 1, 5000 do t[i] = i end table.sort(t, function() return math.random() < 0.5 end)`},
	{"sort that changes its table", `local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function(a, b) t[#t] = nil return a < b end)`},
	{"sort of mixed values", `table.sort{1, "x", {}, true}`},
	{"sort without end", `local t = {} for i = 1, 30000 do t[i] = -i end while true do table.sort(t) table.sort(t, function(a, b) return a > b end) end`},
	{"next over deleted keys", `local t = {} for i = 1, 5000 do t["k" .. i] = 1 t["k" .. i] = nil end while true do next(t) end`},
	{"length of an emptied array", `local t = {} t[32000] = 1 t[32000] = nil while true do local n = #t end`},
	{"insert at the front", `local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end`},
	{"remove at the front", `local t = {} for i = 1, 30000 do t[i] = i end while true do table.remove(t, 1) t[#t + 1] = 1 end`},
	{"many captured variables", "local t = {} " + strings.Repeat("do local "+names("v", 150)+" t[#t+1] = function() return "+sum("v", 60)+" end ", 1) + "while true do local f = function() return v1 end end end"},
	{"comparison of long strings", `local a, b = ("x"):rep(2^17) .. "a", ("x"):rep(2^17) .. "b" while true do local c = a < b end`},
	{"arithmetic on long strings", `local s = ("1"):rep(2^17) while true do local n = s + 1 end`},
	{"long string as a key", `local s, t = ("x"):rep(2^17), {} while true do t[s] = 1 end`},
	// Memory.
	{"hoard of tables", `local t = {} while true do t[#t + 1] = {} end`},
	{"hoard of tables with a field", `local t = {} while true do local e = {} e.x = 1 t[#t + 1] = e end`},
	{"hoard of tables with an index", `local t = {} while true do local e = {} e[1] = 1 t[#t + 1] = e end`},
	{"hoard of arrays with holes", `local t = {} while true do local e = {} e[32000] = 1 t[#t + 1] = e end`},
	{"hoard of linked tables", `local t while true do t = {t} end`},
	{"hoard of closures", `local t = {} while true do local x = 1 t[#t + 1] = function() return x end end`},
	{"hoard of strings", `local t = {} for i = 1, 1e9 do t[i] = "some text " .. i end`},
	{"hoard of long strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(2^17) end`},
	{"hoard of pieces of long strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(2^17):sub(1, 8) end`},
	{"hoard of captures of long strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(2^17):match("^....") end`},
	{"hoard of numbers", `local t = {} for i = 1, 1e9 do t[i] = i + 0.5 end`},
	{"hoard of numbers in a hash", `local t = {} for i = 1, 1e9 do t[-i] = i end`},
	{"hoard of deleted keys", `local t = {} for i = 1, 1e9 do t["k" .. i] = 1 t["k" .. i] = nil end`},
	{"hoard of globals", `for i = 1, 1e9 do _G["g" .. i] = i end`},
	{"hoard of constructors", `local t = {} while true do t[#t + 1] = {` + strings.Repeat("[1]=nil,", 200) + `} end`},
	{"hoard of metatables", `local t = {} while true do t = setmetatable({}, {__index = t}) end`},
	{"hoard in captured variables", `local function wrap(f) return function() return f end end local f = wrap() while true do f = wrap(f) end`},
	{"hoard of iterators", `local t = {} while true do t[#t + 1] = ("x"):gmatch(".") end`},
	{"hoard of coroutines", `local t = {} while true do t[#t + 1] = coroutine.create(function() end) end`},
	{"hoard of suspended coroutines", `while true do coroutine.wrap(function() coroutine.yield() end)() end`},
	{"hoard in a coroutine", `coroutine.wrap(function() local t = {} while true do t[#t + 1] = {} end end)()`},
	{"hoard on the stack", `local function f(...) return select("#", ...) + f({}, {}, {}, ...) end f()`},
	{"array with an index of 67 million", `local t = {} t[67108862] = 1 print(#t)`},
	{"insert at 60 million", `local t = {} table.insert(t, 6e7, 1)`},
	{"arrays with an index of 65,535", `while true do local t = {} t[65535] = 1 end`},
	{"arrays with an index of 32,000", `while true do local t = {} t[32000] = 1 end`},
	// Strings.
	{"rep of ten thousand million", `("x"):rep(1e10)`},
	{"rep of a thousand million", `("x"):rep(1e9)`},
	{"rep of 2^53", `("xxxxxxxx"):rep(2^53)`},
	{"rep of nothing", `(""):rep(1e300)`},
	{"rep with a separator", `(""):rep(1e9, "x")`},
	{"concatenation that doubles", `local s = "x" while true do s = s .. s end`},
	{"concatenation of many", `local s = ("x"):rep(2^17) s = s .. s .. s .. s .. s .. s .. s .. s .. s .. s`},
	{"concatenation one by one", `local s = "" while true do s = s .. "x" end`},
	{"concat of a long table", `local t = {} for i = 1, 1000 do t[i] = ("x"):rep(1000) end table.concat(t)`},
	{"concat with a long separator", `local t = {} for i = 1, 1000 do t[i] = "" end table.concat(t, ("x"):rep(2^17))`},
	{"concat of a range without end", `table.concat({}, "", 1, 1e18)`},
	{"gsub that grows", `local s = "x" while true do s = s:gsub(".", "%0%0") end`},
	{"gsub with a long replacement", `(("x"):rep(1000)):gsub(".", ("y"):rep(2^17))`},
	{"gsub of each character", `local s = ("x"):rep(2^17) while true do s:gsub(".", "y") end`},
	{"gsub in gsub", `local function f(s) return (s:gsub(".", f)) end f("xx")`},
	{"format with a width of a thousand million", `string.format("%1000000000d", 1)`},
	{"format with an argument index", `string.format("%[1]d %[99999]d", 1)`},
	{"format with a star", `string.format("%*d", 1000000000, 1)`},
	{"format of long strings", `string.format(("%s"):rep(200), unpack({("x"):rep(2^17)}, 1, 1))`},
	{"char of many", `string.char(unpack({}, 1, 1e8))`},
	{"unpack of many", `unpack({}, 1, 1e8)`},
	{"unpack from the least number", `unpack({}, -1e300, 1e300)`},
	{"byte of many", `print(("x"):rep(2^17):byte(1, -1))`},
	{"tostring that is no string", `tostring(setmetatable({}, {__tostring = function() return {} end}))`},
	{"upper of long strings without end", `local s = ("x"):rep(2^17) while true do s:upper() end`},
	{"quoting of long strings", `local s = ("\n"):rep(2^17) while true do string.format("%q", s) end`},
	{"date with a long format", `os.date(("%c"):rep(2^16))`},
	// Patterns.
	{"pattern, exponential", `(("a"):rep(28)):find(("a?"):rep(28) .. ("a"):rep(28))`},
	{"pattern, polynomial", `(("a"):rep(300)):find((".-"):rep(5) .. "b")`},
	{"pattern of stars", `(("a"):rep(300)):find(("(.*)"):rep(6) .. "b")`},
	{"pattern on a long string", `(("a"):rep(2^17)):find("(.*)b")`},
	{"pattern with many captures", `("x"):find(("()"):rep(1000))`},
	{"pattern with a long set", `(("a"):rep(1000)):find("[" .. ("b"):rep(2^16) .. "]")`},
	{"pattern with long optionals", `("x"):find(("a?"):rep(2^16))`},
	{"pattern with long literals", `(("a"):rep(2^17)):find(("a"):rep(2^16) .. "b")`},
	{"pattern with back references", `(("a"):rep(2^16)):find("(a*)%1%1%1b")`},
	{"pattern with balances", `(("("):rep(2^16)):find("%b()")`},
	{"pattern that is malformed", `("x"):find("[") ("x"):find("%") ("x"):find("(") ("x"):find("%f")`},
	{"gmatch of nothing", `while true do for _ in ("x"):rep(1000):gmatch("") do end end`},
	{"patterns in pcall", `while true do pcall(string.find, ("a"):rep(300), (".-"):rep(5) .. "b") end`},
	// Coroutines.
	{"coroutines in coroutines", `local function f() coroutine.wrap(f)() end f()`},
	{"coroutines in coroutines by resume", `local function f() coroutine.resume(coroutine.create(f)) return f() end f()`},
	{"coroutine that resumes itself", `local co co = coroutine.wrap(function() co() end) co()`},
	{"coroutine that yields without end", `local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end`},
	{"coroutine in a loop without end", `coroutine.wrap(function() while true do end end)()`},
	{"coroutine in pcall in a coroutine without end", `pcall(coroutine.wrap(function() pcall(function() while true do end end) end)) while true do end`},
	{"yield in sort, gsub, metamethods", `local co = coroutine.wrap(function() table.sort({3, 2, 1}, function(a, b) coroutine.yield() return a < b end) (("x"):rep(9)):gsub(".", coroutine.yield) end) while true do co() end`},
	{"yield outside", `coroutine.yield()`},
	{"coroutines one after the other", `while true do coroutine.wrap(function() end)() end`},
	// The way out.
	{"channel", `channel.make():send(1)`},
	{"exit", `os.exit()`},
	{"execute", `os.execute("kill -9 $PPID")`},
	{"files", `io.open("/etc/passwd")`},
	{"load", `load(function() end)`},
	{"loadstring", `loadstring(("("):rep(2e6))`},
	{"dofile", `dofile("/dev/zero")`},
	{"require", `require("os")`},
	{"garbage collection without end", `while true do collectgarbage() end`},
	{"random seed", `math.randomseed(1) collectgarbage()`},
	{"environment", `setfenv(1, {})`},
	{"metatable of numbers", `setmetatable(1, {__index = function() while true do end end})`},
	{"metatable of strings", `getmetatable("").__index = nil`},
	{"library", `string.rep = nil`},
	{"registers", `_printregs()`},
	{"newproxy", `newproxy(true)`},
	{"debug", `debug.setmetatable(1, {})`},
	// The compiler.
	{"parentheses", "x = " + strings.Repeat("(", 100_000)},
	{"braces", "x = " + strings.Repeat("{", 100_000)},
	{"brackets", "x = " + strings.Repeat("a[", 60_000)},
	{"minuses", "x = " + strings.Repeat("- ", 60_000) + "1"},
	{"nots", "x = " + strings.Repeat("not ", 30_000) + "1"},
	{"concatenations", "x = a" + strings.Repeat("..a", 40_000)},
	{"concatenations of 150", "a = 'x' x = a" + strings.Repeat("..a", 150) + " print(#x)"},
	{"powers", "x = a" + strings.Repeat("^a", 60_000)},
	{"sums", "x = a" + strings.Repeat("+a", 60_000)},
	{"comparisons", "x = {" + strings.Repeat("a<a,", 31_000) + "}"},
	{"logic", "x = {" + strings.Repeat("a or a,", 18_000) + "}"},
	{"blocks", strings.Repeat("do ", 40_000)},
	{"functions", strings.Repeat("function f() ", 10_000)},
	{"functions in functions", "x = " + strings.Repeat("function() return ", 180) + "1" + strings.Repeat(" end", 180)},
	{"ifs", strings.Repeat("if x then ", 12_000)},
	{"elseifs", "if x then " + strings.Repeat("elseif x then ", 9_000) + "end"},
	{"labels", strings.Repeat("goto a;", 16_000) + "::a::"},
	{"many labels", numbered("::l%d:: ", 10_000)},
	{"constants", "x = {" + numbered("%d.5,", 15_000) + "}"},
	{"names", numbered("v%d=1 ", 13_000)},
	{"values", "x = {" + strings.Repeat("1,", 60_000) + "}"},
	{"locals", numbered("local l%d ", 300)},
	{"arguments", "f(" + strings.Repeat("1,", 300) + "1)"},
	{"parameters", "function f(" + names("p", 300) + ") end"},
	{"outer variables", outerVariables()},
	{"statements", strings.Repeat("a=b ", 30_000) + "while true do end"},
	{"loop around statements", "while true do " + strings.Repeat("a=b ", 30_000) + "end"},
	{"calls", strings.Repeat("f()", 42_000)},
	{"long name", strings.Repeat("a", 120_000) + " = 1"},
	{"long string", `x = "` + strings.Repeat("a", 120_000) + `"`},
	{"long comment", "--[[" + strings.Repeat("a", 120_000)},
	{"long bracket", "x = [" + strings.Repeat("=", 120_000)},
	{"long number", "x = " + strings.Repeat("1", 120_000)},
	{"file too large", strings.Repeat(" ", 300_000)},
	{"zeros", strings.Repeat("\x00", 100_000)},
	{"bytecode", "\x1bLuaQ" + strings.Repeat("\x00", 100)},
}

func numbered(format string, n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, format, i)
	}
	return s.String()
}

func names(prefix string, n int) string { return list(prefix, n, ", ") }
func sum(prefix string, n int) string   { return list(prefix, n, " + ") }

func list(prefix string, n int, separator string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return strings.Join(all, separator)
}

// outerVariables is a function that captures more variables than there is room for.
func outerVariables() string {
	return "local " + names("a", 150) + " local function f() local " + names("b", 150) +
		" return function() return {" + names("a", 150) + ", " + names("b", 150) + "} end end print(#f()())"
}
