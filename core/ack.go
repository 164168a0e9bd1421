package core

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
)

// ack takes an ACK for a 2xx: the first one confirms the call, copies are
// ignored. The shard is locked.
func (c *Call) ack(req *sip.Request) {
	a := c.accepted
	if a == nil || req.CSeq().SeqNo != a.seq {
		return
	}
	a.stop()
	c.accepted = nil
	defer c.offerHold()    // it may have waited for this
	if c.byeOnAck != nil { // the call was hung up before the ACK (RFC 3261 §15)
		c.sendBye(c.byeOnAck)
		return
	}
	if c.negotiation.pending {
		c.ackAnswer(req)
	}
	if !c.change(evAck) {
		return // of a re-INVITE
	}
	c.mark(&c.stages.Confirmed)
	c.log.Info("confirmed")
	close(c.confirmed)
	c.emit(Event{Kind: EventAnswered})
}

// ackAnswer takes the answer to an offer of ours, which the ACK must bring
// (RFC 3261 §13.2.1). One that we cannot use ends the call.
func (c *Call) ackAnswer(req *sip.Request) {
	c.negotiation.pending = false
	_ = unpack(req) // what stays packed is no answer
	n, err := sdp.Accept(req.Body(), c.negotiation.ours)
	if err != nil {
		c.log.Warn("no usable answer in ACK", "error", err)
		c.server.stats.failed.Add(1)
		c.hangup(ErrRefused, HangupOptions{Reason: "no usable answer in ACK", Q850: 88})
		return
	}
	c.settle(n)
}
