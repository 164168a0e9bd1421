package sandbox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func stringLibrary() library {
	return library{
		"byte":    stringByte,
		"char":    stringChar,
		"find":    stringFind,
		"format":  stringFormat,
		"gmatch":  stringGmatch,
		"gsub":    stringGsub,
		"len":     stringLen,
		"lower":   stringLower,
		"match":   stringMatch,
		"rep":     stringRep,
		"reverse": stringReverse,
		"sub":     stringSub,
		"upper":   stringUpper,
	}
}

// part is a piece of a longer string. A small one is a copy: it would keep all of the other in memory.
func part(s string, from, to int) string {
	piece := s[from:to]
	if len(s) > countOnce && len(piece) < len(s)/2 {
		return strings.Clone(piece)
	}
	return piece
}

// bounds makes the two indices of Lua, that count from 1 and from the end if negative, those of a slice.
func bounds(i, j, length int) (from, to int) {
	if i < 0 {
		i = max(length+i+1, 1)
	}
	if j < 0 {
		j = length + j + 1
	}
	from, to = max(i, 1)-1, min(j, length)
	if from >= to {
		return 0, 0
	}
	return from, to
}

func stringByte(L *lua.LState) int {
	s, i := checkText(L, 1), optInt(L, 2, 1)
	from, to := bounds(i, optInt(L, 3, i), len(s))
	if to-from > maxResults {
		L.RaiseError("string slice too long: more than %d bytes", maxResults)
	}
	for _, c := range []byte(s[from:to]) {
		L.Push(lua.LNumber(c))
	}
	return to - from
}

func stringChar(L *lua.LState) int {
	text := make([]byte, L.GetTop())
	for i := range text {
		c := checkInt(L, i+1)
		if c < 0 || c > 255 {
			L.ArgError(i+1, "invalid value")
		}
		text[i] = byte(c)
	}
	return pushString(L, string(text))
}

func stringLen(L *lua.LState) int { return pushNumber(L, float64(len(checkText(L, 1)))) }

// stringLower changes ASCII only: Lua's strings are bytes.
func stringLower(L *lua.LState) int { return mapBytes(L, 'A', 'Z') }
func stringUpper(L *lua.LState) int { return mapBytes(L, 'a', 'z') }

func mapBytes(L *lua.LState, first, last byte) int {
	text := []byte(checkText(L, 1))
	for i, c := range text {
		if first <= c && c <= last {
			text[i] = c ^ 0x20
		}
	}
	work(L, len(text))
	return pushString(L, string(text))
}

func stringRep(L *lua.LState) int {
	s, n, sep := checkText(L, 1), checkInt(L, 2), L.OptString(3, "")
	if n <= 0 || len(s)+len(sep) == 0 {
		L.Push(lua.LString(""))
		return 1
	}
	if limit := StateOf(L).limits.StringLen; n > limit {
		longest(L, n) // so that the product does not overflow
	}
	longest(L, n*len(s)+(n-1)*len(sep))
	text := strings.Repeat(s+sep, n-1) + s
	work(L, len(text))
	return pushString(L, text)
}

func stringReverse(L *lua.LState) int {
	s := checkText(L, 1)
	text := make([]byte, len(s))
	for i := range len(s) {
		text[len(s)-1-i] = s[i]
	}
	work(L, len(text))
	return pushString(L, string(text))
}

func stringSub(L *lua.LState) int {
	s := checkText(L, 1)
	from, to := bounds(checkInt(L, 2), optInt(L, 3, -1), len(s))
	return pushString(L, part(s, from, to))
}
