package transaction

import (
	"bytes"
	"fmt"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// ack takes an ACK to the INVITE that it acknowledges. The one for a 2xx is a request of its own and the TU's.
func (s *Shard) ack(req *sip.Request, f transport.Flow) {
	k := s.layer.seeds.serverKey(req, sip.INVITE)
	if tx := s.servers[k]; tx != nil && owns(tx.tag, req) {
		s.received(req, f, false)
		to, _ := nextServerInvite(tx.state, ackRequest)
		tx.enter(to)
		return
	}
	if t := s.finished[k]; t != nil && owns(t.tag, req) {
		if _, do := nextServerInvite(t.state, ackRequest); do&pass == 0 {
			s.received(req, f, true)
			s.stats.Absorbed++
			return
		}
	}
	s.received(req, f, false)
	s.layer.user.Ack(req, f)
}

// owns compares the To tag of an RFC 2543 ACK with that of the response (RFC 3261 §17.2.3); a unique branch is enough.
func owns(tag string, ack *sip.Request) bool {
	return !rfc2543(branchOf(ack.Via())) || tagOf(ack.To().Params) == tag
}

// acknowledge sends the ACK for a non-2xx final response, the same for every copy (RFC 3261 §17.1.1.3): Request-URI,
// top Via and Route of the INVITE, To of the response.
func (c *Client) acknowledge(res *sip.Response) {
	if c.state == completed {
		c.shard.transmit(c.callID, nil, c.bytes, true, c.flow)
		return
	}
	ack := c.derive(sip.ACK)
	if to := res.To(); to != nil {
		ack.AppendHeader(to)
	} else {
		ack.AppendHeader(c.req.To())
	}
	ack.SetBody(nil)
	c.bytes = bytes.Clone(c.shard.serialise(ack))
	c.shard.transmit(c.callID, ack, c.bytes, true, c.flow)
}

// SendACK sends the ACK for a 2xx, which is no transaction (RFC 3261 §13.2.2.4). The shard must be locked. A request
// without Via gets one with a new branch; the same request may be sent again.
func (l *Layer) SendACK(req *sip.Request, f transport.Flow) error {
	if err := checkOutgoing(req); err != nil {
		return fmt.Errorf("send ACK: %w", err)
	}
	s := l.Shard(string(*req.CallID()))
	complete(req, f)
	if err := s.transmit(string(*req.CallID()), req, s.serialise(req), false, f); err != nil {
		return fmt.Errorf("send ACK: %w", err)
	}
	return nil
}

// derive begins a request that belongs to the INVITE: an ACK or a CANCEL. It shares headers with it, which are only
// read any more.
func (c *Client) derive(method sip.RequestMethod) *sip.Request {
	req := sip.NewRequest(method, c.req.Recipient)
	req.AppendHeader(c.req.Via())
	sip.CopyHeaders("route", c.req, req)
	maxForwards := sip.MaxForwardsHeader(70)
	req.AppendHeader(&maxForwards)
	req.AppendHeader(c.req.From())
	req.AppendHeader(c.req.CallID())
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.req.CSeq().SeqNo, MethodName: method})
	return req
}
