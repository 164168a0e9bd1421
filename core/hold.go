package core

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
	"offhook/core/transaction"
)

// holding is a re-INVITE of ours, from the wish to its outcome (RFC 3261 §14.1):
//
//	Hold ── their INVITE waits for its ACK? ── INVITE ─┬─ 2xx: ACK, both sides have changed
//	           ^ then this waits, too                  ├─ 491: again after a while, most of
//	           └──────────────────────────────────────<┤       glareTimes times
//	                                                   ├─ 408, 481: the dialog is lost, BYE
//	                                                   └─ others: all stays as it was
type holding struct {
	pending *Pending
	on      bool
	headers Headers
	refresh bool     // it only keeps the session alive: see sessionTimer
	next    *holding // a wish of the handler's that came during a refresh

	keeper *Call               // who keeps the dialog, since the call went on in another one; nil: the call
	sent   bool                // in progress: it has no final response yet
	client *transaction.Client // nil until the request has left
	seq    uint32
	local  sdp.Local // that the offer describes
	offer  []byte

	glares int                // how often it met one of the peer's, or asked for too short a session
	wait   *transaction.Timer // after a 491
	giveUp *transaction.Timer // a provisional response came, the final one must
}

// glareTimes is how often a re-INVITE is tried again after a 491.
const glareTimes = 3

// Hold puts the peer on hold with a re-INVITE: we take no more sound from it, and
// what we send it hears if it wants to (RFC 3264 §8.4). With on false it takes the
// peer off hold. The outcome is the status of the response; 200, when there was
// nothing to change; 491, while another one of ours has no outcome. Errors:
// ErrEnded, ErrNotAnswered.
func (c *Call) Hold(on bool, h Headers) (*Pending, error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	if err := c.mayAsk(); err != nil {
		return nil, fmt.Errorf("hold: %w", err)
	}
	p := newPending()
	switch busy := c.holding; {
	case busy != nil && (!busy.refresh || busy.next != nil):
		p.finish(491)
	case c.negotiation.local.Hold == on:
		p.finish(200)
	case busy != nil:
		busy.next = &holding{pending: p, on: on, headers: h}
	default:
		c.holding = &holding{pending: p, on: on, headers: h}
		c.offerHold()
	}
	return p, nil
}

// inProgress tells whether an INVITE of ours has no final response yet.
func (h *holding) inProgress() bool { return h != nil && h.sent }

// offerHold sends the re-INVITE when it is its turn. The shard is locked.
func (c *Call) offerHold() {
	h := c.holding
	if h == nil || h.sent || h.wait != nil || c.accepted != nil {
		return
	}
	n := &c.negotiation
	h.local = n.local
	h.local.Hold = h.on
	var err error
	if h.offer, h.local, err = sdp.Turn(n.ours, h.local, n.current.Hold); err != nil {
		c.log.Error("our own description", "error", err)
		c.holdFailed(h, 500)
		return
	}
	req := c.newRequest(sip.INVITE, h.headers)
	c.askExpires(req)
	withSDP(req, h.offer)
	h.sent, h.seq = true, req.CSeq().SeqNo
	seq := h.seq // of what was sent last: with credentials, it is another one
	err = c.sendInDialog(req, func(res *sip.Response, err error) { cmp.Or(h.keeper, c).holdResult(h, seq, res, err) },
		func(client *transaction.Client, req *sip.Request) {
			seq = req.CSeq().SeqNo
			h.seq = seq
			c.holdSent(h, client)
		})
	if err != nil {
		c.holdFailed(h, outcome(nil, err))
	}
}

// holdSent keeps the transaction, or cancels it if the call has ended meanwhile.
func (c *Call) holdSent(h *holding, client *transaction.Client) {
	h.client = client
	if c.holding != h {
		h.drop()
	}
}

