package coretest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"offhook/core"
)

// Message is one SIP message as it was on the wire.
type Message struct {
	At     time.Time
	Sent   bool   // by the Caller
	Start  string // Request-Line or Status-Line
	Fields core.Headers
	Body   string
}

// Parse takes a message apart. What is no header field is passed over.
func Parse(raw []byte) Message {
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	start, fields, _ := strings.Cut(head, "\r\n")
	m := Message{Start: start, Body: body}
	for line := range strings.SplitSeq(fields, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			m.Fields = append(m.Fields, core.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	return m
}

// String is the message as it goes over the wire. Content-Length is added if it
// is not there.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(m.Start + "\r\n")
	for _, h := range m.Fields {
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	if m.Header("Content-Length") == "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(m.Body))
	}
	b.WriteString("\r\n" + m.Body)
	return b.String()
}

// Status is the status code of a response, 0 for a request.
func (m Message) Status() int {
	after, ok := strings.CutPrefix(m.Start, "SIP/2.0 ")
	if !ok {
		return 0
	}
	code, _, _ := strings.Cut(after, " ")
	n, _ := strconv.Atoi(code)
	return n
}

// Reason is the reason phrase of a response.
func (m Message) Reason() string {
	if m.Status() == 0 {
		return ""
	}
	words := strings.SplitN(m.Start, " ", 3)
	return words[len(words)-1]
}

// Method is the method of a request, and of the request that a response answers.
func (m Message) Method() string {
	if m.Status() != 0 {
		_, method, _ := strings.Cut(m.Header("CSeq"), " ")
		return method
	}
	method, _, _ := strings.Cut(m.Start, " ")
	return method
}

// URI is the Request-URI.
func (m Message) URI() string {
	if words := strings.Split(m.Start, " "); len(words) == 3 && m.Status() == 0 {
		return words[1]
	}
	return ""
}

// Header is the first value of a header field, empty if there is none.
func (m Message) Header(name string) string {
	for _, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Headers are all values of a header field, in order.
func (m Message) Headers(name string) []string {
	var values []string
	for _, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// seq is the number in CSeq.
func (m Message) seq() int {
	number, _, _ := strings.Cut(m.Header("CSeq"), " ")
	n, _ := strconv.Atoi(number)
	return n
}

func (m *Message) add(name, value string) {
	m.Fields = append(m.Fields, core.Header{Name: name, Value: value})
}

// remove takes a header field away, wherever it stands.
func (m *Message) remove(name string) {
	kept := m.Fields[:0:0]
	for _, h := range m.Fields {
		if !strings.EqualFold(h.Name, name) {
			kept = append(kept, h)
		}
	}
	m.Fields = kept
}

// set replaces the first header field of that name, or adds one.
func (m *Message) set(name, value string) {
	m.Fields = append(core.Headers(nil), m.Fields...)
	for i, h := range m.Fields {
		if strings.EqualFold(h.Name, name) {
			m.Fields[i].Value = value
			return
		}
	}
	m.add(name, value)
}

// uriOf is the URI of a name-addr or addr-spec.
func uriOf(value string) string {
	if _, after, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(after, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return uri
}

// tagOf is the tag parameter of a From or To.
func tagOf(value string) string {
	value = value[strings.LastIndexByte(value, '>')+1:]
	for param := range strings.SplitSeq(value, ";") {
		if tag, ok := strings.CutPrefix(strings.TrimSpace(param), "tag="); ok {
			return tag
		}
	}
	return ""
}
