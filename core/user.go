package core

import (
	"context"
	"log/slog"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
	"offhook/core/transport"
)

// user is the Server as transaction.User: what comes in is sorted here, by
// dialog and by method, and goes on in the file of its verb. Every method runs
// with the shard of the Call-ID locked.
type user struct{ *Server }

func (s user) Request(tx *transaction.Server, req *sip.Request) {
	if refusal := s.validate(req); refusal != nil {
		tx.Forget()
		s.decline(tx, req, nil, refusal)
		return
	}
	if tag, ok := tagOf(req.To().Params); ok {
		s.inDialog(tx, req, s.find(dialogID{req.CallID().Value(), tag}))
		return
	}
	t, refusal := s.letIn(tx.Flow(), req) // before unpack: credentials may be for the body as it came
	if refusal == nil && req.Method == sip.INVITE {
		refusal = unpack(req)
	}
	switch {
	case refusal != nil:
		tx.Forget()
		s.turnAway(tx, req, t, refusal)
		return
	case req.Method == sip.INVITE:
		s.invite(tx, req, t)
		return
	case t == nil || t.User == nil: // else the copy of a request would be one with used credentials
		tx.Forget()
	}
	switch req.Method {
	case sip.OPTIONS:
		s.options(tx, req)
	case sip.BYE, sip.INFO, sip.UPDATE, sip.PRACK, sip.NOTIFY:
		s.refuse(tx, req, noDialog)
	default:
		s.o.Guard.Suspicious(tx.Flow().Remote().Addr(), "requests that no phone sends here", time.Now())
		s.refuse(tx, req, notOutside)
	}
}

// inDialog takes a request with a To-tag; c is nil when there is no such dialog,
// and one that our BYE ends takes nothing but a BYE.
func (s user) inDialog(tx *transaction.Server, req *sip.Request, c *Call) {
	if c == nil || c.parted() || (c.mortal || c.left != nil) && req.Method != sip.BYE {
		tx.Forget()
		s.refuse(tx, req, noDialog)
		return
	}
	if !c.dialog.advance(req.CSeq().SeqNo) {
		s.refuse(tx, req, outOfOrder)
		return
	}
	c.dialog.flow = tx.Flow() // a peer that lost its connection, or its NAT binding, comes back on another flow
	switch req.Method {
	case sip.INVITE, sip.UPDATE, sip.PRACK:
		if r := unpack(req); r != nil {
			s.refuse(tx, req, r)
			return
		}
	}
	switch req.Method {
	case sip.INVITE:
		c.reinvite(tx, req)
	case sip.UPDATE:
		c.update(tx, req)
	case sip.BYE:
		c.bye(tx, req)
	case sip.PRACK:
		c.prack(tx, req)
	case sip.INFO:
		c.info(tx, req)
	case sip.MESSAGE:
		c.message(tx, req)
	case sip.NOTIFY:
		c.notify(tx, req)
	case sip.OPTIONS:
		s.options(tx, req)
	case sip.REFER:
		c.refer(tx, req)
	case sip.REGISTER, sip.SUBSCRIBE, sip.PUBLISH:
		s.refuse(tx, req, notAllowed)
	default:
		s.refuse(tx, req, notImplemented)
	}
}

func (s user) Cancel(cancel, invite *transaction.Server) { s.cancel(cancel, invite) }

func (s user) Ack(req *sip.Request, _ transport.Flow) {
	tag, _ := tagOf(req.To().Params)
	if c := s.find(dialogID{req.CallID().Value(), tag}); c != nil {
		c.ack(req)
	}
}

// Response takes a 2xx to an INVITE of ours whose transaction is over: a copy
// whose ACK was lost, or a fork that answered late.
func (s user) Response(res *sip.Response, _ transport.Flow) {
	tag, _ := tagOf(res.From().Params)
	if c := s.find(dialogID{res.CallID().Value(), tag}); c != nil {
		switch seq := res.CSeq().SeqNo; {
		case c.outgoing != nil && seq == c.outgoing.invite.CSeq().SeqNo:
			c.inviteAnswered(res)
		case seq == c.reinvited:
			c.sendAck(&c.dialog, seq)
		}
	}
}

// tagged gives the To of a request that gets no dialog the tag of its responses.
func tagged(tx *transaction.Server, req *sip.Request) {
	if to := req.To(); to != nil {
		if _, ok := tagOf(to.Params); !ok {
			to.Params = setTag(to.Params, tx.Tag())
		}
	}
}

// refuse answers a request that begins or changes nothing.
func (s *Server) refuse(tx *transaction.Server, req *sip.Request, r *refusal) {
	tagged(tx, req)
	res := s.response(req, r.code, r.reason)
	for _, h := range r.headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		s.log.Debug("response not sent", "sip_call_id", req.CallID().Value(), "status", r.code, "error", err)
	}
	s.log.LogAttrs(context.Background(), slog.LevelDebug, "request refused", slog.String("method", string(req.Method)),
		slog.String("sip_call_id", req.CallID().Value()), slog.Int("status", r.code), slog.String("reason", r.reason), slog.String("remote", tx.Flow().Remote().String()))
}
