package core

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/journal"
	"offhook/core/locate"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// DialOptions say whom to call and with what.
type DialOptions struct {
	URI     string        // sip:user@host[:port][;transport=tcp], or sips:
	From    string        // user part of From; empty: "offhook"
	Codecs  []media.Codec // that we offer, in order; nil: as configured
	Headers Headers
	Account digest.Account // that challenges are answered with; zero: they are not
}

// Dial calls a SIP URI. It returns when the INVITE has left; Confirmed tells
// that the call was answered, Done that it has ended, and Ending how. ctx
// bounds the look-up of the host and the connection, not the call. To call over
// udp the server must listen on it.
func (s *Server) Dial(ctx context.Context, o DialOptions) (*Call, error) {
	c, err := s.dial(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", o.URI, err)
	}
	return c, nil
}

func (s *Server) dial(ctx context.Context, o DialOptions) (*Call, error) {
	c, uri, err := s.newOutgoing(ctx, &o)
	if err != nil {
		return nil, err
	}
	if c.session, err = s.o.Media.Open(media.SessionOptions{Local: c.flow.Local().Addr(), Event: c.mediaEvent, NoLatch: s.o.NoLatch, Played: c.playedFunc()}); err != nil {
		return nil, err
	}
	c.compose(ctx, uri, o)
	c.journal = s.beginOutgoing(c)
	c.shard.Lock()
	defer c.shard.Unlock()
	if err := c.send(); err != nil {
		c.session.Close()
		return nil, err
	}
	return c, nil
}

// newOutgoing makes a call to a URI, without its media session and its INVITE.
func (s *Server) newOutgoing(ctx context.Context, o *DialOptions) (*Call, sip.Uri, error) {
	uri, targets, err := s.resolve(ctx, o.URI)
	if err != nil {
		return nil, uri, err
	}
	flow, rest, err := s.dialFirst(ctx, targets)
	if err != nil {
		return nil, uri, err
	}
	if o.From == "" {
		o.From = "offhook"
	}
	c := &Call{server: s, id: newID(), flow: flow, user: o.From, began: time.Now(), confirmed: make(chan struct{})}
	c.outgoing = &outgoing{call: c, rest: rest}
	c.logTo(s.log)
	c.capabilities, c.account = s.capabilities, o.Account
	c.outgoing.digest.Account = o.Account
	if o.Codecs != nil {
		c.capabilities.Codecs = o.Codecs
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c.cancel, c.done = cancel, ctx.Done()
	return c, uri, nil
}

// compose makes the INVITE, for TCP if it is too large for UDP.
func (c *Call) compose(ctx context.Context, uri sip.Uri, o DialOptions) {
	c.request = c.newInvite(uri, o)
	if flow := c.flow; c.server.tooLarge(c.request, flow) {
		if c.flow = c.server.overTCP(ctx, flow); c.flow != flow { // with the Contact and Via of TCP
			c.request = c.newInvite(uri, o)
		}
	}
}

// outgoing is what a call of ours has besides.
type outgoing struct {
	call      *Call // whose it is: see following
	client    *transaction.Client
	invite    *sip.Request    // as it was sent last
	digest    digest.Client   // that answers challenges to it
	rest      []locate.Target // to try when the first one is out of order
	cancelled error           // why we gave up before an answer; nil: we did not
	following *following      // the REFER that asked for it; nil: none did
}

func (o *outgoing) result(res *sip.Response, err error) { o.call.inviteResult(res, err) }

// newInvite makes the INVITE with our offer, and the dialog it may begin.
func (c *Call) newInvite(uri sip.Uri, o DialOptions) *sip.Request {
	local := c.flow.Advertised()
	from := sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: o.From, Host: local.Addr().String()}}
	from.Params = setTag(from.Params, newTag())
	tag, _ := tagOf(from.Params)
	callID, at := c.newCallID(), c
	if f := c.outgoing.following; f != nil {
		at = f.call // its session is ours
	}
	c.dialog = dialog{
		id: dialogID{callID, tag}, local: from, remote: sip.ToHeader{Address: uri},
		target: uri, localSeq: uint32(rand.IntN(1 << 16)), flow: c.flow,
	}
	c.shard = c.server.transactions.Shard(callID)
	c.negotiation.local = at.describe(int(at.session.Addr().Port()))
	c.negotiation.ours = sdp.Offer(c.negotiation.local, c.capabilities)
	req := c.dialog.request(sip.INVITE)
	req.AppendHeader(c.server.contact(o.From, c.flow))
	req.AppendHeader(c.server.allow())
	req.AppendHeader(timerSupported)
	c.server.identify(req)
	o.Headers.addTo(req)
	withSDP(req, c.negotiation.ours)
	return req
}

// newCallID makes a Call-ID. One that is to become part of another call lies in the
// same shard, which is the lock of both.
func (c *Call) newCallID() string {
	for {
		callID := strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
		if f := c.outgoing.following; f == nil || c.server.transactions.Shard(callID) == f.call.shard {
			return callID
		}
	}
}

