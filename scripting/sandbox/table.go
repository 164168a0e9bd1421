package sandbox

import (
	"sort"

	lua "github.com/yuin/gopher-lua"
)

func tableLibrary() library {
	return library{
		"concat": tableConcat,
		"getn":   tableGetn,
		"insert": tableInsert,
		"maxn":   tableMaxn,
		"remove": tableRemove,
		"sort":   tableSort,
	}
}

func tableConcat(L *lua.LState) int {
	t, sep, first := L.CheckTable(1), L.OptString(2, ""), optInt(L, 3, 1)
	last := length(L, t)
	if L.Get(4) != lua.LNil {
		last = checkInt(L, 4)
	}
	var out []byte
	for i := first; i <= last; i++ {
		v := t.RawGet(lua.LNumber(i))
		if !lua.LVCanConvToString(v) {
			L.RaiseError("invalid value (at index %d) in table for 'concat'", i)
		}
		text := toText(L, v)
		longest(L, len(out)+len(text)+len(sep))
		out = append(out, text...)
		if i < last {
			out = append(out, sep...)
		}
	}
	work(L, 16*(last-first)+len(out))
	return pushString(L, string(out))
}

// length is #t. Upstream looks for it from the end of the array on, which may take long.
func length(L *lua.LState, t *lua.LTable) int {
	n := t.Len()
	work(L, len(tableOf(t).array)-n)
	return n
}

func tableGetn(L *lua.LState) int { return pushNumber(L, float64(length(L, L.CheckTable(1)))) }

func tableMaxn(L *lua.LState) int {
	t, most := L.CheckTable(1), 0.0
	in := tableOf(t)
	most = float64(length(L, t))
	for key, v := range in.dict {
		if n, ok := key.(lua.LNumber); ok && v != lua.LNil {
			most = max(most, float64(n))
		}
	}
	work(L, 16*len(in.dict))
	return pushNumber(L, most)
}

func tableInsert(L *lua.LState) int {
	t := L.CheckTable(1)
	n := length(L, t)
	switch L.GetTop() {
	case 2:
		setIndex(L, t, n+1, L.Get(2))
	case 3:
		at := checkInt(L, 2)
		if at < 1 || at > n+1 {
			L.ArgError(2, "position out of bounds")
		}
		insertAt(L, t, at, n, L.Get(3))
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

// insertAt moves the values from at to n up by one.
func insertAt(L *lua.LState, t *lua.LTable, at, n int, v lua.LValue) {
	work(L, n-at+1)
	for i := n; i >= at; i-- {
		setIndex(L, t, i+1, t.RawGetInt(i))
	}
	setIndex(L, t, at, v)
}

// setIndex sets a value of the array. A longer array would not be one, and #t would stay where it is.
func setIndex(L *lua.LState, t *lua.LTable, i int, v lua.LValue) {
	if i > maxArray {
		L.RaiseError("table has more than %d values", maxArray)
	}
	t.RawSetInt(i, v)
}

func tableRemove(L *lua.LState) int {
	t := L.CheckTable(1)
	n := length(L, t)
	at := optInt(L, 2, n)
	if n == 0 || at < 1 || at > n {
		L.Push(lua.LNil)
		return 1
	}
	in := tableOf(t)
	v := in.array[at-1]
	copy(in.array[at-1:], in.array[at:n])
	clear(in.array[n-1:])
	in.array = in.array[:n-1] // so that length does not look through what is gone
	work(L, n-at)
	L.Push(v)
	return 1
}

// tableSort sorts a copy, so that the comparison may do to the table what it likes.
func tableSort(L *lua.LState) int {
	t := L.CheckTable(1)
	less := L.Get(2)
	if less != lua.LNil {
		less = L.CheckFunction(2)
	}
	n := length(L, t)
	s := sorter{L: L, values: make([]lua.LValue, n)}
	if fn, ok := less.(*lua.LFunction); ok {
		s.less = fn
	}
	copy(s.values, tableOf(t).array[:n])
	StateOf(L).budget.charge(slotBytes * n)
	sort.Sort(&s)
	for i, v := range s.values {
		t.RawSetInt(i+1, v)
	}
	return 0
}

type sorter struct {
	L      *lua.LState
	values []lua.LValue
	less   *lua.LFunction // nil = "<"
}

func (s *sorter) Len() int      { return len(s.values) }
func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *sorter) Less(i, j int) bool {
	StateOf(s.L).budget.spend(2)
	if s.less == nil {
		return s.L.LessThan(s.values[i], s.values[j])
	}
	pushAll(s.L, s.less, s.values[i], s.values[j])
	s.L.Call(2, 1)
	result := lua.LVAsBool(s.L.Get(-1))
	s.L.Pop(1)
	return result
}
