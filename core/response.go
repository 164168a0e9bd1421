package core

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// Header is one header field of a message.
type Header struct{ Name, Value string }

// Headers are header fields in order.
type Headers []Header

func (hs Headers) addTo(m sip.Message) {
	for _, h := range hs {
		m.AppendHeader(sip.NewHeader(h.Name, h.Value))
	}
}

// response makes a response with what every one of ours has (RFC 3261 §8.2.6).
// It shares the header fields of the request, as it will only be turned into
// bytes. A request without To-tag gets one, the same for all its responses; only
// 100 does without.
func (s *Server) response(req *sip.Request, code int, reason string) *sip.Response {
	if reason == "" {
		reason = phrase(code)
	}
	if to := req.To(); code != 100 && !to.Params.Has("tag") {
		to.Params.Add("tag", newTag())
	}
	res := sip.NewResponse(code, reason)
	for _, h := range req.Headers() {
		if echoed(h, req.Method, code) {
			res.AppendHeader(h)
		}
	}
	res.SetBody(nil) // Content-Length: 0
	if s.signature != nil {
		res.AppendHeader(s.signature)
	}
	return res
}

// echoed tells whether a response repeats a header field of its request: what
// names the transaction, and the route of a dialog that it makes (RFC 3261
// §8.2.6.1, §8.2.6.2, §12.1.1).
func echoed(h sip.Header, method sip.RequestMethod, code int) bool {
	switch h.(type) {
	case *sip.ViaHeader, *sip.FromHeader, *sip.ToHeader, *sip.CallIDHeader, *sip.CSeqHeader:
		return true
	case *sip.RecordRouteHeader:
		return method != sip.REGISTER && code > 100 && code < 300
	}
	return code == 100 && strings.EqualFold(h.Name(), "Timestamp")
}

// withSDP gives a message its session description.
func withSDP(m sip.Message, body []byte) {
	contentType := sip.ContentTypeHeader(sdpType)
	m.AppendHeader(&contentType)
	m.SetBody(body)
}

// contact is where the peer reaches us in the dialog: the address it has
// reached us on, or our domain (RFC 3261 §12.1.1).
func (s *Server) contact(user string, f transport.Flow) *sip.ContactHeader {
	local := f.Advertised()
	h := &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: user, Host: local.Addr().String(), Port: int(local.Port())}}
	if s.o.Domain != "" {
		h.Address.Host = s.o.Domain
	}
	if name := transportParam(f.Network()); name != "" {
		h.Address.UriParams = sip.HeaderParams{{K: "transport", V: name}}
	}
	return h
}

// transportParam is how a URI names the transport of a Via (RFC 3261 §19.1.1);
// that of a WebSocket is "ws" also when it is secure (RFC 7118 §5.2).
func transportParam(network string) string {
	switch network {
	case "UDP":
		return ""
	case "WSS":
		return "ws"
	}
	return strings.ToLower(network)
}

// tagOf returns a tag parameter.
func tagOf(p sip.HeaderParams) (string, bool) { return p.Get("tag") }

// newTag makes a tag with 64 random bits (RFC 3261 §19.3 wants 32).
func newTag() string { return strconv.FormatUint(rand.Uint64(), 36) }

// phrase is the usual reason phrase of a status code (RFC 3261 §21).
func phrase(code int) string {
	if p, ok := phrases[code]; ok {
		return p
	}
	return "Status " + strconv.Itoa(code)
}

var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress", 199: "Early Dialog Terminated",
	200: "OK", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
	400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 408: "Request Timeout", 410: "Gone", 413: "Request Entity Too Large", 415: "Unsupported Media Type", 420: "Bad Extension", 422: "Session Interval Too Small",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 484: "Address Incomplete",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 504: "Server Time-out",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}

func trimBrackets(host string) string {
	if h, _, err := net.SplitHostPort(host + ":0"); err == nil {
		return h
	}
	return host
}
