package core

import "offhook/core/transaction"

// cancel takes a CANCEL: 200 to it, and 487 to its INVITE (RFC 3261 §9.2), all
// with the To-tag of the call. That the INVITE has no final response yet was
// decided by the transaction, under the lock that Answer takes too.
func (s *Server) cancel(cancel, invite *transaction.Server) {
	req := cancel.Request()
	if invite == nil {
		s.refuse(cancel, req, noDialog)
		return
	}
	var c *Call
	if original := invite.Request(); original != nil {
		tag, _ := tagOf(original.To().Params)
		req.To().Params.Add("tag", tag)
		c = s.find(dialogID{req.CallID().Value(), tag})
	}
	if err := cancel.Respond(s.response(req, 200, "")); err != nil {
		s.log.Debug("200 to CANCEL not sent", "sip_call_id", req.CallID().Value(), "error", err)
	}
	switch {
	case c == nil:
	case invite == c.tx:
		c.ending.Reason, c.ending.Q850 = reasonOf(req)
		c.finish(487, "", nil, ErrCancelled)
	default: // a re-INVITE: the call goes on
		s.refuse(invite, invite.Request(), &refusal{code: 487, reason: phrase(487)})
	}
}
