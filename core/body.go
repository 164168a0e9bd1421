package core

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// multipartType is how the media types begin whose body has parts (RFC 2046 §5.1).
const multipartType = "multipart/"

// maxNested bounds multipart bodies within multipart bodies.
const maxNested = 3

var (
	wrongEncoding = (&refusal{code: 415, reason: "Unsupported Media Type"}).with("Accept-Encoding", "identity")
	badParts      = &refusal{code: 400, reason: "Bad Multipart Body"}
)

// encoded tells whether a body is packed in a way that we cannot unpack
// (RFC 3261 §20.12).
func encoded(encoding string) bool {
	encoding = strings.TrimSpace(encoding)
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// carrier is a request or a response, with its body.
type carrier interface {
	message
	Body() []byte
	SetBody([]byte)
	ContentType() *sip.ContentTypeHeader
}

// unpack leaves in an INVITE, UPDATE, PRACK or ACK, or in a response to one, the
// session description alone, or no body if there is none. What else the body has,
// as ISUP (RFC 3372) or a location (RFC 6442), is passed over, unless it is said
// in so many words that it must be understood: handling=required, which
// RFC 3261 §20.11 assumes too where nothing is said, but senders do not mean it.
func unpack(m carrier) *refusal {
	if len(m.Body()) == 0 {
		return nil
	}
	if h := m.ContentType(); h != nil && mediaType(h.Value()) == sdpType && !qualified(m) {
		return nil // nearly all of them
	}
	p := part{textproto.MIMEHeader{}, m.Body()}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Encoding"} {
		if values := fieldsOf(m, name); len(values) > 0 {
			p.header.Set(name, values[0])
		}
	}
	description, r := p.description(maxNested)
	if r != nil {
		return r
	}
	m.SetBody(description) // sipgo keeps Content-Length true
	return nil
}

// qualified tells whether a message says more of its body than the type. It costs
// nothing to ask of each.
func qualified(m message) bool {
	for _, h := range m.Headers() {
		switch name := h.Name(); len(name) {
		case len("e"):
			if name == "e" || name == "E" {
				return true
			}
		case len("Content-Encoding"):
			if strings.EqualFold(name, "Content-Encoding") {
				return true
			}
		case len("Content-Disposition"):
			if strings.EqualFold(name, "Content-Disposition") {
				return true
			}
		}
	}
	return false
}

// descriptionOf is the session description in a response; nil: there is none, or
// more that must be understood.
func descriptionOf(res *sip.Response) []byte {
	if unpack(res) != nil {
		return nil
	}
	return res.Body()
}

// part is a body or a part of one.
type part struct {
	header textproto.MIMEHeader
	body   []byte
}

// isDescription tells whether a part is an offer or an answer for this session:
// one for early media (RFC 3959) is not.
func (p part) isDescription() bool {
	kind, _ := p.disposition()
	return mediaType(p.header.Get("Content-Type")) == sdpType && (kind == "" || kind == "session") && !encoded(p.header.Get("Content-Encoding"))
}

func (p part) disposition() (kind string, required bool) {
	kind, params, _ := strings.Cut(p.header.Get("Content-Disposition"), ";")
	return strings.ToLower(strings.TrimSpace(kind)), strings.EqualFold(param(params, "handling"), "required")
}

// description finds the session description in a part; nil: it has none, and may
// be passed over.
func (p part) description(nested int) ([]byte, *refusal) {
	contentType := p.header.Get("Content-Type")
	_, required := p.disposition()
	switch {
	case p.isDescription():
		return p.body, nil
	case strings.HasPrefix(mediaType(contentType), multipartType) && nested > 0 && !encoded(p.header.Get("Content-Encoding")):
		return p.among(contentType, nested-1)
	case required && encoded(p.header.Get("Content-Encoding")):
		return nil, wrongEncoding
	case required:
		return nil, wrongBody
	}
	return nil, nil
}

// among finds the first session description of several parts.
func (p part) among(contentType string, nested int) (found []byte, r *refusal) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, badParts
	}
	for reader := multipart.NewReader(bytes.NewReader(p.body), params["boundary"]); ; {
		next, err := reader.NextRawPart()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, badParts
		}
		body, err := io.ReadAll(next)
		if err != nil {
			return nil, badParts
		}
		description, r := part{next.Header, body}.description(nested)
		if r != nil {
			return nil, r
		}
		if found == nil {
			found = description
		}
	}
}

// wrongBodyOf refuses a body that we cannot read (RFC 3261 §8.2.3). Where offers and
// answers are exchanged it is a description, or has one among its parts; a body
// that may be passed over is (handling=optional).
func wrongBodyOf(req *sip.Request) *refusal {
	if len(req.Body()) == 0 {
		return nil
	}
	optional := false
	if qualified(req) {
		for _, value := range fieldsOf(req, "Content-Disposition") {
			_, params, _ := strings.Cut(value, ";")
			optional = strings.EqualFold(param(params, "handling"), "optional")
		}
		for _, value := range fieldsOf(req, "Content-Encoding") {
			if encoded(value) && !optional {
				return wrongEncoding
			}
		}
	}
	switch req.Method {
	case sip.INVITE, sip.UPDATE, sip.PRACK:
		if h := req.ContentType(); !optional && !isSDP(req) && (h == nil || !strings.HasPrefix(mediaType(h.Value()), multipartType)) {
			return wrongBody
		}
	}
	return nil
}
