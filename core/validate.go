package core

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// refusal is a final response that begins and changes nothing.
type refusal struct {
	code    int
	reason  string
	headers []sip.Header
}

func (r *refusal) with(name, value string) *refusal {
	return &refusal{r.code, r.reason, append(r.headers[:len(r.headers):len(r.headers)], sip.NewHeader(name, value))}
}

const (
	allowedMethods = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, MESSAGE, NOTIFY, PRACK"
	timerTag       = "timer"    // RFC 4028
	reliableTag    = "100rel"   // RFC 3262, of incoming calls
	replacesTag    = "replaces" // RFC 3891
	supportedTags  = reliableTag + ", " + timerTag + ", " + replacesTag
	allowedOutside = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK" // MESSAGE and NOTIFY belong to a call here

	sdpType        = "application/sdp"
	textType       = "text/plain"
	acceptedBodies = sdpType + ", multipart/mixed, " + textType + ", " + fragmentType + ", application/dtmf-relay, application/dtmf" // of any method
)

var (
	noDialog       = &refusal{code: 481, reason: "Call/Transaction Does Not Exist"}
	notAllowed     = (&refusal{code: 405, reason: "Method Not Allowed"}).with("Allow", allowedMethods)
	notOutside     = (&refusal{code: 405, reason: "Method Not Allowed"}).with("Allow", allowedOutside)
	notImplemented = &refusal{code: 501, reason: "Not Implemented"}
	outOfOrder     = &refusal{code: 500, reason: "CSeq Out of Order"} // RFC 3261 §12.2.2
	badSDP         = &refusal{code: 400, reason: "Bad Session Description"}
	// RFC 3261 §19.1.1; RFC 4475 §3.1.2.11
	headersInRequestURI = &refusal{code: 400, reason: "Header Fields In Request-URI"}

	noContact     = &refusal{code: 400, reason: "Missing Contact"} // RFC 3261 §8.1.1.8
	notAcceptable = &refusal{code: 488, reason: "Not Acceptable Here"}
	wrongBody     = (&refusal{code: 415, reason: "Unsupported Media Type"}).with("Accept", sdpType+", multipart/mixed")
	noBody        = (&refusal{code: 406, reason: "Not Acceptable"}).with("Accept", sdpType)
	unavailable   = &refusal{code: 503, reason: "Service Unavailable"}
)

// Header fields of many messages, made once: nobody changes them.
var (
	allow          = sip.NewHeader("Allow", allowedMethods)
	supported      = sip.NewHeader("Supported", supportedTags)
	timerSupported = sip.NewHeader("Supported", timerTag+", "+replacesTag)
	allowRefer     = sip.NewHeader("Allow", allowedMethods+", REFER") // see Options.AcceptRefer
)

// allow is the methods that a call takes.
func (s *Server) allow() sip.Header {
	if s.o.AcceptRefer {
		return allowRefer
	}
	return allow
}

// validate inspects what every request must have (RFC 3261 §8.2.1 to §8.2.3).
// Via, From, To, Call-ID and CSeq were checked below; nil means that the
// request is fine.
func (s *Server) validate(req *sip.Request) *refusal {
	switch req.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &refusal{code: 416, reason: "Unsupported URI Scheme"}
	}
	if headersInURI(&req.Recipient) {
		return headersInRequestURI
	}
	if from, _ := tagOf(req.From().Params); from == "" && !isOld(req) {
		return &refusal{code: 400, reason: "Missing From Tag"}
	}
	if unknown := requires(req); unknown != "" {
		return (&refusal{code: 420, reason: "Bad Extension"}).with("Unsupported", unknown)
	}
	if req.IsInvite() {
		if c := req.Contact(); c == nil && !isOld(req) || c != nil && c.Address.Wildcard {
			return noContact
		}
		if !acceptsSDP(req) {
			return noBody
		}
	}
	if r := wrongBodyOf(req); r != nil {
		return r
	}
	if req.Method == sip.INVITE || req.Method == sip.UPDATE {
		return s.tooBrief(req)
	}
	return nil
}

// requires returns the option tags of Require that we lack (RFC 3261 §8.2.2.3).
func requires(req *sip.Request) string {
	var tags []string
	for _, value := range fieldsOf(req, "Require") {
		for tag := range strings.SplitSeq(value, ",") {
			if tag = strings.TrimSpace(tag); tag != "" && !supports(tag) {
				tags = append(tags, tag)
			}
		}
	}
	return strings.Join(tags, ", ")
}

func supports(tag string) bool {
	return strings.EqualFold(tag, timerTag) || strings.EqualFold(tag, reliableTag) || strings.EqualFold(tag, replacesTag)
}

// isOld tells whether a request comes from before RFC 3261: then its branch does
// not begin with the cookie, and tags and Contact may be missing (RFC 4475 §3.4.1).
func isOld(req *sip.Request) bool {
	branch, _ := req.Via().Params.Get("branch")
	return !strings.HasPrefix(branch, sip.RFC3261BranchMagicCookie)
}

// headersInURI tells whether a URI has header fields, which sipgo's parser leaves
// on the last parameter if there is one.
func headersInURI(u *sip.Uri) bool {
	for _, p := range u.UriParams {
		if strings.Contains(p.K, "?") || strings.Contains(p.V, "?") {
			return true
		}
	}
	return len(u.Headers) > 0
}

// acceptsSDP tells whether the sender takes the answer that it will get; without
// Accept it does (RFC 3261 §20.1).
func acceptsSDP(req *sip.Request) bool {
	all := req.GetHeaders("Accept")
	for _, h := range all {
		for item := range strings.SplitSeq(h.Value(), ",") {
			switch mediaType(item) {
			case sdpType, "application/*", "*/*":
				return true
			}
		}
	}
	return len(all) == 0
}

func isSDP(req *sip.Request) bool {
	h := req.ContentType()
	return h != nil && mediaType(h.Value()) == sdpType
}

// mediaType is a Content-Type without its parameters, in lower case.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}
