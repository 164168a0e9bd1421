package core

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/media"
)

// DialOptions say whom to call and with what.
type DialOptions struct {
	URI     string        // sip:user@host[:port][;transport=tcp]
	From    string        // user part of From; empty: "offhook"
	Codecs  []media.Codec // that we offer, in order; nil: as configured
	Headers Headers
	Account digest.Account // that challenges are answered with; zero: they are not
}

// Dial calls a SIP URI. It returns when the INVITE has left; Confirmed tells
// that the call was answered, Done that it has ended, and Ending how. ctx
// bounds the look-up of the host and the connection, not the call. The server
// must listen on the transport.
func (s *Server) Dial(ctx context.Context, o DialOptions) (*Call, error) {
	uri, network, remote, err := resolve(ctx, o.URI)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", o.URI, err)
	}
	flow, err := s.transport.Dial(ctx, network, remote)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", o.URI, err)
	}
	if o.From == "" {
		o.From = "offhook"
	}
	c := &Call{
		server: s, id: strconv.FormatUint(rand.Uint64()>>16, 36), flow: flow, user: o.From,
		began: time.Now(), outgoing: &outgoing{}, confirmed: make(chan struct{}),
	}
	c.logTo(s.log.With("call", c.id))
	c.capabilities, c.account = s.capabilities, o.Account
	c.outgoing.digest.Account = o.Account
	if o.Codecs != nil {
		c.capabilities.Codecs = o.Codecs
	}
	if c.session, err = s.o.Media.Open(media.SessionOptions{Local: flow.Local().Addr(), Event: c.mediaEvent, NoLatch: s.o.NoLatch}); err != nil {
		return nil, fmt.Errorf("call %s: %w", o.URI, err)
	}
	c.request = c.newInvite(uri, o)
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c.cancel, c.done = cancel, ctx.Done()
	if err := c.send(); err != nil {
		c.session.Close()
		return nil, fmt.Errorf("call %s: %w", o.URI, err)
	}
	return c, nil
}

// outgoing is what a call of ours has besides.
type outgoing struct {
	client    *transaction.Client
	invite    *sip.Request  // as it was sent last
	digest    digest.Client // that answers challenges to it
	cancelled error         // why we gave up before an answer; nil: we did not
}

// newInvite makes the INVITE with our offer, and the dialog it may begin.
func (c *Call) newInvite(uri sip.Uri, o DialOptions) *sip.Request {
	local := c.flow.Local()
	from := sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: o.From, Host: local.Addr().String()}}
	from.Params = setTag(from.Params, newTag())
	tag, _ := tagOf(from.Params)
	callID := strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
	c.dialog = dialog{
		id: dialogID{callID, tag}, local: from, remote: sip.ToHeader{Address: uri},
		target: uri, localSeq: uint32(rand.IntN(1 << 16)), flow: c.flow,
	}
	c.shard = c.server.transactions.Shard(callID)
	c.negotiation.local = c.describe(int(c.session.Addr().Port()))
	c.negotiation.ours = sdp.Offer(c.negotiation.local, c.capabilities)
	req := c.dialog.request(sip.INVITE)
	req.AppendHeader(c.server.contact(o.From, c.flow))
	req.AppendHeader(sip.NewHeader("Allow", allowedMethods))
	req.AppendHeader(sip.NewHeader("Supported", timerTag))
	c.server.identify(req)
	o.Headers.addTo(req)
	withSDP(req, c.negotiation.ours)
	return req
}

// send begins the INVITE transaction.
func (c *Call) send() (err error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	c.outgoing.invite = c.request
	if c.outgoing.client, err = c.server.transactions.Send(c.request, c.flow, c.inviteResult); err != nil {
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
	if n, err := sdp.Accept(res.Body(), c.negotiation.ours); err == nil {
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
	n, err := sdp.Accept(res.Body(), c.negotiation.ours)
	if err != nil {
		c.hangup(ErrRefused, HangupOptions{Reason: "unusable answer", Q850: 88})
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
	if _, err := c.server.transactions.Send(bye, d.next(), func(*sip.Response, error) {}); err != nil {
		c.log.Debug("BYE not sent", "error", err)
	}
}

// sendAck acknowledges a 2xx to the INVITE or re-INVITE with that CSeq number.
func (c *Call) sendAck(d *dialog, seq uint32) {
	ack := d.requestWith(sip.ACK, seq)
	c.credentials.addTo(ack)
	if err := c.server.transactions.SendACK(ack, d.next()); err != nil {
		c.log.Debug("ACK not sent", "error", err)
	}
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

// resolve reads a SIP URI and finds where it leads: A and AAAA records, no SRV.
func resolve(ctx context.Context, text string) (uri sip.Uri, network string, remote netip.AddrPort, err error) {
	if err = sip.ParseUri(text, &uri); err != nil || uri.Scheme != "sip" {
		return uri, "", remote, errors.New("not a SIP URI: write sip:user@host or sip:user@host:port")
	}
	if uri.Host == "" {
		return uri, "", remote, errors.New("the SIP URI names no host: write sip:user@host")
	}
	network = strings.ToLower(uri.UriParams.GetOr("transport", "udp"))
	if network != "udp" && network != "tcp" {
		return uri, "", remote, fmt.Errorf("transport %q is not available: use udp or tcp", network)
	}
	if addr, ok := numericAddr(&uri); ok {
		return uri, network, addr, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", uri.Host)
	if err != nil {
		return uri, "", remote, err
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() }) // IPv4 first
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	return uri, network, netip.AddrPortFrom(addrs[0].Unmap(), uint16(port)), nil
}
