package transaction

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// checkRequest refuses what no transaction can be made of (RFC 3261 §8.1.1: the mandatory header fields; Max-Forwards
// is the TU's) and a CSeq of another method.
func checkRequest(req *sip.Request) error {
	switch {
	case req.Via() == nil:
		return errNoVia
	case req.From() == nil:
		return errors.New("missing From")
	case req.To() == nil:
		return errors.New("missing To")
	case req.CallID() == nil:
		return errors.New("missing Call-ID")
	case req.CSeq() == nil:
		return errors.New("missing CSeq")
	case req.CSeq().MethodName != req.Method:
		return fmt.Errorf("CSeq method %q in %s", req.CSeq().MethodName, req.Method)
	}
	return nil
}

var errNoVia = errors.New("missing Via")

// checkResponse refuses what cannot be matched, and a response with a second Via, which is another element's
// (RFC 3261 §8.1.3.3).
func checkResponse(res *sip.Response) bool {
	if res.Via() == nil || res.CallID() == nil || res.CSeq() == nil || res.StatusCode < 100 || res.StatusCode > 699 {
		return false
	}
	vias := 0
	for _, h := range res.Headers() {
		if _, ok := h.(*sip.ViaHeader); ok {
			vias++
		}
	}
	return vias == 1
}

// refuseMalformed answers 400 without a transaction. An ACK is never answered.
func (l *Layer) refuseMalformed(req *sip.Request, f transport.Flow, reason error) {
	if req.Method == sip.ACK || reason == errNoVia {
		return
	}
	res := newResponse(req, sip.StatusBadRequest, "Bad Request", "400")
	res.AppendHeader(sip.NewHeader("Warning", fmt.Sprintf("399 offhook %q", reason)))
	// A lost answer is asked for again by the next copy.
	_ = f.Send([]byte(res.String()))
}

// refuse answers 503 without a transaction: there is no room or no time for one. Copies get the same answer, and the
// ACK matches nothing. Retry-After is up to twice as many seconds, so that those whom one overload turns away do not all
// come back at once.
func (s *Shard) refuse(k key, req *sip.Request, f transport.Flow, retryAfter int) {
	res := newResponse(req, sip.StatusServiceUnavailable, "Service Unavailable", statelessTag(k))
	res.AppendHeader(sip.NewHeader("Retry-After", strconv.Itoa(retryAfter+int(k[1]%uint64(retryAfter+1)))))
	_ = s.transmit(string(*req.CallID()), res, s.serialise(res), false, f)
}

// answer responds in the place of the TU, if there is no final response yet.
func (tx *Server) answer(req *sip.Request, code int, reason, tag string) {
	if tx.Done() {
		return
	}
	tag = cmp.Or(tx.tag, tag, statelessTag(tx.key))
	// The error is the transport's; it is counted, and a copy of the request brings the answer again.
	_ = tx.Respond(newResponse(req, code, reason, tag))
}

// newResponse is a response without a body; tag becomes the To tag if the request has none.
func newResponse(req *sip.Request, code int, reason, tag string) *sip.Response {
	// Written into the request, because NewResponseFromRequest makes up a random tag otherwise.
	if to := req.To(); to != nil && tagOf(to.Params) == "" {
		to.Params = to.Params.Clone()
		to.Params.Add("tag", tag)
	}
	return sip.NewResponseFromRequest(req, code, reason, nil)
}

// statelessTag is the same for all copies of a request (RFC 3261 §8.2.7).
func statelessTag(k key) string { return strconv.FormatUint(k[0], 36) }
