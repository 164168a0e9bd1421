package route

import (
	"errors"
	"fmt"
	"net/url"
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
	text   string
	re     *regexp.Regexp // of /…/
	places []class        // of _…: one for each character
	open   byte           // of _…: '.' or '!' when it ends with one
}

// maxMatched is the longest text, in bytes, that a regular expression is tried
// on: nobody routes by longer ones, and a caller shall not choose how long we look.
const maxMatched = 512

// ParsePattern reads a pattern as people write it.
func ParsePattern(s string) (p Pattern, err error) {
	p.text = s
	switch {
	case len(s) >= 2 && s[0] == '/' && s[len(s)-1] == '/':
		p.re, err = regexp.Compile(s[1 : len(s)-1])
	case strings.HasPrefix(s, "_"):
		p.places, p.open, err = asterisk(s[1:])
	}
	if err != nil {
		return Pattern{}, fmt.Errorf("pattern %s: %w", s, err)
	}
	return p, nil
}

// Match reports whether the pattern matches the whole of s; a regular
// expression matches anywhere unless it has anchors, and nothing that is longer
// than 512 bytes.
func (p Pattern) Match(s string) bool {
	switch {
	case p.re != nil:
		return len(s) <= maxMatched && p.re.MatchString(s)
	case p.exact():
		return p.text == s
	}
	if len(s) < len(p.places) || len(s) > len(p.places) && p.open == 0 || len(s) == len(p.places) && p.open == '.' {
		return false
	}
	for i := range p.places {
		if !p.places[i].has(s[i]) {
			return false
		}
	}
	return true
}

func (p Pattern) String() string { return p.text }

// exact tells that the pattern is the only text it matches.
func (p Pattern) exact() bool { return p.re == nil && p.places == nil && p.open == 0 }

// covers reports whether all that q matches is matched by p too, as far as that is easy to see.
func (p Pattern) covers(q Pattern) bool { return p.text == q.text || q.exact() && p.Match(q.text) }

// class is the set of bytes that may stand in one place.
type class [4]uint64

func (c *class) add(first, last byte) {
	for b := int(first); b <= int(last); b++ {
		c[b>>6] |= 1 << (b & 63)
	}
}

func (c *class) has(b byte) bool { return c[b>>6]&(1<<(b&63)) != 0 }

// asterisk reads the body of an Asterisk pattern.
func asterisk(body string) (places []class, open byte, err error) {
	if body == "" {
		return nil, 0, errors.New("nothing follows the underscore")
	}
	for i := 0; i < len(body); i++ {
		var c class
		switch b := body[i]; b {
		case 'X', 'x':
			c.add('0', '9')
		case 'Z', 'z':
			c.add('1', '9')
		case 'N', 'n':
			c.add('2', '9')
		case '.', '!':
			if i != len(body)-1 {
				return nil, 0, fmt.Errorf("%q must be the last character", b)
			}
			return places, b, nil
		case '-': // only for reading, as in Asterisk
			continue
		case '[':
			end := strings.IndexByte(body[i:], ']')
			if end < 2 {
				return nil, 0, errors.New("a set [...] is empty or has no end")
			}
			if err := c.set(body[i+1 : i+end]); err != nil {
				return nil, 0, err
			}
			i += end
		default:
			c.add(b, b)
		}
		places = append(places, c)
	}
	if places == nil {
		return nil, 0, errors.New("only dashes follow the underscore, and they mean nothing")
	}
	return places, 0, nil
}

// set adds what stands between the brackets of [1-35].
func (c *class) set(s string) error {
	if strings.ContainsAny(s, `\^[`) {
		return fmt.Errorf("a set [%s] may hold digits, letters and ranges only", s)
	}
	for i := 0; i < len(s); i++ {
		first, last := s[i], s[i]
		if i+2 < len(s) && s[i+1] == '-' {
			last = s[i+2]
			i += 2
		}
		if first > last {
			return fmt.Errorf("the range %c-%c runs backwards", first, last)
		}
		c.add(first, last)
	}
	return nil
}

// Unescape makes %32 of a user part a 2: they are the same (RFC 3261 §19.1.4), so nobody gets past a rule by writing a number in
// another way.
func Unescape(user string) string {
	if plain, err := url.PathUnescape(user); err == nil {
		return plain
	}
	return user
}
