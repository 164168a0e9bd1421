package sandbox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func stringFind(L *lua.LState) int  { return find(L, true) }
func stringMatch(L *lua.LState) int { return find(L, false) }

// find is string.find, with the bounds of what it found before the captures, and string.match.
func find(L *lua.LState, positions bool) int {
	src, pat, init := checkText(L, 1), checkText(L, 2), optInt(L, 3, 1)
	switch {
	case init < 0:
		init = max(len(src)+init, 0)
	case init > 0:
		init = min(init-1, len(src))
	}
	if positions && (lua.LVAsBool(L.Get(4)) || !hasSpecials(pat)) {
		return findPlain(L, src, pat, init)
	}
	m := newMatcher(L, src, pat)
	p := 0
	anchored := strings.HasPrefix(pat, "^")
	if anchored {
		p = 1
	}
	for s := init; s <= len(src); s++ {
		if end := m.at(s, p); end >= 0 {
			if positions {
				return pushAll(L, lua.LNumber(s+1), lua.LNumber(end)) + m.pushCaptures(s, end, false)
			}
			return m.pushCaptures(s, end, true)
		}
		if anchored {
			break
		}
	}
	L.Push(lua.LNil)
	return 1
}

func findPlain(L *lua.LState, src, text string, init int) int {
	at := strings.Index(src[init:], text)
	if at < 0 {
		work(L, len(src)-init)
		L.Push(lua.LNil)
		return 1
	}
	work(L, at)
	return pushAll(L, lua.LNumber(init+at+1), lua.LNumber(init+at+len(text)))
}

// pushCaptures pushes all captures of a match; if there are none, and whole is set, all that matched.
func (m *matcher) pushCaptures(s, end int, whole bool) int {
	if m.level == 0 && whole {
		return pushString(m.L, part(m.src, s, end))
	}
	for i := range m.level {
		m.L.Push(m.capture(i, s, end))
	}
	return m.level
}

// capture is the value of a capture; number 0 of a pattern without any is all that matched.
func (m *matcher) capture(i, s, end int) lua.LValue {
	if i == 0 && m.level == 0 {
		return m.text(s, end)
	}
	if i >= m.level {
		m.L.RaiseError("invalid capture index")
	}
	c := m.captures[i]
	switch c.length {
	case capturePosition:
		return lua.LNumber(c.start + 1)
	case captureOpen:
		m.L.RaiseError("unfinished capture")
	}
	return m.text(c.start, c.start+c.length)
}

func (m *matcher) text(from, to int) lua.LString {
	StateOf(m.L).budget.charge(to - from)
	return lua.LString(part(m.src, from, to))
}

func stringGmatch(L *lua.LState) int {
	src, pat := checkText(L, 1), checkText(L, 2)
	at := 0
	L.Push(newFunction(func(L *lua.LState) int {
		for m := newMatcher(L, src, pat); at <= len(src); {
			s := at
			end := m.at(s, 0)
			switch {
			case end > s:
				at = end
			default: // an empty match, or none: one character on
				at++
			}
			if end >= 0 {
				return m.pushCaptures(s, end, true)
			}
		}
		L.Push(lua.LNil)
		return 1
	}))
	return 1
}
