package sandbox

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

func baseNext(L *lua.LState) int {
	key, value := next(L, L.CheckTable(1), L.Get(2))
	if key == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	return pushAll(L, key, value)
}

func basePairs(L *lua.LState) int {
	return pushAll(L, nextFunction, L.CheckTable(1), lua.LNil)
}

func baseIpairs(L *lua.LState) int {
	return pushAll(L, ipairsFunction, L.CheckTable(1), lua.LNumber(0))
}

// The functions that pairs and ipairs return. They have no state.
var (
	nextFunction   = newFunction(baseNext)
	ipairsFunction = newFunction(ipairsNext)
)

func ipairsNext(L *lua.LState) int {
	t, i := L.CheckTable(1), checkInt(L, 2)+1
	v := t.RawGet(lua.LNumber(i))
	if v == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	return pushAll(L, lua.LNumber(i), v)
}

// next finds the key after another, LNil for the first. It is upstream's, but counts the deleted keys it passes: they are
// never removed (gopher-lua issue 214), so that one step may take long. And it refuses what is no key.
func next(L *lua.LState, t *lua.LTable, key lua.LValue) (k, v lua.LValue) {
	in := tableOf(t)
	from := 0 // in keys
	if i, ok := arrayIndex(key); ok && i <= len(in.array) {
		for n := i; n < len(in.array); n++ {
			if v := in.array[n]; v != lua.LNil {
				work(L, n-i)
				return lua.LNumber(n + 1), v
			}
		}
		work(L, len(in.array)-i)
	} else {
		at, ok := in.k2i[key]
		if !ok {
			L.RaiseError("invalid key to 'next'")
		}
		from = at + 1
	}
	for n := from; n < len(in.keys); n++ {
		if v := t.RawGetH(in.keys[n]); v != lua.LNil {
			StateOf(L).budget.spend(n - from)
			return in.keys[n], v
		}
	}
	StateOf(L).budget.spend(len(in.keys) - from)
	return lua.LNil, lua.LNil
}

// arrayIndex is how many places of the array are up to the key, which is LNil for none.
func arrayIndex(key lua.LValue) (int, bool) {
	if key == lua.LNil {
		return 0, true
	}
	n, ok := key.(lua.LNumber)
	f := float64(n)
	if !ok || f != math.Trunc(f) || f < 1 || f > maxArray {
		return 0, false
	}
	return int(f), true
}
