package core

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
	"offhook/core/transaction"
)

// following is a REFER of the peer's that we act on (RFC 3515), if Options.AcceptRefer
// lets us: we call whom it names, and when that one answers the call goes on with it.
//
//	peer                        we                          the one it names
//	 |── REFER ───────────────> |
//	 |<── 202, NOTIFY 100 ───── | ── INVITE (Replaces) ────> |
//	 |<── NOTIFY 180 ────────── | <───────────────── 180 ─── |
//	 |                          | <───────────────── 200 ─── |   takeOver: dialog and media of the call are
//	 |<── NOTIFY 200 ────────── | ── ACK ──────────────────> |   now those of the new INVITE
//	 |── BYE, else we after 5 s |
//
// The handler notices no more than that its call goes on, as the person does whom a
// telephone transfers: what plays goes on, in the media session that it has. The
// INVITE is one of a Call without a handler, leg. It has a Call-ID in the same shard,
// so when it is answered the two calls can change dialogs under one lock, and leg
// keeps the old dialog until it ends.
type following struct {
	call   *Call     // that the peer transfers
	keeper *Call     // who has the dialog of the REFER: call, and after takeOver leg
	leg    *Call     // nil until its INVITE has left
	event  string    // Event of the NOTIFYs
	until  time.Time // when we give up
	silent bool      // the peer is told nothing: it does not want it (RFC 4488), or has forgotten
	status int       // told last
	bye    *byeCame  // the peer did not wait for the outcome; nil: it does
}

// byeCame is what a BYE said.
type byeCame struct {
	reason string
	q850   int
}

const (
	followTime = 3 * time.Minute // for an answer: timer C (RFC 3261 §16.6)
	partTime   = 5 * time.Second // for the BYE of the peer, once it knows
)

var pendingRefer = &refusal{code: 491, reason: "Another Transfer Is Pending"}

// refer takes a REFER within the dialog.
func (c *Call) refer(tx *transaction.Server, req *sip.Request) {
	if !c.server.o.AcceptRefer {
		c.server.refuse(tx, req, notAllowed) // and our Allow says so: who asks nevertheless is not offered a 603
		return
	}
	to, r := readReferTo(req)
	switch {
	case r != nil:
	case c.state != Confirmed || c.session == nil:
		r = retryShortly()
	case c.following != nil:
		r = pendingRefer
	case !c.server.startRedial():
		r = unavailable
	}
	if r != nil {
		c.server.refuse(tx, req, r)
		return
	}
	c.dialog.retarget(req.Contact())
	f := &following{call: c, keeper: c, event: "refer", until: time.Now().Add(followTime)}
	if c.refers++; c.refers > 1 { // RFC 3515 §2.4.6
		f.event = fmt.Sprintf("refer;id=%d", req.CSeq().SeqNo)
	}
	for _, value := range fieldsOf(req, "Refer-Sub") {
		f.silent = strings.EqualFold(mediaType(value), "false")
	}
	c.following = f
	c.log.Info("transferred by the peer", "to", to.uri, "replaces", to.replaces)
	c.acceptRefer(tx, req, f.silent)
	f.tell(100, "")
	o := DialOptions{URI: to.uri, From: c.user, Codecs: c.capabilities.Codecs, Account: c.account, Headers: to.headers(req)}
	go f.follow(o) // ends when the INVITE has left, after lookupTime and redialTime at the latest; Server.Close waits for it
}

// acceptRefer sends 202 (RFC 3515 §2.4.4).
func (c *Call) acceptRefer(tx *transaction.Server, req *sip.Request, silent bool) {
	res := c.server.response(req, 202, "")
	res.AppendHeader(c.server.contact(c.user, c.flow))
	res.AppendHeader(c.server.allow())
	res.AppendHeader(supported)
	if silent {
		res.AppendHeader(sip.NewHeader("Refer-Sub", "false"))
	}
	c.rule(res)
	if err := tx.Respond(res); err != nil {
		c.log.Debug("202 to REFER not sent", "error", err)
	}
}

