package coretest

import (
	"fmt"
	"strings"
)

// takeResponse takes a response: c.mu is held.
func (c *Caller) takeResponse(res Message) {
	status := res.Status()
	switch method := res.Method(); {
	case method == "INVITE":
		if status >= 200 && c.invite.seq() == res.seq() {
			c.final, c.tagged = status, res.Header("To")
		}
		if res.Header("Call-ID") == c.dialog.callID {
			c.takeInviteResponse(res)
		}
	case method == "BYE" && status >= 200:
		c.end(false)
	}
}

// takeInviteResponse follows the call and acknowledges finals, each copy of one.
func (c *Caller) takeInviteResponse(res Message) {
	status, first := res.Status(), !c.state.Answered
	c.stream.answered(res)
	if first { // else a re-INVITE's, which changes nothing here when it is refused
		c.state.Status, c.state.Reason = status, res.Reason()
	}
	if first || status < 300 {
		c.dialog.learn(res)
	}
	if status < 200 {
		c.takeProvisional(res)
		return
	}
	if status < 300 {
		c.state.Answered = true
	} else if first {
		c.end(false)
	}
	if c.o.NoACK || c.invite.seq() != res.seq() {
		return
	}
	ack := c.newACK()
	c.react(func() { c.Send(ack) })
}

// takeProvisional acknowledges a reliable provisional response (RFC 3262 §4), with the
// answer if it makes an offer. c.mu is held.
func (c *Caller) takeProvisional(res Message) {
	rseq := res.Header("RSeq")
	if rseq == "" || c.o.NoAnswer {
		return
	}
	prack := c.newRequest("PRACK")
	prack.add("RAck", rseq+" "+res.Header("CSeq"))
	if c.bodyless && res.Body != "" {
		c.describeLocked(&prack, Offer{})
		c.bodyless = false // the 2xx makes none
	}
	c.react(func() { c.Send(prack) })
}

// takeRequest answers what the server asks: c.mu is held.
func (c *Caller) takeRequest(req Message) {
	if req.Method() == "ACK" || c.o.NoAnswer {
		return
	}
	if req.Method() == "BYE" {
		res := c.NewResponse(req, 200, "OK")
		c.react(func() { c.Send(res) })
		c.end(true)
		return
	}
	if req.Method() == "REFER" {
		c.takeRefer(req)
		return
	}
	res := c.NewResponse(req, 200, "OK")
	if req.Body != "" && req.Header("Content-Type") == "application/sdp" {
		c.stream.answered(req)
		c.describeLocked(&res, Offer{Direction: mirrored(req.Body)})
	}
	c.react(func() { c.Send(res) })
}

// takeRefer does what a phone does that is transferred (RFC 3515), but for the new
// call: 202, and what came of it in two NOTIFYs. c.mu is held.
func (c *Caller) takeRefer(req Message) {
	res := c.NewResponse(req, 202, "Accepted")
	c.react(func() { c.Send(res) })
	if c.o.Transfer < 0 {
		return
	}
	c.react(func() { c.Send(c.newNotify("active;expires=60", 100)) })
	c.react(func() { c.Send(c.newNotify("terminated;reason=noresource", c.o.Transfer)) })
}

func (c *Caller) newNotify(state string, status int) Message {
	m := c.NewRequest("NOTIFY")
	m.add("Event", "refer")
	m.add("Subscription-State", state)
	m.add("Content-Type", "message/sipfrag;version=2.0")
	m.Body = fmt.Sprintf("SIP/2.0 %d Whatever\r\n", status)
	return m
}

// mirrored is the direction of an answer to an offer (RFC 3264 §6.1).
func mirrored(offer string) string {
	switch {
	case strings.Contains(offer, "\r\na=sendonly\r\n"):
		return "recvonly"
	case strings.Contains(offer, "\r\na=recvonly\r\n"):
		return "sendonly"
	case strings.Contains(offer, "\r\na=inactive\r\n"):
		return "inactive"
	}
	return "sendrecv"
}
