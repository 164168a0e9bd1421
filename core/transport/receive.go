package transport

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/guard"
)

// Deliver parses b as one datagram that came in over f, exactly as if a UDP
// socket had read it, and calls Receive if it is well formed. b is not kept.
func (l *Layer) Deliver(b []byte, f Flow) {
	if l.screen(b, f) != guard.Pass {
		return
	}
	switch filter(b) {
	case keepAlive:
		l.count.keepAlives.Add(1)
		return
	case noise:
		l.count.dropped.Add(1)
		return
	}
	b = bytes.TrimLeft(b, "\r\n")
	h, err := datagram(b, &l.limits)
	if err != nil {
		l.refuse(b, f, err)
		return
	}
	l.receive(b, h, f)
}

// datagram scans a message that fills a datagram. What follows the length that
// Content-Length names is ignored (RFC 3261 §18.3).
func datagram(b []byte, limits *Limits) (head, *fault) {
	if len(b) > limits.Message {
		return head{}, faultTooLarge
	}
	end := bytes.Index(b, headerEnd)
	switch {
	case end < 0:
		return head{}, faultNoEnd
	case end+len(headerEnd) > limits.Header:
		return head{}, faultHeaderSize
	}
	h, err := scan(b, end+len(headerEnd), limits)
	if err != nil {
		return h, err
	}
	if h.length == noContentLength {
		h.length = len(b) - h.size
	}
	if h.length > len(b)-h.size {
		return h, faultShort
	}
	return h, nil
}

// screen judges a message by its source.
func (l *Layer) screen(b []byte, f Flow) guard.Reason {
	if l.guard == nil {
		return guard.Pass
	}
	return l.guard.Source(f.remote.Addr(), isResponse(b), time.Now())
}

func isResponse(b []byte) bool { return bytes.HasPrefix(b, []byte("SIP/")) }

// receive parses a message of which h is the head, and hands it on.
func (l *Layer) receive(b []byte, h head, f Flow) {
	if l.guard != nil && h.agent != nil && !isResponse(b) && l.guard.Agent(f.remote.Addr(), h.agent, time.Now()) != guard.Pass {
		return
	}
	msg, err := l.parse(b[:h.size+h.length], h)
	if err != nil {
		l.refuse(b, f, err)
		return
	}
	if req, ok := msg.(*sip.Request); ok {
		if port := stampVia(req.Via(), f.remote); !f.Reliable() {
			f.answerPort = port
		}
	}
	l.count.received.Add(1)
	l.onMessage(msg, b[:h.size+h.length], f)
}

// parse runs sipgo's parser over one whole message and evens out its quirks.
func (l *Layer) parse(b []byte, h head) (msg sip.Message, bad *fault) {
	// The parser has never been seen to panic, in millions of mutated
	// messages. Should it, the message is malformed, and the server lives on.
	defer func() {
		if p := recover(); p != nil {
			l.log.Error("parser panicked", "panic", fmt.Sprint(p), "bytes", len(b))
			msg, bad = nil, faultSyntax
		}
	}()
	method, _, _ := bytes.Cut(b, []byte{' '})
	if h.untidy {
		if b, bad = tidy(b, h, &l.limits); bad != nil {
			return nil, bad
		}
	}
	msg, err := l.parser.ParseSIP(b)
	if err != nil {
		return nil, parseFault(b)
	}
	switch m := msg.(type) {
	case *sip.Request:
		// The parser turns "invite" into INVITE, but methods are
		// case-sensitive (RFC 3261 §7.1).
		if string(m.Method) != string(method) {
			m.Method = sip.RequestMethod(method)
		}
		lowerNames(m.Recipient.UriParams)
		bad = canonical(m.SipVersion, m.Headers())
	case *sip.Response:
		bad = canonical(m.SipVersion, m.Headers())
	}
	if bad == nil && msg.Via() == nil {
		bad = faultVia
	}
	return msg, bad
}

// parseFault tells why the parser refused b, as far as that can be told. Of
// schemes it takes those made of letters only.
func parseFault(b []byte) *fault {
	line, _ := cutLine(b)
	words := bytes.Split(line, []byte{' '})
	if len(words) != 3 || bytes.HasPrefix(b, []byte("SIP/")) {
		return faultSyntax
	}
	scheme, _, ok := bytes.Cut(words[1], []byte{':'})
	if ok && bytes.ContainsAny(scheme, "+-.0123456789") && !bytes.ContainsAny(scheme, "<>@;\"") {
		return faultScheme
	}
	return faultSyntax
}

// canonical checks what the parser lets pass and lower-cases parameter names,
// which the parser looks up as they were written (RFC 3261 §7.3.1).
func canonical(version string, headers []sip.Header) *fault {
	if !strings.EqualFold(version, "SIP/2.0") {
		return faultVersion
	}
	for _, header := range headers {
		switch h := header.(type) {
		case *sip.ViaHeader:
			if !validVia(h) {
				return faultVia
			}
			lowerNames(h.Params)
		case *sip.FromHeader:
			lowerNames(h.Params)
		case *sip.ToHeader:
			lowerNames(h.Params)
		case *sip.ContactHeader:
			lowerNames(h.Params)
			lowerNames(h.Address.UriParams)
		case *sip.RouteHeader:
			lowerNames(h.Address.UriParams)
		case *sip.RecordRouteHeader:
			lowerNames(h.Address.UriParams)
		}
	}
	return nil
}

func lowerNames(params sip.HeaderParams) {
	for i := range params {
		params[i].K = strings.ToLower(params[i].K) // no allocation when it is lower already
	}
}

// complain logs what a peer did wrong: never the bytes it sent, only how many,
// and not more than one line a second.
func (l *Layer) complain(what string, f Flow, size int, why error) {
	if more, ok := l.complaints.allow(); ok {
		l.log.Warn(what, "remote", f.remote, "network", f.Network(), "bytes", size, "error", why, "suppressed", more)
	}
}

// refuse answers a malformed request without keeping state, or drops it.
func (l *Layer) refuse(b []byte, f Flow, bad *fault) {
	l.count.malformed.Add(1)
	l.complain("malformed message", f, len(b), bad)
	l.guard.Suspicious(f.remote.Addr(), "malformed messages", time.Now())
	answer, port, ok := reject(b, f.remote, bad)
	if !ok {
		l.count.dropped.Add(1)
		return
	}
	if _, ok := l.answers.allow(); !ok {
		l.count.dropped.Add(1)
		return
	}
	f.answerPort = port
	if f.Send(answer) == nil {
		l.count.answered.Add(1)
	}
}
