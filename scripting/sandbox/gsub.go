package sandbox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// stringGsub builds the result piece by piece. Upstream copies all of it for each match (gopher-lua issue 521).
func stringGsub(L *lua.LState) int {
	src, pat := checkText(L, 1), checkText(L, 2)
	replacement, most := L.Get(3), optInt(L, 4, len(src)+1)
	switch replacement.Type() {
	case lua.LTString, lua.LTNumber, lua.LTFunction, lua.LTTable:
	default:
		L.ArgError(3, "string, function or table expected, got "+replacement.Type().String())
	}
	p := 0
	if strings.HasPrefix(pat, "^") {
		p, most = 1, min(most, 1)
	}
	g := substitution{m: newMatcher(L, src, pat), replacement: replacement}
	s, count := 0, 0
	for count < most {
		g.m.again()
		end := g.m.at(s, p)
		if end >= 0 {
			count++
			g.replace(s, end)
		}
		switch {
		case end > s:
			s = end
		case s < len(src):
			g.write(src[s : s+1])
			s++
		default:
			s++
		}
		if s > len(src) || p == 1 {
			break
		}
	}
	if s < len(src) {
		g.write(src[s:])
	}
	work(L, len(g.out))
	pushString(L, string(g.out))
	L.Push(lua.LNumber(count))
	return 2
}

type substitution struct {
	m           *matcher
	replacement lua.LValue
	out         []byte
}

func (g *substitution) write(text string) {
	longest(g.m.L, len(g.out)+len(text))
	g.out = append(g.out, text...)
}

// replace writes what takes the place of a match.
func (g *substitution) replace(s, end int) {
	L := g.m.L
	var v lua.LValue
	switch r := g.replacement.(type) {
	case *lua.LFunction:
		L.Push(r)
		L.Call(g.m.pushCaptures(s, end, true), 1)
		v = L.Get(-1)
		L.Pop(1)
	case *lua.LTable:
		v = L.GetTable(r, g.m.capture(0, s, end))
	default:
		g.expand(s, end, r.String())
		return
	}
	switch {
	case lua.LVIsFalse(v):
		g.write(g.m.src[s:end])
	case lua.LVCanConvToString(v):
		g.write(toText(L, v))
	default:
		L.RaiseError("invalid replacement value (a %s)", v.Type())
	}
}

// expand writes a replacement with %0 to %9 in it.
func (g *substitution) expand(s, end int, text string) {
	for {
		plain, rest, more := strings.Cut(text, "%")
		g.write(plain)
		if !more {
			return
		}
		switch {
		case rest == "":
			g.m.L.RaiseError("invalid use of '%%' in replacement string")
		case rest[0] == '0':
			g.write(g.m.src[s:end])
		case isDigit(rest[0]):
			g.write(toText(g.m.L, g.m.capture(int(rest[0]-'1'), s, end)))
		default:
			g.write(rest[:1])
		}
		text = rest[1:]
	}
}
