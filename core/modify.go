package core

import (
	"math/rand/v2"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
	"offhook/core/transaction"
)

// reinvite takes an INVITE within the dialog (RFC 3261 §14.2): a new offer, or
// none, in which case our 200 offers and the ACK answers.
func (c *Call) reinvite(tx *transaction.Server, req *sip.Request) {
	switch {
	case !c.state.Answered():
		// the INVITE itself has no final response yet
		c.server.refuse(tx, req, retryShortly())
	case c.holding.inProgress():
		c.server.refuse(tx, req, pendingOffer)
	case c.accepted != nil:
		c.server.refuse(tx, req, retryShortly()) // its 200 waits for the ACK
	default:
		if c.modify(tx, req) {
			c.accept(tx, req.CSeq().SeqNo)
		}
	}
}

// update takes an UPDATE (RFC 3311), which needs no ACK.
func (c *Call) update(tx *transaction.Server, req *sip.Request) {
	switch {
	case len(req.Body()) == 0: // refreshes the target and nothing else
		c.dialog.retarget(req.Contact())
		c.respond(tx, req, nil)
	case c.holding.inProgress() || c.negotiation.pending:
		c.server.refuse(tx, req, pendingOffer) // an offer of ours has no answer yet (RFC 3311 §5.2)
	case !c.state.Answered() && !c.reliable.settled():
		c.server.refuse(tx, req, retryShortly()) // and here one of the peer's
	default:
		c.modify(tx, req)
	}
}

// pendingOffer refuses an offer that met one of ours (RFC 3261 §14.2).
var pendingOffer = &refusal{code: 491, reason: "Request Pending"}

// retryShortly is 500 with a Retry-After between 0 and 10 s, chosen at random
// (RFC 3261 §14.2).
func retryShortly() *refusal {
	return (&refusal{code: 500, reason: "Offer Pending"}).with("Retry-After", strconv.Itoa(rand.IntN(11)))
}

// modify answers an offer within the dialog, or makes one. The session stays as
// it was when the offer cannot be answered.
func (c *Call) modify(tx *transaction.Server, req *sip.Request) bool {
	if len(req.Body()) == 0 {
		c.offerAgain()
	} else {
		answer, local, n, err := sdp.Revise(req.Body(), c.negotiation.ours, c.negotiation.local, c.capabilities)
		if err != nil {
			c.server.refuse(tx, req, refusalOf(err))
			return false
		}
		c.negotiation.local, c.negotiation.ours = local, answer
		c.settle(n)
	}
	c.dialog.retarget(req.Contact())
	c.log.Info("modified", "method", string(req.Method), "codec", c.negotiation.current.Codec.String(),
		"media", c.negotiation.current.Remote.String(), "hold", c.negotiation.current.Hold)
	c.respond(tx, req, c.negotiation.ours)
	return true
}

// offerAgain makes an offer for a request that has none.
func (c *Call) offerAgain() {
	n := &c.negotiation
	n.ours, n.local = sdp.Reoffer(n.ours, n.local, c.capabilities)
	n.pending = true
}

// respond sends 200 to a request within the dialog.
func (c *Call) respond(tx *transaction.Server, req *sip.Request, body []byte) {
	res := c.server.response(req, 200, "")
	res.AppendHeader(c.server.contact(c.user, c.flow))
	res.AppendHeader(c.server.allow())
	res.AppendHeader(supported)
	if c.state.Answered() {
		c.expires(req, res)
	}
	c.rule(res)
	if body != nil {
		withSDP(res, body)
	}
	if err := tx.Respond(res); err != nil {
		c.log.Warn("response not sent", "status", 200, "method", string(req.Method), "error", err)
	}
}
