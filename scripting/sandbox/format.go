package sandbox

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// stringFormat follows C: upstream hands what scripts write to Go's fmt, which knows more, as "%[1]d" and "%v".
func stringFormat(L *lua.LState) int {
	format, arg := checkText(L, 1), 1
	var out []byte
	write := func(text string) {
		longest(L, len(out)+len(text))
		out = append(out, text...)
	}
	for {
		plain, rest, more := strings.Cut(format, "%")
		write(plain)
		if !more {
			break
		}
		if strings.HasPrefix(rest, "%") {
			write("%")
			format = rest[1:]
			continue
		}
		d := parseDirective(L, rest)
		arg++
		write(d.format(L, arg))
		format = rest[d.length:]
	}
	work(L, len(out))
	return pushString(L, string(out))
}

// directive is what follows a '%': flags, width, precision, and what to write.
type directive struct {
	flags, width, precision string // precision with its point
	verb                    byte
	length                  int
}

func parseDirective(L *lua.LState, text string) directive {
	rest := text
	take := func(set string, most int) string {
		n := 0
		for n < len(rest) && n < most && strings.IndexByte(set, rest[n]) >= 0 {
			n++
		}
		taken := rest[:n]
		rest = rest[n:]
		return taken
	}
	d := directive{flags: take("-+ #0", 5), width: take("0123456789", 2)}
	if strings.HasPrefix(rest, ".") {
		d.precision = take(".", 1) + take("0123456789", 2)
	}
	if rest == "" || strings.IndexByte("cdiouxXeEfgGqs", rest[0]) < 0 {
		L.RaiseError("invalid option '%%%s' to 'format'", text[:min(len(text), len(text)-len(rest)+1)])
	}
	d.verb = rest[0]
	d.length = len(text) - len(rest) + 1
	return d
}

// format writes the n-th argument.
func (d directive) format(L *lua.LState, n int) string {
	switch d.verb {
	case 'q':
		return quote(checkText(L, n))
	case 's':
		return fmt.Sprintf(d.spec(strings.Trim(d.flags, "+ #0"), 's'), toText(L, L.CheckAny(n)))
	case 'c':
		d.precision = ""
		return fmt.Sprintf(d.spec(strings.Trim(d.flags, "+ #0"), 's'), string([]byte{byte(checkInt(L, n))}))
	case 'd', 'i':
		return fmt.Sprintf(d.spec(d.flags, 'd'), wholeNumber(L, n))
	case 'u', 'o', 'x', 'X':
		verb := d.verb
		if verb == 'u' {
			verb = 'd'
		}
		return fmt.Sprintf(d.spec(d.flags, verb), uint64(wholeNumber(L, n)))
	}
	f := float64(L.CheckNumber(n))
	if math.IsInf(f, 0) || math.IsNaN(f) {
		d.precision = ""
		return fmt.Sprintf(d.spec(strings.Trim(d.flags, "+ #0"), 's'), formatNumber(f))
	}
	if d.precision == "" {
		d.precision = ".6" // C's; Go's is as many as it takes
	}
	return fmt.Sprintf(d.spec(d.flags, d.verb), f)
}

func (d directive) spec(flags string, verb byte) string {
	return "%" + flags + d.width + d.precision + string(rune(verb))
}

// wholeNumber is a number argument cut to an integer, as a C cast does.
func wholeNumber(L *lua.LState, n int) int64 {
	f := float64(L.CheckNumber(n))
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f > math.MinInt64:
		return int64(f)
	}
	return math.MinInt64 // NaN, too
}

// quote writes a string so that Lua reads it back.
func quote(s string) string {
	out := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
