package core

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// checkURI looks at a URI that goes into a header field of ours: it must not end
// the field, nor the angle brackets about it (RFC 3986 §2 has none of that).
func checkURI(text string) (string, error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"`, r) }); i >= 0 {
		return "", fmt.Errorf("%q: %w: %q is no character of a URI", text, ErrURI, text[i:i+1])
	}
	var u sip.Uri
	if err := sip.ParseUri(text, &u); err != nil {
		return "", fmt.Errorf("%q: %w: %w", text, ErrURI, err)
	}
	if (u.Scheme == "sip" || u.Scheme == "sips") && u.Host == "" {
		return "", fmt.Errorf("%q: %w: it names no host: write sip:user@host", text, ErrURI)
	}
	return u.String(), nil
}
