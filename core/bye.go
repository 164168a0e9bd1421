package core

import (
	"cmp"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// HangupOptions say how to end a call.
type HangupOptions struct {
	Code    int    // final response when the call is not answered; 0: 480
	Reason  string // text of the Reason header field (RFC 3326)
	Q850    int    // cause of the Reason header field; 0: 16, normal call clearing, if there is a Reason
	Headers Headers
	Cause   error // ErrLimit, ErrMediaTimeout or ErrHandler; nil: ErrLocalHangup
	Failed  bool  // the call counts as failed
}

// Hangup ends the call: with BYE if it is answered, else with a final response.
// It does nothing when the call has ended.
func (c *Call) Hangup(o HangupOptions) error {
	c.shard.Lock()
	defer c.shard.Unlock()
	if o.Failed && c.state != Ended {
		c.server.stats.failed.Add(1)
	}
	c.hangup(cmp.Or(o.Cause, ErrLocalHangup), o)
	return nil
}

// hangup is Hangup with a cause. The shard is locked. A 200 that waits for its
// ACK holds the BYE back (RFC 3261 §15).
func (c *Call) hangup(cause error, o HangupOptions) {
	if !c.state.Answered() && c.outgoing != nil {
		c.giveUp(cause)
		return
	}
	if !c.state.Answered() {
		if o.Code == 0 {
			o.Code = 480
		}
		c.finish(o.Code, "", o.withReason(), cause)
		return
	}
	if !c.change(evEnd) {
		return
	}
	c.ending.Reason, c.ending.Q850 = o.Reason, o.Q850
	h, parted := o.withReason(), c.parted()
	c.end(cause)
	if parted {
		c.server.forget(c.dialog.id)
		return
	}
	if c.accepted != nil {
		c.byeOnAck = append(make([]Header, 0, len(h)), h...) // not nil
		return
	}
	c.sendBye(h)
}

// sendBye sends our BYE; whatever comes back, the dialog is over. Until then it
// takes a BYE that crosses ours (RFC 5407 §3.1.4), and nothing else.
func (c *Call) sendBye(h Headers) {
	c.mortal = true
	id := c.dialog.id
	req := c.dialog.request(sip.BYE)
	c.server.identify(req)
	h.addTo(req)
	err := c.sendInDialog(req, func(res *sip.Response, err error) {
		c.server.forget(id)
		if err != nil || res.StatusCode >= 300 {
			c.log.Info("BYE without success", "error", err, "status", statusOf(res))
		}
	}, nil)
	if err != nil {
		c.server.forget(id)
		c.log.Warn("BYE not sent", "error", err)
	}
	c.log.Info("BYE sent")
}

func statusOf(res *sip.Response) int {
	if res == nil {
		return 0
	}
	return res.StatusCode
}

// identify gives a request of ours its User-Agent.
func (s *Server) identify(req *sip.Request) {
	if s.o.UserAgent != "" {
		req.AppendHeader(sip.NewHeader("User-Agent", s.o.UserAgent))
	}
}

// bye takes a BYE of the peer, which is legal in every state: also before the
// ACK, and on an early dialog, where the INVITE gets 487 (RFC 3261 §15.1.2).
func (c *Call) bye(tx *transaction.Server, req *sip.Request) {
	if c.outgoing != nil && !c.state.Answered() { // only the caller may end an early dialog with BYE
		c.server.refuse(tx, req, noDialog)
		return
	}
	if err := tx.Respond(c.server.response(req, 200, "")); err != nil {
		c.log.Debug("200 to BYE not sent", "error", err)
	}
	c.log.Info("BYE received")
	if c.accepted != nil {
		c.accepted.stop()
		c.accepted = nil
	}
	if c.state == Ended { // we had hung up, and our BYE waited for the ACK
		c.server.forget(c.dialog.id)
		return
	}
	if c.following != nil {
		c.following.part(req)
		return
	}
	c.ending.Reason, c.ending.Q850 = reasonOf(req)
	if !c.state.Answered() {
		c.finish(487, "", nil, ErrRemoteHangup)
		return
	}
	c.change(evEnd)
	c.end(ErrRemoteHangup)
	c.server.forget(c.dialog.id)
}

// end does what every end of a call has in common. The state is Ended already
// and the shard is locked.
func (c *Call) end(cause error) {
	c.limit.Stop()
	c.timer.stop()
	c.sampling.timer.Stop()
	c.reliable.stop()
	c.endFaults()
	c.following.stop()
	c.ending.Cause = cause
	if !c.answered.IsZero() {
		c.ending.Duration = time.Since(c.answered)
	}
	if c.session != nil {
		c.final = c.session.Close()
		if c.journal != nil {
			c.noteRTP(c.final)
		}
	}
	if c.tx == nil {
		c.record() // an incoming call is recorded when its handler has returned
	}
	c.cancel(cause)
	c.dropRequests() // after that: who waits for one finds that the call has ended
}