// holdResult takes each response to our re-INVITE, and its failure. Copies of a
// 2xx get their ACK, also when the call has ended.
func (c *Call) holdResult(h *holding, seq uint32, res *sip.Response, err error) {
	switch {
	case err == nil && res.IsProvisional():
		if c.holding == h && h.giveUp == nil {
			h.giveUp = c.shard.AfterFunc(c.server.transactions.Timers().Timeout(), func() { _ = h.client.Cancel() })
		}
	case err == nil && res.IsSuccess():
		c.holdAgreed(h, seq, res)
	case c.holding != h || seq != h.seq:
	case err == nil && res.StatusCode == 491 && h.glares < glareTimes:
		c.holdLater(h)
	case err == nil && res.StatusCode == 422 && h.glares < glareTimes && c.prolong(res): // RFC 4028 §7.4
		h.glares++
		c.refusedOffer(h)
		c.offerHold()
	case err == nil && h.refresh:
		c.holdFailed(h, res.StatusCode)
		c.notRefreshed(sip.INVITE, res, res.StatusCode)
	default:
		c.holdFailed(h, outcome(res, err))
	}
}

// holdAgreed takes a 2xx. One whose answer is of no use ends the call.
func (c *Call) holdAgreed(h *holding, seq uint32, res *sip.Response) {
	first := c.holding == h && h.sent && seq == h.seq
	if first {
		c.dialog.retarget(res.Contact())
		c.reinvited = seq
	}
	c.sendAck(&c.dialog, seq)
	if !first {
		return
	}
	h.giveUp.Stop()
	c.holding = h.next
	n, err := sdp.Accept(descriptionOf(res), h.offer)
	if err != nil {
		c.log.Warn("no usable answer to our re-INVITE", "error", err)
		c.server.stats.failed.Add(1)
		h.pending.finish(488)
		c.hangup(ErrRefused, HangupOptions{Reason: "no usable answer", Q850: 88})
		return
	}
	c.negotiation.local, c.negotiation.ours = h.local, h.offer
	c.settle(n)
	c.log.Info("hold", "on", h.on, "send", n.Send, "receive", n.Receive, "refresh", h.refresh)
	h.pending.finish(res.StatusCode)
	c.refreshed(res)
	c.offerHold() // the next one
}

// holdLater tries again after the time of RFC 3261 §14.1: long for the end that
// made the Call-ID, short for the other one, so that they do not meet again. The
// short one is 10 ms to 2 s: the 0 of the RFC would meet what has just met us.
func (c *Call) holdLater(h *holding) {
	h.glares++
	c.refusedOffer(h)
	wait := time.Duration(1+rand.IntN(200)) * 10 * time.Millisecond
	if c.outgoing != nil {
		wait = 2100*time.Millisecond + time.Duration(rand.IntN(191))*10*time.Millisecond
	}
	h.wait = c.shard.AfterFunc(wait, func() {
		h.wait = nil
		c.offerHold()
	})
}

// refusedOffer ends an attempt. The version of its offer is not used again.
func (c *Call) refusedOffer(h *holding) {
	h.giveUp.Stop()
	h.sent, h.client, h.giveUp = false, nil, nil
	c.negotiation.local.Refused = h.local.Version
}

// holdFailed ends a re-INVITE of ours without a change.
func (c *Call) holdFailed(h *holding, code int) {
	c.refusedOffer(h)
	c.holding = h.next
	c.log.Info("hold refused", "on", h.on, "status", code, "refresh", h.refresh)
	h.pending.finish(code)
	c.lost(sip.INVITE, code)
	c.offerHold() // the next one
}

// drop ends the wait when the call ends. A transaction that the peer has answered
// with 1xx would wait for ever, so it is cancelled.
func (h *holding) drop() {
	h.wait.Stop()
	h.giveUp.Stop()
	if h.sent && h.client != nil {
		_ = h.client.Cancel() // fails when it is over
	}
	h.pending.finish(0)
	if h.next != nil {
		h.next.pending.finish(0)
	}
}
