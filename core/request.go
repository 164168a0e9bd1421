package core

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// Pending is a request of ours within the dialog whose outcome has to be waited for.
type Pending struct {
	done chan struct{}
	code int
}

func newPending() *Pending { return &Pending{done: make(chan struct{})} }

// Done is closed when the outcome is known, or the call has ended.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Code is the outcome once Done is closed: a final status; 0 when the call ended first.
func (p *Pending) Code() int {
	select {
	case <-p.done:
		return p.code
	default:
		return 0
	}
}

// finish tells the outcome, the first one only. The shard is locked.
func (p *Pending) finish(code int) {
	if p.finished() {
		return
	}
	p.code = code
	close(p.done)
}

func (p *Pending) finished() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// newRequest makes a request within the dialog with what those of ours have in
// common. INVITE, UPDATE, REFER and NOTIFY refresh the target, so they have a Contact.
func (c *Call) newRequest(method sip.RequestMethod, h Headers) *sip.Request {
	req := c.dialog.request(method)
	switch method {
	case sip.INVITE, sip.UPDATE, sip.REFER, sip.NOTIFY:
		req.AppendHeader(c.server.contact(c.user, c.flow))
		req.AppendHeader(c.server.allow())
		req.AppendHeader(timerSupported)
	}
	c.server.identify(req)
	h.addTo(req)
	return req
}

// outcome is the status that a final response or the lack of one stands for
// (RFC 3261 §8.1.3.1).
func outcome(res *sip.Response, err error) int {
	switch {
	case err == nil:
		return res.StatusCode
	case errors.Is(err, transaction.ErrTimeout):
		return 408
	}
	return 503 // the transport failed
}

// lost ends the call if the peer knows nothing of it any more (RFC 3261
// §12.2.1.2). Other failures of a request are its own (RFC 5057 §5.1), but for a
// re-INVITE that nobody answers. The shard is locked.
func (c *Call) lost(method sip.RequestMethod, code int) {
	if code != 481 && (code != 408 || method != sip.INVITE) || !c.state.Answered() {
		return
	}
	c.log.Warn("the peer has lost the dialog", "method", string(method), "status", code)
	c.server.stats.failed.Add(1)
	c.hangup(ErrRemoteHangup, HangupOptions{Reason: "dialog lost", Q850: 41})
}

// mayAsk tells why no request of ours can be sent within the dialog now.
func (c *Call) mayAsk() error {
	switch {
	case c.state == Ended:
		return ErrEnded
	case !c.state.Answered() || c.parted():
		return ErrNotAnswered
	}
	return nil
}

// dropRequests ends the waits for what has no outcome when the call ends.
func (c *Call) dropRequests() {
	if h := c.holding; h != nil {
		c.holding = nil
		h.drop()
	}
	if r := c.referral; r != nil {
		c.referral = nil
		r.timeout.Stop()
		r.pending.finish(0)
	}
}
