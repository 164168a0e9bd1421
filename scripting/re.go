package scripting

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// RE2 takes time in proportion to pattern times text; these bound it to some hundredths of a second, and the memory of what is
// compiled.
const (
	longestRegexp  = 1024
	largestRegexp  = 4000    // instructions
	mostRegexpWork = 4 << 20 // instructions times bytes
)

func reModule() Module {
	params := []Param{
		{Name: "text", Type: Text, Required: true},
		{Name: "pattern", Type: Text, Required: true, Doc: "RE2 syntax; it may match anywhere unless ^ and $ say otherwise"},
	}
	return Module{
		Name: "re",
		Doc:  "Regular expressions (RE2, https://github.com/google/re2/wiki/Syntax). A pattern that is none is an error.",
		Functions: []Function{
			{
				Name: "match", Doc: "Returns what the groups of the pattern match, or what all of it matches when it has none.",
				Params:  params,
				Returns: []Return{{Name: "captures", Type: Text, Doc: "one for each group; nil when the pattern or the group does not match"}},
				Example: `local area, number = re.match(call.cli, [[^\+49(30|40)(\d+)$]])`,
				run:     (*run).reMatch,
			},
			{
				Name: "test", Doc: "Tells whether the pattern matches.",
				Params:  params,
				Returns: []Return{{Name: "matches", Type: Boolean}},
				Example: `if re.test(call.cli, "^(anonymous|)$") then call:reject(433) end`,
				run: func(r *run, a *arguments) int {
					re, text := r.regexpOf(a)
					return a.returns(lua.LBool(re.MatchString(text)))
				},
			},
		},
	}
}

func (r *run) reMatch(a *arguments) int {
	re, text := r.regexpOf(a)
	found := re.FindStringSubmatchIndex(text)
	if found == nil {
		return a.returns(lua.LNil)
	}
	first := 2
	if len(found) == 2 {
		first = 0 // no groups
	}
	var captures []lua.LValue
	for i := first; i < len(found); i += 2 {
		capture := lua.LValue(lua.LNil)
		if found[i] >= 0 {
			s := strings.Clone(text[found[i]:found[i+1]])
			sandbox.Charge(a.LState, len(s))
			capture = lua.LString(s)
		}
		captures = append(captures, capture)
	}
	return a.returns(captures...)
}

// regexpOf returns the pattern, compiled, and a text that is not too long for it.
func (r *run) regexpOf(a *arguments) (*regexp.Regexp, string) {
	text := arg[string](a, "text")
	re, err := r.engine.regexp(arg[string](a, "pattern"))
	if err != nil {
		r.raise(a, fmt.Errorf("pattern: %w", err))
	}
	if re.work(text) > mostRegexpWork {
		r.raise(a, fmt.Errorf("a text of %d bytes is too long for a pattern of this size", len(text)))
	}
	sandbox.Spend(a.LState, re.work(text)/64)
	return re.Regexp, text
}

// regexp returns a pattern, compiled.
func (e *Engine) regexp(pattern string) (boundedRegexp, error) {
	return e.regexps.get(pattern, func() (boundedRegexp, error) { return compileRegexp(pattern) })
}

// boundedRegexp is a regular expression and its size.
type boundedRegexp struct {
	*regexp.Regexp
	size int // instructions
}

func (re boundedRegexp) work(text string) int { return re.size * len(text) }

// compileRegexp refuses patterns that would take long to compile or to match, before it does either.
func compileRegexp(pattern string) (boundedRegexp, error) {
	if len(pattern) > longestRegexp {
		return boundedRegexp{}, fmt.Errorf("is longer than %d bytes", longestRegexp)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return boundedRegexp{}, plainRegexpError(err)
	}
	size := regexpSize(parsed)
	if size > largestRegexp {
		return boundedRegexp{}, errors.New("is too large: repeat less")
	}
	re, err := regexp.Compile(pattern)
	return boundedRegexp{re, size}, plainRegexpError(err)
}

func plainRegexpError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
}

// regexpSize is about how many instructions a pattern compiles to.
func regexpSize(re *syntax.Regexp) int {
	size := 1
	if re.Op == syntax.OpLiteral {
		size = len(re.Rune) // a class of characters is one instruction, however many there are
	}
	for _, sub := range re.Sub {
		size += regexpSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, largestRegexp+1)
}
