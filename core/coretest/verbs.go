package coretest

import "offhook/core"

// Invite sends the INVITE that begins the call.
func (c *Caller) Invite() {
	m := c.NewRequest("INVITE")
	m.Fields = append(m.Fields, c.o.Headers...)
	if !c.o.NoOffer {
		c.describe(&m, Offer{SDP: c.o.SDP})
	}
	c.sendInvite(m)
}

// sendInvite sends an INVITE and keeps what its ACK and CANCEL are made of.
func (c *Caller) sendInvite(m Message) {
	c.mu.Lock()
	c.invite, c.bodyless, c.final = m, m.Body == "", 0
	c.mu.Unlock()
	c.Send(m)
}

// ACK acknowledges the last final response to an INVITE: for those who called
// with NoACK.
func (c *Caller) ACK() {
	c.mu.Lock()
	m := c.newACK()
	c.mu.Unlock()
	c.Send(m)
}

// newACK answers the server's offer if the INVITE had none. c.mu is held.
func (c *Caller) newACK() Message {
	m := c.newRequest("ACK")
	if c.bodyless && c.final < 300 {
		c.describeLocked(&m, Offer{})
	}
	return m
}

// Cancel sends CANCEL for the INVITE.
func (c *Caller) Cancel(h ...core.Header) { c.request("CANCEL", h) }

// Bye sends BYE. The call has ended when its 200 has come.
func (c *Caller) Bye(h ...core.Header) { c.request("BYE", h) }

// Info sends INFO with a body.
func (c *Caller) Info(contentType, body string) {
	m := c.NewRequest("INFO")
	m.add("Content-Type", contentType)
	m.Body = body
	c.Send(m)
}

// Text sends MESSAGE with plain text.
func (c *Caller) Text(text string) {
	m := c.NewRequest("MESSAGE")
	m.add("Content-Type", "text/plain")
	m.Body = text
	c.Send(m)
}

func (c *Caller) request(method string, h core.Headers) {
	m := c.NewRequest(method)
	m.Fields = append(m.Fields, h...)
	c.Send(m)
}

// Hold takes the server's direction to send away with a re-INVITE.
func (c *Caller) Hold() { c.Modify(Offer{Direction: "sendonly"}) }

// Resume gives it back.
func (c *Caller) Resume() { c.Modify(Offer{Direction: "sendrecv"}) }

// Modify sends a re-INVITE with an offer.
func (c *Caller) Modify(o Offer) {
	m := c.NewRequest("INVITE")
	c.describe(&m, o)
	c.sendInvite(m)
}
