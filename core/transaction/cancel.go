package transaction

import (
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// cancel finds the INVITE that a CANCEL is for: the one of the same branch (RFC 3261 §9.2).
func (s *Shard) cancel(tx *Server, req *sip.Request) {
	k := s.layer.seeds.serverKey(req, sip.INVITE)
	invite := s.servers[k]
	if invite != nil && invite.Done() {
		tx.answer(req, sip.StatusOK, "OK", invite.tag)
		return
	}
	if t := s.finished[k]; invite == nil && t != nil {
		tx.answer(req, sip.StatusOK, "OK", t.tag)
		return
	}
	s.tell(tx, req, invite)
}

// Cancel ends an INVITE that has no final response yet (RFC 3261 §9.1). The CANCEL leaves at once if a provisional
// response has come, else when the first one comes. The final response, usually 487, comes to the function given to
// Send; if none comes within 64·T1 of the CANCEL, ErrTimeout does. A second Cancel does nothing.
func (c *Client) Cancel() error {
	if c.method != sip.INVITE || (c.state != calling && c.state != proceeding) {
		return fmt.Errorf("cancel %s: %w", c.method, ErrFinished)
	}
	if c.cancelled {
		return nil
	}
	c.cancelled = true
	if c.state == calling {
		return nil
	}
	return c.sendCancel()
}

func (c *Client) sendCancel() error {
	c.timeout = c.shard.AfterFunc(c.shard.layer.timers.Timeout(), c.onTimeout)
	// Its answer decides nothing, and the lack of one shows as the INVITE's timeout.
	_, err := c.shard.send(c.newCancel(), c.flow, func(*sip.Response, error) {})
	if err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	return nil
}

// newCancel is the CANCEL for the INVITE (RFC 3261 §9.1): the top Via alone, with its branch.
func (c *Client) newCancel() *sip.Request {
	req := c.derive(sip.CANCEL)
	req.AppendHeader(c.req.To())
	req.SetBody(nil)
	return req
}
