package transport

import "bytes"

// RFC 3261 §25.1 allows white space and folds around every separator. sipgo's
// parser takes "tag  = x" for a parameter named "tag  ", "SIP / 2.0 / UDP" for
// a Via without transport, and the comma between two Vias without parameters
// for a part of the host. A message that has any of this is rewritten before
// it is parsed; all others, nearly all, are parsed as they came.

// untidy tells whether the parser would misread the field.
func (f field) untidy() bool {
	switch f.kind {
	case kindVia:
		// "SIP/2.0/UDP host:port;params": one space, or something is odd.
		return bytes.ContainsAny(f.value, "\t\n,") || bytes.Count(f.value, []byte{' '}) != 1
	case kindCSeq:
		return bytes.ContainsAny(f.value, "\t\n") || bytes.Count(f.value, []byte{' '}) != 1
	case kindFrom, kindTo, kindAddress:
		return blankAtSeparator(f.value)
	}
	return false
}

// blankAtSeparator finds white space beside a semicolon or an equals sign. It
// may be wrong about quoted strings, which costs a rewrite and nothing else.
func blankAtSeparator(value []byte) bool {
	for i, c := range value {
		switch c {
		case '\n', '\t':
			return true
		case ' ':
			if i == 0 || i == len(value)-1 {
				continue
			}
			if isSeparator(value[i-1], ";=") || isSeparator(value[i+1], ";=") {
				return true
			}
		}
	}
	return false
}

// tidy rewrites the header section of b and appends the body as it is.
func tidy(b []byte, h head, limits *Limits) ([]byte, *fault) {
	out := make([]byte, 0, len(b)+64)
	line, rest := cutLine(b[:h.size])
	out = append(append(out, line...), "\r\n"...)
	for n := 0; ; n++ {
		f, after, ok := nextField(rest)
		if !ok {
			break
		}
		rest = after
		values := [][]byte{f.value}
		if f.kind == kindVia {
			values = splitList(f.value)
		}
		if n += len(values) - 1; n >= limits.HeaderFields {
			return nil, faultFieldCount
		}
		for _, value := range values {
			out = append(append(out, f.name...), ": "...)
			out = appendTidy(out, value, f.kind)
			out = append(out, "\r\n"...)
		}
	}
	out = append(out, "\r\n"...)
	return append(out, b[h.size:]...), nil
}

// appendTidy appends value on one line: runs of white space become one space,
// and none stays beside a separator outside quotes and angle brackets.
func appendTidy(out, value []byte, k kind) []byte {
	separators := ""
	switch k {
	case kindVia:
		separators = ";=/:"
	case kindFrom, kindTo, kindAddress:
		separators = ";="
	}
	start := len(out)
	var at lexer
	var blank bool
	for _, c := range value {
		if !at.quoted && (isBlank(c) || c == '\r' || c == '\n') {
			blank = true
			continue
		}
		if at.quoted && (c == '\r' || c == '\n') {
			continue // a fold: the blank that follows it stays
		}
		if blank && len(out) > start {
			beside := isSeparator(c, separators) || isSeparator(out[len(out)-1], separators)
			if at.bracketed || !beside {
				out = append(out, ' ')
			}
		}
		blank = false
		out = append(out, c)
		at.step(c)
	}
	return out
}

// splitList splits a header field value at the commas outside quotes.
func splitList(value []byte) [][]byte {
	var list [][]byte
	var at lexer
	start := 0
	for i, c := range value {
		if c == ',' && !at.quoted {
			list = append(list, bytes.TrimSpace(value[start:i]))
			start = i + 1
		}
		at.step(c)
	}
	return append(list, bytes.TrimSpace(value[start:]))
}

// lexer knows where in a header field value it is.
type lexer struct{ quoted, escaped, bracketed bool }

func (x *lexer) step(c byte) {
	switch {
	case x.escaped:
		x.escaped = false
	case x.quoted && c == '\\':
		x.escaped = true
	case c == '"' && !x.bracketed:
		x.quoted = !x.quoted
	case c == '<' && !x.quoted:
		x.bracketed = true
	case c == '>' && !x.quoted:
		x.bracketed = false
	}
}

func isSeparator(c byte, separators string) bool {
	for i := range len(separators) {
		if separators[i] == c {
			return true
		}
	}
	return false
}
