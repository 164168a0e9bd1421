package sandbox

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// caughtCost is what a caught error counts, in instructions: about what a panic and its recovery take.
const caughtCost = 100

// maxResults is how many values unpack and string.byte return at most: as many as a function call can pass.
const maxResults = 250

func baseLibrary(print func(L *lua.LState, line string)) library {
	return library{
		"assert":       baseAssert,
		"error":        baseError,
		"getmetatable": baseGetMetatable,
		"ipairs":       baseIpairs,
		"next":         baseNext,
		"pairs":        basePairs,
		"pcall":        basePcall,
		"print":        func(L *lua.LState) int { return basePrint(L, print) },
		"rawequal":     baseRawEqual,
		"rawget":       baseRawGet,
		"rawset":       baseRawSet,
		"select":       baseSelect,
		"setmetatable": baseSetMetatable,
		"tonumber":     baseToNumber,
		"tostring":     baseToString,
		"type":         baseType,
		"unpack":       baseUnpack,
		"xpcall":       baseXpcall,
	}
}

func baseAssert(L *lua.LState) int {
	if lua.LVIsFalse(L.CheckAny(1)) {
		if L.GetTop() < 2 {
			L.RaiseError("assertion failed!")
		}
		L.Error(L.Get(2), 0)
	}
	return L.GetTop()
}

// baseError adds the line at level, as C Lua does. Upstream's is one function off from level 2 on.
func baseError(L *lua.LState) int {
	value, level := L.Get(1), optInt(L, 2, 1)
	if text, ok := value.(lua.LString); ok && level > 0 {
		value = lua.LString(where(L, level)) + text
	}
	L.Error(value, 0)
	return 0
}

func basePcall(L *lua.LState) int {
	L.CheckAny(1)
	s := StateOf(L)
	s.checkNesting(L)
	raised, ok := s.protect(L, L.GetTop()-1, nil)
	if !ok {
		s.budget.spend(caughtCost)
		return pushAll(L, lua.LFalse, raised)
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// baseXpcall calls the handler where the error was raised, so that it can take a traceback there.
func baseXpcall(L *lua.LState) int {
	s := StateOf(L)
	s.checkNesting(L)
	handle := L.Get(2)
	L.SetTop(1)
	raised, ok := s.protect(L, 0, func(L *lua.LState, raised lua.LValue) lua.LValue {
		L.Push(handle)
		L.Push(raised)
		top := L.GetTop() - 2
		if again, ok := s.protect(L, 1, nil); !ok {
			return again
		}
		result := L.Get(top + 1)
		L.SetTop(top)
		return result
	})
	if !ok {
		s.budget.spend(caughtCost)
		return pushAll(L, lua.LFalse, raised)
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

func (s *State) checkNesting(L *lua.LState) {
	if s.nesting >= s.limits.Nesting {
		L.RaiseError("pcall and coroutines nested too deep (%d)", s.limits.Nesting)
	}
}

func basePrint(L *lua.LState, print func(L *lua.LState, line string)) int {
	var line strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			line.WriteByte('\t')
		}
		text := toText(L, L.Get(i))
		longest(L, line.Len()+len(text))
		line.WriteString(text)
	}
	work(L, line.Len())
	if print != nil {
		print(L, line.String())
	}
	return 0
}

func baseGetMetatable(L *lua.LState) int {
	L.Push(L.GetMetatable(L.CheckAny(1)))
	return 1
}

// baseSetMetatable takes tables only, as Lua 5.1. Upstream's changes that of all numbers, strings or functions, too.
func baseSetMetatable(L *lua.LState) int {
	t := L.CheckTable(1)
	if mt := L.Get(2); mt != lua.LNil && mt.Type() != lua.LTTable {
		L.ArgError(2, "nil or table expected")
	}
	if mt, ok := t.Metatable.(*lua.LTable); ok && mt.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = L.Get(2)
	L.SetTop(1)
	return 1
}

func baseRawEqual(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(L.CheckAny(1), L.CheckAny(2))))
	return 1
}

func baseRawGet(L *lua.LState) int {
	L.Push(L.CheckTable(1).RawGet(L.CheckAny(2)))
	return 1
}

func baseRawSet(L *lua.LState) int {
	L.RawSet(L.CheckTable(1), L.CheckAny(2), L.CheckAny(3))
	L.SetTop(1)
	return 1
}

func baseSelect(L *lua.LState) int {
	count := L.GetTop() - 1
	if L.Get(1) == lua.LString("#") {
		return pushNumber(L, float64(count))
	}
	n := checkInt(L, 1)
	if n < 0 {
		n = count + n + 1
	}
	if n < 1 {
		L.ArgError(1, "index out of range")
	}
	return max(count-n+1, 0)
}

func baseType(L *lua.LState) int {
	L.Push(lua.LString(L.CheckAny(1).Type().String()))
	return 1
}

func baseUnpack(L *lua.LState) int {
	t := L.CheckTable(1)
	first, last := optInt(L, 2, 1), 0
	if L.Get(3) == lua.LNil {
		last = t.Len()
	} else {
		last = checkInt(L, 3)
	}
	if last-first >= maxResults {
		L.RaiseError("more than %d results to unpack", maxResults)
	}
	for i := first; i <= last; i++ {
		L.Push(t.RawGet(lua.LNumber(i)))
	}
	return max(last-first+1, 0)
}

func baseToString(L *lua.LState) int {
	return pushString(L, toText(L, L.CheckAny(1)))
}

// toText is what tostring gives.
func toText(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	}
	if meta, ok := L.GetMetaField(v, "__tostring").(*lua.LFunction); ok {
		L.Push(meta)
		L.Push(v)
		L.Call(1, 1)
		text := L.Get(-1)
		L.Pop(1)
		if !lua.LVCanConvToString(text) {
			L.RaiseError("'__tostring' must return a string")
		}
		return text.String()
	}
	return v.String()
}

// formatNumber writes whole numbers with all their digits, as telephone numbers may be some, and others as Lua's "%.14g".
func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f == math.Trunc(f) && math.Abs(f) <= 1<<53:
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

func baseToNumber(L *lua.LState) int {
	v := L.CheckAny(1)
	if L.Get(2) != lua.LNil {
		return toNumberBase(L, checkText(L, 1), checkInt(L, 2))
	}
	if text, ok := v.(lua.LString); ok {
		v = lua.LNil
		if f, ok := parseNumber(string(text)); ok {
			v = lua.LNumber(f)
		}
		work(L, len(text))
	}
	if v.Type() != lua.LTNumber {
		v = lua.LNil
	}
	L.Push(v)
	return 1
}

func toNumberBase(L *lua.LState, text string, base int) int {
	if base < 2 || base > 36 {
		L.ArgError(2, "base out of range")
	}
	text = strings.ToLower(strings.Trim(text, " \t\n\v\f\r"))
	if base == 16 {
		text = strings.TrimPrefix(text, "0x")
	}
	n, err := strconv.ParseInt(text, base, 64)
	if err != nil || strings.HasPrefix(text, "+") {
		L.Push(lua.LNil)
		return 1
	}
	return pushNumber(L, float64(n))
}

// parseNumber reads a number as Lua writes them: decimal with fraction and exponent, or hexadecimal.
func parseNumber(text string) (float64, bool) {
	text = strings.Trim(text, " \t\n\v\f\r")
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || len(digits) > 400 || strings.Trim(digits, "0123456789abcdefABCDEF.xX+-") != "" {
		return 0, false
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		if strings.HasPrefix(text, "-") {
			return -float64(n), err == nil
		}
		return float64(n), err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) { // too large a number is infinite
		return 0, false
	}
	return f, true
}
