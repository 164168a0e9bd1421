package sandbox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxCaptures = 32
	// maxMatchDepth is how deep a match goes back and forth within itself: once for each item of the pattern that repeats.
	maxMatchDepth = 200

	captureOpen     = -1 // no end found yet
	capturePosition = -2 // "()"
)

// matcher matches one subject with one pattern: the algorithm of C Lua's lstrlib.c, with a bound of its steps. Upstream
// recurses for each character and cannot be stopped.
type matcher struct {
	L        *lua.LState
	src, pat string
	steps    int // left
	depth    int
	level    int // captures, finished or not
	captures [maxCaptures]capture
}

type capture struct{ start, length int }

func newMatcher(L *lua.LState, src, pat string) *matcher {
	m := &matcher{L: L, src: src, pat: pat}
	m.again()
	return m
}

// again gives the match all its steps: the limit, and some for each character, which a search looks at once at least.
func (m *matcher) again() { m.steps = StateOf(m.L).limits.PatternSteps + 4*len(m.src) }

// at matches at one place of the subject; -1 = it does not.
func (m *matcher) at(s, p int) (end int) {
	before := m.steps
	m.level = 0
	end = m.match(s, p)
	StateOf(m.L).budget.spend(1 + (before-m.steps)%reportEvery/2)
	return end
}

// reportEvery is how many steps are counted at a time, about 10 µs.
const reportEvery = 512

func (m *matcher) step() {
	if m.steps--; m.steps%reportEvery == 0 {
		StateOf(m.L).budget.spend(reportEvery / 2)
	}
	if m.steps < 0 {
		m.L.RaiseError("pattern takes too long: gave up after %d steps", StateOf(m.L).limits.PatternSteps)
	}
}

// match matches the pattern from p at s, and returns the end of the match or -1.
func (m *matcher) match(s, p int) (end int) {
	if m.depth++; m.depth > maxMatchDepth {
		m.L.RaiseError("pattern too complex")
	}
	end = m.items(s, p)
	m.depth--
	return end
}

func (m *matcher) items(s, p int) int {
	for p < len(m.pat) {
		m.step()
		switch c := m.pat[p]; {
		case c == '(':
			return m.open(s, p)
		case c == ')':
			return m.close(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'b':
			if s = m.balance(s, p+2); s < 0 {
				return -1
			}
			p += 4
		case c == '%' && p+1 < len(m.pat) && m.pat[p+1] == 'f':
			if p = m.frontier(s, p+2); p < 0 {
				return -1
			}
		case c == '%' && p+1 < len(m.pat) && '0' <= m.pat[p+1] && m.pat[p+1] <= '9':
			if s = m.back(s, m.pat[p+1]); s < 0 {
				return -1
			}
			p += 2
		default:
			var done bool
			if s, p, done = m.item(s, p); done {
				return s
			}
		}
	}
	return s
}

// item matches a character class and what repeats it. Unless the match is done, it goes on at next.
func (m *matcher) item(s, p int) (end, next int, done bool) {
	ep := m.classEnd(p)
	repeat := byte(0)
	if ep < len(m.pat) {
		repeat = m.pat[ep]
	}
	switch repeat {
	case '?':
		if s < len(m.src) && m.single(m.src[s], p, ep) {
			if end := m.match(s+1, ep+1); end >= 0 {
				return end, 0, true
			}
		}
		return s, ep + 1, false
	case '*':
		return m.longest(s, p, ep, 0), 0, true
	case '+':
		return m.longest(s, p, ep, 1), 0, true
	case '-':
		return m.shortest(s, p, ep), 0, true
	}
	if s < len(m.src) && m.single(m.src[s], p, ep) {
		return s + 1, ep, false
	}
	return -1, 0, true
}

// longest takes as many characters as it can, at least least, and then fewer until the rest matches.
func (m *matcher) longest(s, p, ep, least int) int {
	n := 0
	for s+n < len(m.src) && m.single(m.src[s+n], p, ep) {
		m.step()
		n++
	}
	for ; n >= least; n-- {
		if end := m.match(s+n, ep+1); end >= 0 {
			return end
		}
	}
	return -1
}

// shortest takes as few characters as the rest allows.
func (m *matcher) shortest(s, p, ep int) int {
	for {
		if end := m.match(s, ep+1); end >= 0 {
			return end
		}
		if s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return -1
		}
		s++
	}
}

func (m *matcher) open(s, p int) int {
	if m.level >= maxCaptures {
		m.L.RaiseError("too many captures in pattern")
	}
	length := captureOpen
	p++
	if p < len(m.pat) && m.pat[p] == ')' {
		length = capturePosition
		p++
	}
	m.captures[m.level] = capture{s, length}
	m.level++
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *matcher) close(s, p int) int {
	l := m.level - 1
	for l >= 0 && m.captures[l].length != captureOpen {
		l--
	}
	if l < 0 {
		m.L.RaiseError("invalid pattern capture")
	}
	m.captures[l].length = s - m.captures[l].start
	end := m.match(s, p)
	if end < 0 {
		m.captures[l].length = captureOpen
	}
	return end
}

// balance matches %bxy, whose two characters are at p.
func (m *matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		m.L.RaiseError("unbalanced pattern")
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	open, close, depth := m.pat[p], m.pat[p+1], 1
	for s++; s < len(m.src); s++ {
		m.step()
		switch m.src[s] {
		case close:
			if depth--; depth == 0 {
				return s + 1
			}
		case open:
			depth++
		}
	}
	return -1
}

// frontier matches %f[set], whose set is at p, and returns where the pattern goes on: the character before s is not in the
// set and that at s is. Beyond both ends of the subject there is a zero.
func (m *matcher) frontier(s, p int) int {
	if p >= len(m.pat) || m.pat[p] != '[' {
		m.L.RaiseError("missing '[' after '%%f' in pattern")
	}
	ep := m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		here = m.src[s]
	}
	if m.inSet(before, p, ep-1) || !m.inSet(here, p, ep-1) {
		return -1
	}
	return ep
}

// back matches %1 to %9: what that capture has matched.
func (m *matcher) back(s int, digit byte) int {
	l := int(digit) - '1'
	if l < 0 || l >= m.level || m.captures[l].length == captureOpen {
		m.L.RaiseError("invalid capture index")
	}
	c := m.captures[l]
	if c.length == capturePosition {
		return -1
	}
	m.steps -= c.length / 16
	if text := m.src[c.start : c.start+c.length]; strings.HasPrefix(m.src[s:], text) {
		return s + len(text)
	}
	return -1
}
