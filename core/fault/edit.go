package fault

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Header is one header field.
type Header struct{ Name, Value string }

// Edit says what to change in a message. Names of header fields are taken in any case, and in compact form for the long
// one. In values and in the body ${NAME} stands for that header field of the message as it was, ${body} for its body.
type Edit struct {
	Status string   // of a response, in place of its own: "486 Busy Here"; empty: as it is
	Remove []string // all fields of these names
	Set    []Header // in place of the fields of that name, or at the end if there is none
	Add    []Header // at the end
	Body   *string  // in place of the body; its lines may end in LF; nil: as it is
}

// changes tells whether the edit changes anything.
func (e *Edit) changes() bool {
	return e.Status != "" || len(e.Remove)+len(e.Set)+len(e.Add) > 0 || e.Body != nil
}

// Apply returns the message with the changes. value is asked for names that the message has no field of; may be nil. A
// Content-Length is corrected and a Content-Type added where the body asks for it, unless the edit itself sets them.
func (e *Edit) Apply(message []byte, value func(name string) (string, bool)) []byte {
	m := split(message)
	expand := m.expander(value) // of the fields as they are now
	if e.Status != "" && bytes.HasPrefix(m.start, version) {
		m.start = append(slices.Clone(version), e.Status...)
	}
	for _, name := range e.Remove {
		m.remove(name)
	}
	for _, h := range e.Set {
		m.set(h.Name, expand(h.Value))
	}
	for _, h := range e.Add {
		m.add(h.Name, expand(h.Value))
	}
	if e.Body != nil {
		m.body = []byte(withCRLF(expand(*e.Body)))
		e.describe(m)
	}
	return m.bytes()
}

// describe gives a new body its header fields.
func (e *Edit) describe(m *parts) {
	if !e.names("Content-Length") {
		m.set("Content-Length", strconv.Itoa(len(m.body)))
	}
	if !e.names("Content-Type") && m.index("Content-Type") < 0 && bytes.HasPrefix(m.body, []byte("v=0")) {
		m.add("Content-Type", "application/sdp")
	}
}

// names tells whether the edit itself decides on a header field.
func (e *Edit) names(name string) bool {
	is := func(h Header) bool { return same(h.Name, name) }
	return slices.ContainsFunc(e.Set, is) || slices.ContainsFunc(e.Add, is) ||
		slices.ContainsFunc(e.Remove, func(n string) bool { return same(n, name) })
}

var version = []byte("SIP/2.0 ")

// parts are a message, taken apart so that the same bytes can be put together again.
type parts struct {
	start  []byte
	fields []field
	body   []byte
}

// field is a header field with the lines that it goes on in (RFC 3261 §7.3.1).
type field struct {
	name string
	line []byte // without the last CRLF
}

func split(message []byte) *parts {
	head, body, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	start, rest, _ := bytes.Cut(head, []byte("\r\n"))
	m := &parts{start: start, body: body}
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		if n := len(m.fields); n > 0 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			last := &m.fields[n-1]
			last.line = append(append(slices.Clip(last.line), "\r\n"...), line...)
			continue
		}
		if len(line) > 0 {
			name, _, _ := bytes.Cut(line, []byte(":"))
			m.fields = append(m.fields, field{string(bytes.TrimSpace(name)), line})
		}
	}
	return m
}

func (m *parts) bytes() []byte {
	var b bytes.Buffer
	b.Write(m.start)
	b.WriteString("\r\n")
	for _, f := range m.fields {
		b.Write(f.line)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	b.Write(m.body)
	return b.Bytes()
}

// index is where the first field of that name stands, -1 if there is none.
func (m *parts) index(name string) int {
	return slices.IndexFunc(m.fields, func(f field) bool { return same(f.name, name) })
}

func (m *parts) remove(name string) {
	m.fields = slices.DeleteFunc(m.fields, func(f field) bool { return same(f.name, name) })
}

func (m *parts) add(name, value string) {
	m.fields = append(m.fields, field{name, []byte(name + ": " + value)})
}

// set puts the field where the first of that name was.
func (m *parts) set(name, value string) {
	at := m.index(name)
	m.remove(name)
	if at < 0 {
		at = len(m.fields)
	}
	m.fields = slices.Insert(m.fields, at, field{name, []byte(name + ": " + value)})
}

// expander returns what puts in the values that ${NAME} stands for.
func (m *parts) expander(value func(string) (string, bool)) func(string) string {
	fields, body := slices.Clone(m.fields), string(m.body)
	known := func(name string) (string, bool) {
		for _, f := range fields {
			if same(f.name, name) {
				_, text, _ := strings.Cut(string(f.line), ":")
				return strings.TrimSpace(text), true
			}
		}
		if strings.EqualFold(name, "body") {
			return body, true
		}
		if value == nil {
			return "", false
		}
		return value(name)
	}
	return func(text string) string { return expand(text, known) }
}

// expand puts in what value gives for ${NAME}. What it does not know stays as it is.
func expand(text string, value func(name string) (string, bool)) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return out.String() + text
		}
		out.WriteString(before)
		if put, ok := value(name); ok {
			out.WriteString(put)
		} else {
			out.WriteString("${" + name + "}")
		}
		text = after
	}
}

// withCRLF ends all lines as SIP and SDP do.
func withCRLF(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// same compares names of header fields.
func same(a, b string) bool { return strings.EqualFold(LongName(a), LongName(b)) }

// LongName is the name of a header field that has a compact form (RFC 3261
// §7.3.3 and the extensions that define one).
func LongName(name string) string {
	if len(name) == 1 {
		if long, ok := compactForms[name[0]|0x20]; ok {
			return long
		}
	}
	return name
}

var compactForms = map[byte]string{
	'a': "Accept-Contact", 'b': "Referred-By", 'c': "Content-Type", 'd': "Request-Disposition", 'e': "Content-Encoding",
	'f': "From", 'i': "Call-ID", 'j': "Reject-Contact", 'k': "Supported", 'l': "Content-Length", 'm': "Contact",
	'o': "Event", 'r': "Refer-To", 's': "Subject", 't': "To", 'u': "Allow-Events", 'v': "Via", 'x': "Session-Expires", 'y': "Identity",
}
