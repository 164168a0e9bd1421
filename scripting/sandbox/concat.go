package sandbox

import (
	lua "github.com/yuin/gopher-lua"
)

// concatName is the global, and in each chunk the local variable, that the compiler calls for "..". No script can write
// such a name.
const concatName = " concat"

// concat is the operator "..", for all operands of a chain at once. Upstream's can double a string with each instruction
// until the process has no memory left.
func concat(L *lua.LState) int {
	for top := L.GetTop(); top > 1; top = L.GetTop() {
		if n := textOperands(L, top); n > 1 {
			join(L, n)
			continue
		}
		concatMeta(L, top)
	}
	return 1
}

// textOperands is how many values at the top of the stack are strings or numbers.
func textOperands(L *lua.LState, top int) int {
	n := 0
	for n < top && lua.LVCanConvToString(L.Get(top-n)) {
		n++
	}
	return n
}

// join replaces the n values at the top of the stack by one string.
func join(L *lua.LState, n int) {
	first := L.GetTop() - n + 1
	size := 0
	for i := first; i <= first+n-1; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		default:
			size += 24 // the longest number
		}
	}
	longest(L, size)
	buf := make([]byte, 0, size)
	for i := first; i <= first+n-1; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = append(buf, formatNumber(float64(v))...)
		}
	}
	work(L, size)
	L.SetTop(first - 1)
	pushString(L, string(buf))
}

// concatMeta replaces the two values at the top of the stack by what their __concat makes of them.
func concatMeta(L *lua.LState, top int) {
	left, right := L.Get(top-1), L.Get(top)
	meta, ok := L.GetMetaField(left, "__concat").(*lua.LFunction)
	if !ok {
		meta, ok = L.GetMetaField(right, "__concat").(*lua.LFunction)
	}
	if !ok {
		wrong := left
		if lua.LVCanConvToString(left) {
			wrong = right
		}
		L.RaiseError("attempt to concatenate a %s value", wrong.Type())
	}
	L.SetTop(top - 2)
	L.Push(meta)
	L.Push(left)
	L.Push(right)
	L.Call(2, 1)
}
