package digest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/icholy/digest"
)

// errScheme says that a header field is about another scheme than Digest.
var errScheme = errors.New("the scheme is not Digest")

// parameters reads a challenge or credentials: Digest name=value, name="value" …
// Names are in lower case, the first of two with one name counts.
func parameters(value string) (map[string]string, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil, errScheme
	}
	found := map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t\r\n,")
		if rest == "" {
			return found, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		if !ok || name == "" || strings.ContainsAny(name, " \t\",") {
			return nil, fmt.Errorf("parameter %.20q has no value", rest)
		}
		text, after, err := parameter(strings.TrimLeft(after, " \t\r\n"))
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		if _, again := found[name]; !again {
			found[name] = text
		}
		rest = after
	}
}

// parameter takes a token or a quoted string (RFC 3261 §25.1) from the front.
func parameter(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t\r\n")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			if !utf8.ValidString(b.String()) {
				return "", "", errors.New("is not UTF-8")
			}
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("the quoted string has no end")
}

// parseChallenge reads a WWW-Authenticate or Proxy-Authenticate.
func parseChallenge(value string) (*digest.Challenge, error) {
	p, err := parameters(value)
	if err != nil {
		return nil, err
	}
	c := &digest.Challenge{
		Realm: p["realm"], Nonce: p["nonce"], Opaque: p["opaque"], Algorithm: p["algorithm"],
		Stale: strings.EqualFold(p["stale"], "true"),
	}
	for qop := range strings.SplitSeq(p["qop"], ",") {
		if qop = strings.ToLower(strings.TrimSpace(qop)); qop != "" {
			c.QOP = append(c.QOP, qop)
		}
	}
	if c.Nonce == "" {
		return nil, errors.New("there is no nonce")
	}
	return c, nil
}
