package core

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"offhook/core/sdp"
	"offhook/media"
)

// AnswerOptions say how to answer.
type AnswerOptions struct {
	Codecs  []media.Codec // allowed ones; nil: as configured. The caller's order decides.
	Headers Headers
}

// Answer sends 200 with our answer, or with our offer if the INVITE had none,
// and opens the media session. Confirmed tells of the ACK. The 200 waits for the
// PRACK of a reliable provisional response (RFC 3262 §3). Once answered it does
// nothing. Errors: ErrEnded when a CANCEL was faster; ErrNoCommonCodec, after
// which the call still rings; media.ErrNoPort, after which it has been refused
// with 503.
func (c *Call) Answer(o AnswerOptions) error {
	c.shard.Lock()
	defer c.shard.Unlock()
	switch {
	case c.state.Answered() || c.reliable.answer != nil:
		return nil
	case c.state == Ended:
		return ErrEnded
	}
	capabilities := c.capabilities
	if o.Codecs != nil {
		capabilities.Codecs = o.Codecs
	}
	if err := c.negotiate(capabilities); err != nil {
		if errors.Is(err, media.ErrNoPort) {
			r := retryLater(5)
			c.finish(r.code, r.reason, headersOf(r), ErrRefused)
			c.server.stats.failed.Add(1)
		}
		return fmt.Errorf("answer: %w", err)
	}
	c.capabilities = capabilities // also for what the peer offers later
	if c.reliable.giveUp != nil {
		c.reliable.answer = func() { c.sendAnswer(o.Headers) }
		return nil
	}
	c.sendAnswer(o.Headers)
	return nil
}

// sendAnswer sends the 200. The shard is locked.
func (c *Call) sendAnswer(h Headers) {
	c.change(evAnswer)
	c.answered = time.Now()
	c.mark(&c.stages.Answered)
	res := c.inviteResponse(200, "", h)
	c.expires(c.request, res)
	if !c.reliable.agreed {
		withSDP(res, c.negotiation.ours)
	}
	if err := c.tx.Respond(res); err != nil {
		c.log.Warn("response not sent", "status", 200, "error", err)
	}
	c.ending.Code = 200
	c.accept(c.tx, c.request.CSeq().SeqNo)
	c.server.stats.answered.Add(1)
	c.endReplaced()
	if c.log.Enabled(context.Background(), slog.LevelInfo) {
		c.log.Info("answered", "codec", c.negotiation.current.Codec.String(), "rtp", c.session.Addr().String(),
			"after_ms", c.answered.Sub(c.began).Milliseconds())
	}
}

// negotiate opens the media session, if there is none, and answers the offer of
// the INVITE, or makes ours. The shard is locked.
func (c *Call) negotiate(capabilities sdp.Capabilities) error {
	offer := c.negotiation.offer
	if c.negotiation.ours != nil {
		return nil // early media settled it: the 200 repeats the answer (RFC 3261 §13.2.1)
	}
	// checkOffer has weighed the offer with the call's own codecs; with others it is done before a port is taken for nothing
	if offer != nil && !slices.Equal(capabilities.Codecs, c.capabilities.Codecs) {
		if _, err := offer.Agree(capabilities); err != nil {
			return noCodec(err)
		}
	}
	if c.session == nil {
		session, err := c.server.o.Media.Open(media.SessionOptions{
			Local: c.flow.Local().Addr(), Event: c.mediaEvent, Timeout: c.server.o.MediaSilent, NoLatch: c.server.o.NoLatch,
			Inband: c.server.o.Inband, Played: c.playedFunc(),
		})
		if err != nil {
			return err
		}
		if c.session = session; c.tellsTones {
			session.TellTones()
		}
		c.noteOpened()
	}
	c.negotiation.local = c.describe(int(c.session.Addr().Port()))
	if offer == nil {
		c.negotiation.ours, c.negotiation.pending = sdp.Offer(c.negotiation.local, capabilities), true
		c.negotiation.current = sdp.Negotiated{Codec: capabilities.Codecs[0]}
		return nil
	}
	answer, n, err := offer.Answer(c.negotiation.local, capabilities)
	if err != nil {
		return noCodec(err)
	}
	c.negotiation.ours, c.negotiation.offer = answer, nil
	c.settle(n)
	return nil
}

// describe is our side of a session description: the address that the caller
// reaches us on, and a port.
func (c *Call) describe(port int) sdp.Local {
	secret := make([]byte, 32)
	cryptorand.Read(secret) // never fails
	return sdp.Local{Address: c.flow.Advertised().Addr(), Port: port, ID: rand.Uint64() >> 2, Version: 1, Secret: media.MasterKey(secret)}
}

// settle applies what offer and answer agreed on to the session, and tells of
// hold and resume.
func (c *Call) settle(n sdp.Negotiated) {
	was, first := c.negotiation.current, !c.configured()
	c.negotiation.current = n
	c.session.Configure(media.Params{
		Remote: n.Remote, RemoteRTCP: n.RemoteRTCP, Codec: n.Codec, PayloadType: n.PayloadType, Ptime: n.Ptime,
		DTMFPayloadType: n.DTMFPayloadType, Offered: n.Offered, Send: n.Send, Receive: n.Receive, Mux: n.Mux, Crypto: n.Crypto,
	})
	c.noteSettled(was, n)
	switch {
	case first || was.Hold == n.Hold:
	case n.Hold:
		c.emit(Event{Kind: EventHold})
	default:
		c.emit(Event{Kind: EventResume})
	}
}

// configured tells whether the session knows where to send.
func (c *Call) configured() bool {
	return c.negotiation.current.Remote.IsValid() && c.negotiation.ours != nil
}

func noCodec(err error) error {
	if errors.Is(err, sdp.ErrNoCommonCodec) {
		return ErrNoCommonCodec
	}
	return err
}

// refusalOf is the response to an offer that cannot be answered.
func refusalOf(err error) *refusal {
	if errors.Is(err, sdp.ErrNoCommonCodec) {
		return notAcceptable
	}
	return badSDP.with("Warning", fmt.Sprintf("399 offhook %q", err.Error()))
}
