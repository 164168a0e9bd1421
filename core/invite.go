package core

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/media"
)

// invite takes an INVITE that begins a call: 100 at once, and if the call is
// admitted and its offer is one we can answer, a goroutine for its handler.
func (s *Server) invite(tx *transaction.Server, req *sip.Request, t *trunk) {
	taken := time.Now()
	id := newID()
	j := s.begin(tx, req, id, t)
	if err := tx.Respond(s.response(req, 100, "")); err != nil {
		s.log.Debug("100 not sent", "call", id, "error", err)
	}
	c := s.newCall(tx, req, id)
	c.journal = j
	c.join(t)
	c.stages.Trying = max(1, c.began.Sub(taken))
	if r := s.admit(c); r != nil {
		s.refuse(tx, req, r)
		endRefused(j, r)
		return
	}
	s.load.Add(c.began)
	ctx, cancel := context.WithCancelCause(context.Background())
	c.cancel, c.done = cancel, ctx.Done()
	r := c.checkOffer()
	if r == nil {
		c.replaces, r = readReplaces(req)
	}
	if r != nil {
		c.Announce()
		c.refuse(r)
	} else if s.o.CallTimeout > 0 {
		c.limit = c.shard.AfterFunc(s.o.CallTimeout, func() { c.hangup(ErrLimit, HangupOptions{}) })
	}
	s.workers.serve(ctx, c)
}

// newCall makes the call of an INVITE. Its tag goes into the request's own To,
// so that every response to it has the same.
func (s *Server) newCall(tx *transaction.Server, req *sip.Request, id string) *Call {
	tag := newTag()
	req.To().Params.Add("tag", tag)
	c := &Call{
		server: s, id: id, request: req, flow: tx.Flow(), user: req.Recipient.User, tx: tx, began: time.Now(),
		capabilities: s.capabilities,
		shard:        s.transactions.Shard(req.CallID().Value()),
		confirmed:    make(chan struct{}),
	}
	c.logTo(s.log)
	c.dialog = newDialogAsUAS(req, tag, tx.Flow())
	c.reliable.used = s.reliably(req)
	return c
}

// checkOffer refuses an offer that can never be answered before any script runs.
func (c *Call) checkOffer() *refusal {
	if len(c.request.Body()) == 0 {
		return nil // we will offer (RFC 3261 §13.3.1.4)
	}
	offer, err := sdp.Read(c.request.Body())
	if err != nil {
		return refusalOf(err)
	}
	n, err := offer.Agree(c.capabilities)
	if err != nil {
		return refusalOf(err)
	}
	c.negotiation.offer, c.negotiation.current = offer, n
	return nil
}

// refuse ends a call with a final response before its handler has run. The
// shard is locked.
func (c *Call) refuse(r *refusal) {
	c.finish(r.code, r.reason, headersOf(r), ErrRefused)
	c.server.stats.failed.Add(1)
}

func headersOf(r *refusal) Headers {
	var hs Headers
	for _, h := range r.headers {
		hs = append(hs, Header{h.Name(), h.Value()})
	}
	return hs
}

// run is what the call's goroutine does. A handler that panics ends its own call only.
func (c *Call) run(ctx context.Context) {
	c.server.load.Begin(time.Now(), c.began)
	defer c.server.leave(c.trunk)
	defer c.cancel(nil)
	defer c.report()
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			_ = c.Hangup(HangupOptions{Code: 500, Cause: ErrHandler, Failed: true})
		}
	}()
	if context.Cause(ctx) == ErrRefused { // its offer cannot be answered, so no handler learns of it
		return
	}
	c.replace()
	c.server.o.Handler.ServeCall(ctx, c)
	_ = c.Hangup(HangupOptions{}) // does nothing when the call has ended
}

// logEnd writes the line of a call that has ended.
func (c *Call) logEnd(e Ending, rtp media.Stats, codec media.Codec) {
	attrs := []slog.Attr{
		slog.String("by", e.By()), slog.Int("status", e.Code), slog.Float64("seconds", e.Duration.Seconds()),
		slog.Uint64("sent", rtp.Sent.Packets), slog.Uint64("received", rtp.Received.Packets),
		slog.Int64("lost", rtp.Received.Lost), slog.Float64("jitter_ms", float64(rtp.Received.Jitter.Microseconds())/1000),
	}
	if c.session != nil {
		attrs = append(attrs, slog.String("codec", codec.String()))
	}
	if rtp.Suite != media.NoSuite {
		attrs = append(attrs, slog.String("srtp", rtp.Suite.String()))
	}
	if e.Reason != "" {
		attrs = append(attrs, slog.String("reason", e.Reason))
	}
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "call ended", attrs...)
}

// report logs the end of the call, and waits until it is recorded.
func (c *Call) report() {
	c.shard.Lock()
	e, rtp := c.ending, c.final
	codec := c.negotiation.current.Codec
	recorded := c.record()
	c.shard.Unlock()
	if c.log.Enabled(context.Background(), slog.LevelInfo) {
		c.logEnd(e, rtp, codec)
	}
	c.awaitRecord(recorded)
}
