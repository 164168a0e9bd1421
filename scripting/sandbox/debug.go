package sandbox

import lua "github.com/yuin/gopher-lua"

// debugTraceback is debug.traceback([thread,] [message [, level]]).
func debugTraceback(L *lua.LState) int {
	of, arg, level := L, 1, 1
	if thread, ok := L.Get(1).(*lua.LState); ok {
		of, arg, level = thread, 2, 0
	}
	message := L.Get(arg)
	if message != lua.LNil && !lua.LVCanConvToString(message) {
		L.Push(message)
		return 1
	}
	text := traceback(of, optInt(L, arg+1, level))
	if message != lua.LNil {
		head := toText(L, message)
		longest(L, len(head)+len(text)+1)
		text = head + "\n" + text
	}
	work(L, 8*len(text))
	return pushString(L, text)
}
