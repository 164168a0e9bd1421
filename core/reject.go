package core

import "fmt"

// Reject ends a call that is not answered with a final response 400–699. An
// empty reason is the usual phrase of the code.
func (c *Call) Reject(code int, reason string, h Headers) error {
	if code < 400 || code > 699 {
		return fmt.Errorf("reject with %d: %w: 400 to 699", code, ErrStatus)
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	return c.refusable(func() { c.finish(code, reason, h, ErrLocalHangup) })
}

// Redirect ends a call that is not answered with a 3xx and the targets as
// Contact, in order of preference, which q tells (RFC 3261 §20.10).
func (c *Call) Redirect(uris []string, code int, h Headers) error {
	if code < 300 || code > 399 {
		return fmt.Errorf("redirect with %d: %w: 300 to 399", code, ErrStatus)
	}
	contacts := make(Headers, 0, len(uris)+len(h))
	for i, uri := range uris {
		target, err := checkURI(uri)
		if err != nil {
			return fmt.Errorf("redirect to %w", err)
		}
		contact := "<" + target + ">"
		if len(uris) > 1 {
			contact += fmt.Sprintf(";q=%.3f", 1-float64(i)/float64(len(uris)))
		}
		contacts = append(contacts, Header{"Contact", contact})
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	return c.refusable(func() { c.finish(code, "", append(contacts, h...), ErrLocalHangup) })
}

// refusable runs a refusal if the call can still be refused.
func (c *Call) refusable(refuse func()) error {
	switch {
	case c.state.Answered() || c.reliable.answer != nil:
		return ErrAnswered
	case c.state == Ended:
		return ErrEnded
	}
	refuse()
	return nil
}

// finish ends a call that is not answered with a final response. The shard is
// locked.
func (c *Call) finish(code int, reason string, h Headers, cause error) {
	if !c.change(evEnd) {
		return
	}
	if err := c.tx.Respond(c.inviteResponse(code, reason, h)); err != nil {
		c.log.Warn("response not sent", "status", code, "error", err)
	}
	c.ending.Code = code
	if c.ending.Reason == "" {
		c.ending.Reason = reason
	}
	c.log.Info("refused", "status", code)
	c.end(cause)
	c.server.forget(c.dialog.id)
}