// follow calls the one that a REFER names.
func (f *following) follow(o DialOptions) {
	c, s := f.call, f.call.server
	defer s.redials.Done()
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime+redialTime)
	defer cancel()
	leg, uri, err := s.newOutgoing(ctx, &o)
	if err == nil {
		leg.outgoing.following = f
		leg.log, leg.labels, leg.trunk = c.log, c.labels, c.trunk
		leg.compose(ctx, uri, o)
		leg.rule(leg.request)
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	if c.following != f { // the call has ended
		return
	}
	if err == nil {
		c.journal.Join(leg.dialog.id.callID)
		err = leg.send()
	}
	if err != nil {
		c.log.Warn("the one that the peer transfers to cannot be called", "uri", o.URI, "error", err)
		f.failed(503, "")
		return
	}
	f.leg = leg
	leg.limit = c.shard.AfterFunc(time.Until(f.until), func() { leg.giveUp(ErrLimit) })
}

// tell sends NOTIFY with the status of the call to the one that the peer named.
func (f *following) tell(code int, reason string) {
	if f.silent || f.bye != nil || code == f.status {
		return
	}
	f.status = code
	if reason == "" {
		reason = phrase(code)
	}
	state := "terminated;reason=noresource"
	if code < 200 {
		state = "active;expires=" + wholeSeconds(time.Until(f.until))
	}
	req := f.keeper.newRequest(sip.NOTIFY, Headers{
		{"Event", f.event}, {"Subscription-State", state}, {"Content-Type", fragmentType + ";version=2.0"},
	})
	req.SetBody(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, reason))
	err := f.keeper.sendInDialog(req, func(res *sip.Response, err error) {
		if err == nil && res.StatusCode == 481 { // the subscription is over, not the dialog (RFC 5057 §5.1)
			f.silent = true
		}
	}, nil)
	if err != nil {
		f.call.log.Warn("NOTIFY not sent", "error", err)
	}
}

// takeOver goes on with the one that has answered leg with res, as n says.
func (f *following) takeOver(leg *Call, n sdp.Negotiated, res *sip.Response) {
	c := f.call
	c.following = nil
	leg.limit.Stop()
	c.leaveDialog(leg)
	c.dialog, leg.dialog = leg.dialog, c.dialog
	c.flow, leg.flow = leg.flow, c.flow
	c.user, leg.user = leg.user, c.user
	c.account, leg.account = leg.account, c.account
	c.outgoing, leg.outgoing = leg.outgoing, nil
	c.outgoing.call, c.outgoing.following = c, nil
	c.credentials, c.reinvited, leg.reinvited = leg.credentials, 0, c.reinvited
	c.negotiation.local, c.negotiation.ours = leg.negotiation.local, leg.negotiation.ours
	c.server.move(c, leg)
	c.settle(n)
	c.refreshed(res)
	c.log.Info("transferred", "to", c.dialog.remote.Address.String(), "codec", n.Codec.String())
	f.keeper, leg.left = leg, c
	if f.bye != nil {
		leg.change(evEnd)
		leg.end(ErrRemoteHangup)
		c.server.forget(leg.dialog.id)
		return
	}
	f.tell(res.StatusCode, res.Reason)
	leg.limit = c.shard.AfterFunc(partTime, func() { leg.hangup(ErrLocalHangup, HangupOptions{}) })
}

// move notes where two calls can be reached that have changed dialogs.
func (s *Server) move(c, leg *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialogs[c.dialog.id], s.dialogs[leg.dialog.id] = c, leg
}

// leaveDialog ends what goes on in the dialog. Copies of a 2xx in it get their ACK
// from the keeper.
func (c *Call) leaveDialog(keeper *Call) {
	c.timer.stop()
	c.timer = sessionTimer{}
	if c.accepted != nil {
		c.accepted.stop()
		c.accepted = nil
	}
	c.negotiation.pending = false
	if h := c.holding; h != nil {
		c.holding, h.keeper = nil, keeper
		h.pending.finish(481)
		h.drop()
	}
	if r := c.referral; r != nil {
		c.referred(r, 481)
	}
}

