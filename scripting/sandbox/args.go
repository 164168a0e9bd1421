package sandbox

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// arguments are those of the running function from the first-th on.
func arguments(L *lua.LState, first int) []lua.LValue {
	var values []lua.LValue
	for i := first; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i))
	}
	return values
}

// pushAll pushes results and returns how many.
func pushAll(L *lua.LState, values ...lua.LValue) int {
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}

// pushString pushes a string that was made for the script.
func pushString(L *lua.LState, s string) int {
	StateOf(L).budget.charge(len(s))
	L.Push(lua.LString(s))
	return 1
}

func pushNumber(L *lua.LState, n float64) int {
	L.Push(lua.LNumber(n))
	return 1
}

// checkText is a string argument, or a number as text.
func checkText(L *lua.LState, n int) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	}
	L.TypeError(n, lua.LTString)
	return ""
}

// checkInt is a number argument without its fraction, and within ±2^53, beyond which there are no odd numbers.
func checkInt(L *lua.LState, n int) int { return toInt(float64(L.CheckNumber(n))) }

// optInt is checkInt with a default.
func optInt(L *lua.LState, n, missing int) int {
	if L.Get(n) == lua.LNil {
		return missing
	}
	return checkInt(L, n)
}

func toInt(f float64) int {
	if math.IsNaN(f) {
		return 0
	}
	return int(max(-1<<53, min(f, 1<<53)))
}

// longest raises an error if a string of n bytes would be too long. It is called before the string is made.
func longest(L *lua.LState, n int) {
	if limit := StateOf(L).limits.StringLen; n > limit {
		L.RaiseError("string would be longer than %d bytes", limit)
	}
}

// work counts the handling of so many bytes or values.
func work(L *lua.LState, n int) { StateOf(L).budget.spend(n / 16) }
