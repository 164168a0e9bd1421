package coretest

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
	res := c.NewResponse(req, 200, "OK")
	if req.Body != "" && req.Header("Content-Type") == "application/sdp" {
		c.stream.answered(req)
		c.describeLocked(&res, Offer{})
	}
	c.react(func() { c.Send(res) })
}
