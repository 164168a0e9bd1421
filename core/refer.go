package core

import (
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// TransferOptions say how to transfer a call.
type TransferOptions struct {
	Timeout time.Duration // for the outcome; 0: 60 s
	Headers Headers
}

// referral is a REFER of ours and the subscription that it implies (RFC 3515):
//
//	REFER ──> 202 ──> NOTIFY "100 Trying" … NOTIFY "200 OK", terminated
//
// A NOTIFY may overtake the 202 (RFC 6665 §4.1.2.4).
type referral struct {
	pending *Pending
	seq     uint32 // CSeq number of the REFER, which is the id of its events (RFC 3515 §2.4.6)
	status  int    // that was told last
	timeout *transaction.Timer
}

const usualTransferTime = time.Minute

// Transfer asks the peer to call a URI in place of us (REFER). The outcome is what
// the peer tells of that call at last; below 200, when it stopped telling before;
// the status of the REFER, when that was refused; 408, when the time was up; 491,
// while another one has no outcome. The call goes on in any case: after a success
// the peer hangs up, or we do. Errors: ErrEnded, ErrNotAnswered, ErrURI.
func (c *Call) Transfer(uri string, o TransferOptions) (*Pending, error) {
	target, err := checkURI(uri)
	if err != nil {
		return nil, fmt.Errorf("transfer to %w", err)
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	if err := c.mayAsk(); err != nil {
		return nil, fmt.Errorf("transfer: %w", err)
	}
	p := newPending()
	if c.referral != nil && !c.referral.pending.finished() {
		p.finish(491)
		return p, nil
	}
	req := c.newRequest(sip.REFER, Headers{
		{"Refer-To", "<" + target + ">"},
		{"Referred-By", "<" + c.dialog.local.Address.String() + ">"}, // RFC 3892
	})
	o.Headers.addTo(req)
	r := &referral{pending: p, seq: req.CSeq().SeqNo}
	c.referral.stop()
	c.referral = r
	if o.Timeout <= 0 {
		o.Timeout = usualTransferTime
	}
	r.timeout = c.shard.AfterFunc(o.Timeout, func() { c.referred(r, 408) })
	if err := c.sendInDialog(req, func(res *sip.Response, err error) { c.referResult(r, res, err) },
		func(_ *transaction.Client, req *sip.Request) { r.seq = req.CSeq().SeqNo }); err != nil {
		c.referred(r, outcome(nil, err))
	}
	return p, nil
}

// referResult takes each response to our REFER. A 2xx says no more than that the
// peer will try.
func (c *Call) referResult(r *referral, res *sip.Response, err error) {
	if err == nil && res.StatusCode < 300 || c.referral != r {
		return
	}
	code := outcome(res, err)
	c.log.Info("transfer refused", "status", code)
	c.referred(r, code)
	c.lost(sip.REFER, code)
}

// referred ends a referral: whatever the peer tells of it later gets 481, which
// ends the subscription (RFC 6665 §4.1.3).
func (c *Call) referred(r *referral, code int) {
	r.stop()
	r.pending.finish(code)
	if c.referral == r {
		c.referral = nil
	}
}

func (r *referral) stop() {
	if r != nil {
		r.timeout.Stop()
	}
}
