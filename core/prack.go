package core

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/sdp"
	"offhook/core/transaction"
)

// reliable sends the provisional responses of an INVITE so that each arrives, one
// after the other (RFC 3262 §3):
//
//	0     T1    3·T1   7·T1   …                  64·T1
//	180   180   180    180    …                  no PRACK: 500 to the INVITE
//	             PRACK ──> 200, and the next one that waits, or the 200 to the INVITE
type reliable struct {
	used   bool // the caller requires it, or supports it and we are configured to
	seq    uint32
	unsent []*sip.Response // wait for the PRACK of the one before
	agreed bool            // offer and answer are in a response and its PRACK: none of them is in the 200
	answer func()          // sends the 200 to the INVITE when all have their PRACK; nil: there is none yet

	interval time.Duration
	repeat   *transaction.Timer
	giveUp   *transaction.Timer // set while a response has no PRACK
}

// maxUnsent bounds what a handler can queue while no PRACK comes.
const maxUnsent = 16

var errNoPrack = errors.New("too many provisional responses wait for PRACK")

// reliably tells whether the provisional responses to an INVITE are to be sent so.
func (s *Server) reliably(invite *sip.Request) bool {
	return lists(invite, "Require", reliableTag) || s.o.Reliable && lists(invite, "Supported", reliableTag)
}

// sendReliably sends a provisional response, now or when it is its turn.
func (c *Call) sendReliably(res *sip.Response) error {
	r := &c.reliable
	if len(r.unsent) >= maxUnsent {
		return errNoPrack
	}
	if len(res.Body()) > 0 {
		r.agreed = true
	}
	r.unsent = append(r.unsent, res)
	if r.giveUp == nil {
		c.sendNextReliably()
	}
	return nil
}

// sendNextReliably sends what waits for the PRACK that has come: a provisional
// response, else the 200. The shard is locked.
func (c *Call) sendNextReliably() {
	r := &c.reliable
	if len(r.unsent) == 0 {
		if answer := r.answer; answer != nil {
			r.answer = nil
			answer()
		}
		return
	}
	res := r.unsent[0]
	r.unsent = r.unsent[1:]
	if r.seq == 0 {
		r.seq = rand.Uint32N(1<<31 - 1) // RFC 3262 §3: the first is 1 to 2^31-1
	}
	r.seq++
	res.AppendHeader(sip.NewHeader("Require", reliableTag))
	res.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(r.seq), 10)))
	if err := c.tx.Respond(res); err != nil {
		c.log.Warn("response not sent", "status", res.StatusCode, "error", err)
	}
	timers := c.server.transactions.Timers()
	r.interval = timers.T1
	r.repeat = c.shard.AfterFunc(r.interval, func() {
		_ = c.tx.Resend() // a transport that is gone shows in the missing PRACK
		r.interval *= 2
		r.repeat.Reset(r.interval)
	})
	r.giveUp = c.shard.AfterFunc(timers.Timeout(), c.noPrack)
}

func (c *Call) noPrack() {
	c.log.Warn("no PRACK came", "after", c.server.transactions.Timers().Timeout().String())
	c.server.stats.failed.Add(1)
	c.finish(500, "No PRACK", nil, ErrNoAck)
}

// settled tells whether the peer may make another offer before the call is answered.
func (r *reliable) settled() bool { return r.agreed && len(r.unsent) == 0 }

// stop ends the wait for a PRACK.
func (r *reliable) stop() {
	r.repeat.Stop()
	r.giveUp.Stop()
	r.giveUp = nil
}

// prack takes a PRACK. One that matches ends the repetition, whatever else it
// brings: the answer to an offer of ours, or a new offer (RFC 3262 §5).
func (c *Call) prack(tx *transaction.Server, req *sip.Request) {
	r := &c.reliable
	if r.giveUp == nil || !r.matches(req, c.request.CSeq().SeqNo) {
		c.server.refuse(tx, req, noDialog)
		return
	}
	r.stop()
	switch {
	case c.negotiation.pending:
		if !c.prackAnswer(tx, req) {
			return
		}
	case len(req.Body()) == 0:
		c.respondPlain(tx, req)
	case !r.settled(): // the offer of the INVITE has no answer yet
		c.server.refuse(tx, req, pendingOffer)
	default:
		c.modify(tx, req)
	}
	c.sendNextReliably()
}

// prackAnswer takes the answer to the offer that the first reliable response has
// made. Without one that we can use the INVITE is refused.
func (c *Call) prackAnswer(tx *transaction.Server, req *sip.Request) bool {
	c.negotiation.pending = false
	c.respondPlain(tx, req)
	n, err := sdp.Accept(req.Body(), c.negotiation.ours)
	if err != nil {
		c.log.Warn("no usable answer in PRACK", "error", err)
		c.refuse(notAcceptable)
		return false
	}
	c.settle(n)
	return true
}

func (c *Call) respondPlain(tx *transaction.Server, req *sip.Request) {
	if err := tx.Respond(c.server.response(req, 200, "")); err != nil {
		c.log.Debug("200 to PRACK not sent", "error", err)
	}
}

// matches compares RAck: RSEQ CSEQ METHOD with the response that has no PRACK yet
// (RFC 3262 §7.2).
func (r *reliable) matches(req *sip.Request, invite uint32) bool {
	for _, value := range fieldsOf(req, "RAck") {
		words := strings.Fields(value)
		return len(words) == 3 && number(words[0]) == uint64(r.seq) && number(words[1]) == uint64(invite) && words[2] == string(sip.INVITE)
	}
	return false
}

// number reads a number; what is none is above all that are 32 bits long.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 1 << 32
	}
	return n
}
