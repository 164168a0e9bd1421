package route

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern matches a user part, a number or a header value:
//
//	100        exactly this text
//	_9X.       an Asterisk pattern: X is 0–9, Z is 1–9, N is 2–9, [1-35] a set,
//	           . one or more characters, ! none or more; . and ! end the pattern
//	/^\+49/    an RE2 regular expression
//
// The zero Pattern matches only the empty text.
type Pattern struct {
	text  string
	re    *regexp.Regexp // RE2, or what an Asterisk pattern means
	exact bool
}

// ParsePattern reads a pattern as people write it.
func ParsePattern(s string) (Pattern, error) {
	switch {
	case len(s) >= 2 && s[0] == '/' && s[len(s)-1] == '/':
		re, err := regexp.Compile(s[1 : len(s)-1])
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %s: %w", s, err)
		}
		return Pattern{text: s, re: re}, nil
	case strings.HasPrefix(s, "_"):
		re, err := asterisk(s[1:])
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %s: %w", s, err)
		}
		return Pattern{text: s, re: re}, nil
	}
	return Pattern{text: s, exact: true}, nil
}

// Match reports whether the pattern matches the whole of s; a regular
// expression matches anywhere unless it has anchors.
func (p Pattern) Match(s string) bool {
	if p.re != nil {
		return p.re.MatchString(s)
	}
	return p.text == s
}

func (p Pattern) String() string { return p.text }

// asterisk turns the body of an Asterisk pattern into a regular expression.
func asterisk(body string) (*regexp.Regexp, error) {
	if body == "" {
		return nil, errors.New("nothing follows the underscore")
	}
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case 'X', 'x':
			re.WriteString(`[0-9]`)
		case 'Z', 'z':
			re.WriteString(`[1-9]`)
		case 'N', 'n':
			re.WriteString(`[2-9]`)
		case '.', '!':
			if i != len(body)-1 {
				return nil, fmt.Errorf("%q must be the last character", c)
			}
			re.WriteString(map[byte]string{'.': `.+`, '!': `.*`}[c])
		case '-': // only for reading, as in Asterisk
		case '[':
			end := strings.IndexByte(body[i:], ']')
			if end < 2 {
				return nil, errors.New("a set [...] is empty or has no end")
			}
			set := body[i+1 : i+end]
			if strings.ContainsAny(set, `\^[`) {
				return nil, fmt.Errorf("a set [%s] may hold digits, letters and ranges only", set)
			}
			re.WriteString("[" + set + "]")
			i += end
		default:
			re.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	re.WriteString(`\z`)
	return regexp.Compile(re.String())
}
