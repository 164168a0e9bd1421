package core

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// withReason is the header fields with Reason in front, if there is one.
func (o HangupOptions) withReason() Headers {
	if o.Reason == "" && o.Q850 == 0 {
		return o.Headers
	}
	cause := o.Q850
	if cause == 0 {
		cause = 16
	}
	value := fmt.Sprintf("Q.850;cause=%d", cause)
	if o.Reason != "" {
		value += fmt.Sprintf(";text=%q", o.Reason)
	}
	return append(Headers{{"Reason", value}}, o.Headers...)
}

// reasonOf reads the Reason header fields of a BYE or CANCEL (RFC 3326): the
// first text, and the first cause of Q.850. A field that cannot be read is the
// text as it stands.
func reasonOf(req *sip.Request) (text string, q850 int) {
	for _, h := range req.GetHeaders("Reason") {
		for _, value := range splitQuoted(h.Value(), ',') {
			t, cause := parseReason(value)
			if text == "" {
				text = t
			}
			if q850 == 0 {
				q850 = cause
			}
		}
	}
	return text, q850
}

// parseReason reads one reason-value: Q.850;cause=16;text="Normal call clearing".
func parseReason(value string) (text string, q850 int) {
	parts := splitQuoted(value, ';')
	if len(parts) == 1 {
		return strings.TrimSpace(value), 0
	}
	for _, part := range parts[1:] {
		name, param, _ := strings.Cut(part, "=")
		param = strings.TrimSpace(param)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "text":
			text = unquote(param)
		case "cause":
			n, err := strconv.Atoi(param)
			if err == nil && n > 0 && n < 128 && strings.EqualFold(strings.TrimSpace(parts[0]), "Q.850") {
				q850 = n
			}
		}
	}
	return text, q850
}

// splitQuoted splits at sep outside quoted strings (RFC 3261 §25.1).
func splitQuoted(s string, sep byte) (parts []string) {
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// unquote takes the quotes and the escapes from a quoted string.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