// send begins the INVITE transaction. The shard is locked.
func (c *Call) send() (err error) {
	c.noteOpened()
	c.outgoing.invite = c.request
	if c.outgoing.client, err = c.server.transactions.Send(c.request, c.flow, c.outgoing.result); err != nil {
		c.sampling.timer.Stop()
		c.journal.End(func(j *journal.Call) { j.By, j.Reason = "error", err.Error() })
		return err
	}
	c.server.mu.Lock()
	c.server.dialogs[c.dialog.id] = c
	c.server.mu.Unlock()
	return nil
}

// inviteResult takes each response to our INVITE, and its failure.
func (c *Call) inviteResult(res *sip.Response, err error) {
	switch {
	case (err != nil || res.StatusCode == 503) && c.tryNext():
	case err != nil:
		c.refused(408, err.Error())
	case res.StatusCode == 100:
	case res.IsProvisional():
		c.ringing(res)
	case res.IsSuccess():
		c.inviteAnswered(res)
	case challenged(res) && c.inviteAgain(res):
	default:
		c.refused(res.StatusCode, res.Reason)
	}
}

// ringing takes a provisional response; one with a description is early media.
func (c *Call) ringing(res *sip.Response) {
	if !c.change(evProvisional) {
		return
	}
	if f := c.outgoing.following; f != nil {
		f.tell(res.StatusCode, res.Reason)
		return // the session is still that of the peer who asked
	}
	if n, err := sdp.Accept(descriptionOf(res), c.negotiation.ours); err == nil {
		c.settle(n)
	}
}

// inviteAnswered takes a 2xx: the first one makes the dialog, copies of it get
// their ACK again, and that of another branch of a fork is hung up at once
// (RFC 3261 §13.2.2.4).
func (c *Call) inviteAnswered(res *sip.Response) {
	tag, _ := tagOf(res.To().Params)
	if c.state.Answered() || c.state == Ended && !c.answered.IsZero() {
		if mine, _ := tagOf(c.dialog.remote.Params); mine == tag {
			c.sendAck(&c.dialog, c.outgoing.invite.CSeq().SeqNo)
			return
		}
		c.hangupFork(res)
		return
	}
	if c.state == Ended || c.outgoing.cancelled != nil { // the answer was faster than our CANCEL
		c.hangupFork(res)
		c.refused(487, "")
		return
	}
	c.change(evAnswer)
	c.change(evAck)
	c.answered = time.Now()
	c.ending.Code = res.StatusCode
	c.dialog.answered(res)
	c.sendAck(&c.dialog, c.outgoing.invite.CSeq().SeqNo)
	n, err := sdp.Accept(descriptionOf(res), c.negotiation.ours)
	f := c.outgoing.following
	if err != nil {
		c.hangup(ErrRefused, HangupOptions{Reason: "unusable answer", Q850: 88})
		f.failed(488, "")
		return
	}
	if f != nil {
		f.takeOver(c, n, res)
		return
	}
	c.settle(n)
	c.refreshed(res)
	close(c.confirmed)
}

// hangupFork ends a dialog that we do not want, without a call.
func (c *Call) hangupFork(res *sip.Response) {
	d := c.dialog
	d.answered(res)
	c.sendAck(&d, c.outgoing.invite.CSeq().SeqNo)
	bye := d.request(sip.BYE)
	c.reach(&d, func(f transport.Flow) {
		if _, err := c.server.transactions.Send(bye, f, func(*sip.Response, error) {}); err != nil {
			c.log.Debug("BYE not sent", "error", err)
		}
	})
}

// sendAck acknowledges a 2xx to the INVITE or re-INVITE with that CSeq number.
func (c *Call) sendAck(d *dialog, seq uint32) {
	ack := d.requestWith(sip.ACK, seq)
	c.credentials.addTo(ack)
	c.reach(d, func(f transport.Flow) {
		if err := c.server.transactions.SendACK(ack, f); err != nil {
			c.log.Debug("ACK not sent", "error", err)
		}
	})
}

// giveUp ends a call that nobody has answered yet: CANCEL, and the call ends
// with the response to its INVITE.
func (c *Call) giveUp(cause error) {
	if c.outgoing.cancelled != nil || c.state == Ended {
		return
	}
	c.outgoing.cancelled = cause
	if err := c.outgoing.client.Cancel(); err != nil {
		c.refused(487, err.Error())
	}
}

// refused ends a call that was not answered.
func (c *Call) refused(code int, reason string) {
	if !c.change(evEnd) {
		return
	}
	c.ending.Code, c.ending.Reason = code, reason
	cause := ErrRefused
	if c.outgoing.cancelled != nil {
		cause = c.outgoing.cancelled
	}
	c.end(cause)
	c.server.forget(c.dialog.id)
	c.outgoing.following.failed(code, reason)
}

// Done is closed when an outgoing call has ended; Ending tells how.
func (c *Call) Done() <-chan struct{} { return c.done }

// answered completes the dialog of a call of ours with a 2xx (RFC 3261 §12.1.2).
func (d *dialog) answered(res *sip.Response) {
	d.remote = *res.To()
	if contact := res.Contact(); contact != nil && !contact.Address.Wildcard {
		d.target = targetOf(contact)
	}
	d.routes = nil
	for _, h := range res.GetHeaders("Record-Route") {
		d.routes = append(d.routes, routeOf(h)...)
	}
	slices.Reverse(d.routes)
}
