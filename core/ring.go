package core

import (
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// Ring sends 180, again if it was sent before. The media that Progress opened
// goes on.
func (c *Call) Ring(h Headers) error {
	c.shard.Lock()
	defer c.shard.Unlock()
	return c.provisional(180, nil, h)
}

// Progress sends a provisional response 180–199. With 183 and an offer in the
// INVITE it carries our answer, and media may be sent before the call is
// answered (early media).
func (c *Call) Progress(code int, h Headers) error {
	if code < 180 || code > 199 {
		return fmt.Errorf("progress with %d: %w: 180 to 199", code, ErrStatus)
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	var body []byte
	if code == 183 && c.state <= Early && len(c.request.Body()) > 0 && !c.reliable.agreed {
		if err := c.negotiate(c.capabilities); err != nil {
			return err
		}
		body = c.negotiation.ours
	}
	return c.provisional(code, body, h)
}

// provisional sends a 1xx with To-tag and Contact. The shard is locked.
func (c *Call) provisional(code int, body []byte, h Headers) error {
	if c.state.Answered() || c.reliable.answer != nil {
		return ErrAnswered
	}
	if c.reliable.used && c.state != Ended && len(c.request.Body()) == 0 && c.negotiation.ours == nil {
		// the first reliable response makes the offer that the INVITE has not (RFC 3261 §13.2.1)
		if err := c.negotiate(c.capabilities); err != nil {
			return err
		}
		body = c.negotiation.ours
	}
	if !c.change(evProvisional) {
		return ErrEnded
	}
	res := c.inviteResponse(code, "", h)
	if body != nil {
		withSDP(res, body)
	}
	if c.reliable.used {
		if err := c.sendReliably(res); err != nil {
			return err
		}
	} else if err := c.tx.Respond(res); err != nil {
		c.log.Warn("response not sent", "status", code, "error", err)
	}
	if code == 180 {
		c.mark(&c.stages.Ringing)
	}
	c.log.Info("progress", "status", code)
	return nil
}

// inviteResponse makes a response to the INVITE that is part of the dialog.
func (c *Call) inviteResponse(code int, reason string, h Headers) *sip.Response {
	res := c.server.response(c.request, code, reason)
	if code < 300 {
		res.AppendHeader(c.server.contact(c.user, c.flow))
		res.AppendHeader(c.server.allow())
		res.AppendHeader(supported)
	}
	h.addTo(res)
	c.rule(res)
	return res
}
