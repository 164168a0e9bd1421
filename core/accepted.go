package core

import (
	"time"

	"offhook/core/transaction"
)

// accepted repeats a 2xx until its ACK comes (RFC 3261 §13.3.1.4, RFC 6026):
//
//	0     T1    3·T1   7·T1   …every T2…          64·T1
//	200   200   200    200    200                 no ACK: the dialog ends with BYE
//
// The INVITE transaction absorbs copies of the INVITE meanwhile.
type accepted struct {
	tx       *transaction.Server
	seq      uint32 // CSeq number of the INVITE: its ACK has the same, whatever its branch
	interval time.Duration
	due      time.Time // of the next copy: counted on, so that lateness does not add up
	repeat   *transaction.Timer
	giveUp   *transaction.Timer
}

// accept begins to wait for the ACK of a 2xx that was just sent. The shard is
// locked.
func (c *Call) accept(tx *transaction.Server, seq uint32) {
	timers := c.server.transactions.Timers()
	a := &accepted{tx: tx, seq: seq, interval: timers.T1, due: time.Now().Add(timers.T1)}
	c.accepted = a
	a.repeat = c.shard.AfterFunc(a.interval, func() {
		// A transport that is gone shows in the missing ACK.
		_ = tx.Resend()
		a.interval = timers.Next(a.interval)
		a.due = a.due.Add(a.interval)
		a.repeat.Reset(time.Until(a.due))
	})
	a.giveUp = c.shard.AfterFunc(timers.Timeout(), c.noAck)
}

// stop ends the wait.
func (a *accepted) stop() {
	a.repeat.Stop()
	a.giveUp.Stop()
}

// noAck ends the call when 64·T1 have passed without an ACK.
func (c *Call) noAck() {
	c.log.Warn("no ACK came", "after", c.server.transactions.Timers().Timeout().String())
	c.accepted.stop()
	c.accepted = nil
	if c.byeOnAck != nil { // it has ended already, and now its BYE may go
		c.sendBye(c.byeOnAck)
		return
	}
	c.server.stats.failed.Add(1)
	c.hangup(ErrNoAck, HangupOptions{Reason: "no ACK"})
}