// failed ends it without a change; with a peer that did not wait for that, the call
// ends, too. A nil following has not failed.
func (f *following) failed(code int, reason string) {
	if f == nil || f.call.following != f {
		return
	}
	c := f.call
	f.tell(code, reason)
	c.following = nil
	c.log.Info("the transfer by the peer failed", "status", code)
	if f.bye != nil {
		c.ending.Reason, c.ending.Q850 = f.bye.reason, f.bye.q850
		c.change(evEnd)
		c.end(ErrRemoteHangup)
		c.server.forget(c.dialog.id)
	}
}

// part takes the BYE of a peer that does not wait for the outcome, as phones do. The
// call waits for whom it was transferred to, in silence.
func (f *following) part(bye *sip.Request) {
	c := f.call
	reason, q850 := reasonOf(bye)
	f.bye = &byeCame{reason, q850}
	c.leaveDialog(c)
	n := c.negotiation.current
	n.Send, n.Receive = false, false
	c.settle(n)
}

// parted tells whether the call has no dialog for now.
func (c *Call) parted() bool { return c.following != nil && c.following.bye != nil }

// stop ends it with the call. It does nothing to a nil following.
func (f *following) stop() {
	if f == nil {
		return
	}
	f.call.following = nil
	if f.leg != nil {
		f.leg.limit.Stop()
		f.leg.giveUp(ErrLocalHangup)
	}
}

// referTo is what a Refer-To names.
type referTo struct {
	uri      string
	replaces string // the dialog that the INVITE takes the place of (RFC 3891); empty: none
}

var (
	oneReferTo   = &refusal{code: 400, reason: "Want One Refer-To"} // RFC 3515 §2.4.1
	badReferTo   = &refusal{code: 400, reason: "Bad Refer-To"}
	otherReferTo = &refusal{code: 403, reason: "Refer-To Is No SIP Call"}
)

// readReferTo reads Refer-To. Of the header fields in its URI only Replaces is taken
// over: others could be anything (RFC 3261 §19.1.5).
func readReferTo(req *sip.Request) (to referTo, r *refusal) {
	values := fieldsOf(req, "Refer-To")
	if len(values) != 1 {
		return to, oneReferTo
	}
	text := values[0]
	if i := strings.LastIndexByte(text, '<'); i >= 0 {
		text, _, _ = strings.Cut(text[i+1:], ">")
	} else {
		text, _, _ = strings.Cut(text, ";") // the rest belongs to the header field
	}
	text, fields, _ := strings.Cut(strings.TrimSpace(text), "?")
	text, err := checkURI(text)
	var u sip.Uri
	if err != nil || sip.ParseUri(text, &u) != nil {
		return to, badReferTo
	}
	if method, ok := u.UriParams.Get("method"); u.Scheme != "sip" && u.Scheme != "sips" || ok && method != string(sip.INVITE) {
		return to, otherReferTo
	}
	u = targetOf(&sip.ContactHeader{Address: u})
	to.uri = u.String()
	for field := range strings.SplitSeq(fields, "&") {
		name, value, _ := strings.Cut(field, "=")
		if !strings.EqualFold(name, replacesTag) {
			continue
		}
		if to.replaces, err = url.PathUnescape(value); err != nil || strings.ContainsFunc(to.replaces, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return to, badReferTo
		}
	}
	return to, nil
}

// headers are those of the INVITE (RFC 3891 §3, RFC 3892 §2.1).
func (to referTo) headers(refer *sip.Request) (h Headers) {
	if to.replaces != "" {
		h = append(h, Header{"Replaces", to.replaces})
	}
	if by := fieldsOf(refer, "Referred-By"); len(by) > 0 {
		h = append(h, Header{"Referred-By", by[0]})
	}
	return h
}
