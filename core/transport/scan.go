package transport

import (
	"bytes"
	"fmt"
	"strconv"
)

// fault is what is wrong with a message, as the status and reason of the
// answer to it. RFC 3261 §21.4.1: the reason phrase of a 400 should say more
// than "Bad Request".
type fault struct {
	status int
	reason string
}

func (f *fault) Error() string { return fmt.Sprintf("%d %s", f.status, f.reason) }

var (
	faultSyntax     = &fault{400, "Bad Request"}
	faultNoEnd      = &fault{400, "Header Section Has No End"}
	faultHeaderSize = &fault{400, "Header Section Too Large"}
	faultFieldCount = &fault{400, "Too Many Header Fields"}
	faultFold       = &fault{400, "Folded Line Before The First Header Field"}
	faultRepeated   = &fault{400, "Header Field Repeated"}
	faultLength     = &fault{400, "Bad Content-Length"}
	faultNoLength   = &fault{400, "Missing Content-Length"}
	faultShort      = &fault{400, "Message Shorter Than Content-Length"}
	faultVia        = &fault{400, "Bad Via"}
	faultTooLarge   = &fault{413, "Request Entity Too Large"}
	faultScheme     = &fault{416, "Unsupported URI Scheme"}
	faultVersion    = &fault{505, "Version Not Supported"}
)

// headerEnd is the empty line after the header fields.
var headerEnd = []byte("\r\n\r\n")

const (
	noContentLength = -1
	// maxLengthDigits is what a Content-Length may have; longer ones are lies
	// whatever the limit is.
	maxLengthDigits = 10
)

// head is what a look at the raw bytes tells of a message before it is parsed.
type head struct {
	size   int    // bytes up to and including the empty line
	length int    // value of Content-Length, noContentLength without one
	agent  []byte // value of User-Agent, nil without one
	untidy bool   // legal white space or lists that sipgo's parser gets wrong
}

// scan walks over the header section of b, which is size bytes long with its
// empty line. It checks what the parser does not: fields that may occur once
// only, the number of fields, a sane Content-Length.
func scan(b []byte, size int, limits *Limits) (head, *fault) {
	h := head{size: size, length: noContentLength}
	_, rest := cutLine(b[:size])
	if len(rest) > 0 && isBlank(rest[0]) {
		return h, faultFold
	}
	var seen kind
	for n := 0; ; n++ {
		f, after, ok := nextField(rest)
		if !ok {
			return h, nil
		}
		rest = after
		if n == limits.HeaderFields {
			return h, faultFieldCount
		}
		if f.kind&single != 0 {
			if seen&f.kind != 0 {
				return h, faultRepeated
			}
			seen |= f.kind
		}
		if f.kind == kindContentLength {
			if h.length, ok = parseLength(f.value); !ok {
				return h, faultLength
			}
		}
		if f.kind == kindUserAgent {
			h.agent = f.value
		}
		h.untidy = h.untidy || f.untidy()
	}
}

// parseLength reads the value of a Content-Length.
func parseLength(value []byte) (int, bool) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || len(value) > maxLengthDigits {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(string(value))
	return n, err == nil
}

// kind tells the header fields apart that matter before parsing. It is a set
// of bits, so that scan can remember which ones it saw.
type kind uint16

const (
	kindOther kind = 1 << iota
	kindVia
	kindFrom
	kindTo
	kindCallID
	kindCSeq
	kindMaxForwards
	kindContentLength
	kindUserAgent
	kindAddress // Contact, Route and others that hold a list of addresses

	// single are the fields of which a second one makes the message
	// ambiguous (RFC 4475 §3.3.8).
	single = kindFrom | kindTo | kindCallID | kindCSeq | kindMaxForwards | kindContentLength
)

// kindOf finds the kind of a header field name, long or compact, in any case.
func kindOf(name []byte) kind {
	var low [14]byte // as long as "content-length"
	if len(name) > len(low) {
		return kindOther
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	switch string(low[:len(name)]) {
	case "via", "v":
		return kindVia
	case "from", "f":
		return kindFrom
	case "to", "t":
		return kindTo
	case "call-id", "i":
		return kindCallID
	case "cseq":
		return kindCSeq
	case "max-forwards":
		return kindMaxForwards
	case "content-length", "l":
		return kindContentLength
	case "user-agent":
		return kindUserAgent
	case "contact", "m", "route", "record-route", "refer-to", "referred-by":
		return kindAddress
	}
	return kindOther
}

// field is one header field of a raw message.
type field struct {
	kind        kind
	name, value []byte // without the white space around them; a value keeps its folds
}

// nextField cuts the first header field, with its continuation lines, off b.
// It is false at the empty line and at the end of b.
func nextField(b []byte) (f field, rest []byte, ok bool) {
	line, rest := cutLine(b)
	if len(line) == 0 {
		return field{}, rest, false
	}
	end := len(line)
	for len(rest) > 0 && isBlank(rest[0]) {
		more, after := cutLine(rest)
		end = len(b) - len(rest) + len(more)
		rest = after
	}
	name, value, _ := bytes.Cut(b[:end], []byte{':'})
	f.name, f.value = bytes.TrimSpace(name), bytes.TrimSpace(value)
	f.kind = kindOf(f.name)
	return f, rest, true
}

// cutLine splits b after its first line, which it returns without the line
// end. It takes a bare LF for a line end too: what is malformed must still be
// readable enough to be answered.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte{'\r'}), b[i+1:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
