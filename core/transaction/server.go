package transaction

import (
	"bytes"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// A Server is a server transaction (RFC 3261 §17.2). Its methods need the shard of its Call-ID locked.
//
// The TU answers each one: the transaction of an INVITE stays in proceeding until it does. After a 2xx the Server is
// the TU's alone, to repeat that with Resend until the ACK comes; the layer keeps a tombstone.
type Server struct {
	shard      *Shard
	key        key
	merged     key // zero if the request has a To tag
	req        *sip.Request
	callID     string
	method     sip.RequestMethod
	flow       transport.Flow
	response   []byte // the last one sent, if it may have to be sent again
	status     int
	tag        string // To tag of the responses
	forget     bool   // see Forget
	state      state
	interval   time.Duration
	retransmit *Timer // G
	timeout    *Timer // H, or the end of an unanswered request
}

func (s *Shard) newServer(k key, req *sip.Request, f transport.Flow) *Server {
	tx := &Server{
		shard: s, key: k, req: req, callID: string(*req.CallID()), method: req.Method,
		flow: f, tag: tagOf(req.To().Params), state: trying,
	}
	if req.Method == sip.INVITE {
		tx.state = proceeding
	}
	s.servers[k] = tx
	return tx
}

// Bytes are the request as it came, good until User.Request returns.
func (tx *Server) Bytes() []byte { return tx.shard.arrived }

// Request is the request, or nil once its final response was sent.
func (tx *Server) Request() *sip.Request { return tx.req }

// Flow is where the request came from and its responses go to.
func (tx *Server) Flow() transport.Flow { return tx.flow }

// Tag is a To tag for the responses, the same for every copy of the request (RFC 3261 §8.2.7), and for a CANCEL that of
// its INVITE. It may be asked for until the final response was sent.
func (tx *Server) Tag() string {
	if tx.method == sip.CANCEL {
		return statelessTag(tx.shard.layer.seeds.serverKey(tx.req, sip.INVITE))
	}
	return statelessTag(tx.key)
}

// Forget has nothing be kept of the transaction once it has its final response: for a request that changes nothing, so
// that a copy of it may be taken for a new one and is answered alike (RFC 3261 §8.2.7). A flood of them leaves nothing,
// and a refused INVITE is not refused again and again to somebody who may never have sent it.
func (tx *Server) Forget() { tx.forget = true }

// Done reports whether the final response was sent, or can no longer be.
func (tx *Server) Done() bool { return tx.state != trying && tx.state != proceeding }

// Status is the code of the last response, 0 if there was none.
func (tx *Server) Status() int { return tx.status }

// Respond sends a response, of which nothing but bytes is kept. The TU gives each of them the same To tag. The error
// is ErrFinished when res cannot be sent any more (a second 2xx to INVITE can), or what the transport said: then the
// transaction goes on as if a datagram had been lost.
func (tx *Server) Respond(res *sip.Response) error {
	next, do := tx.next(statusEvent(res.StatusCode))
	if do&send == 0 {
		return fmt.Errorf("respond %d to %s after %d: %w", res.StatusCode, tx.method, tx.status, ErrFinished)
	}
	b := tx.shard.serialise(res)
	if to := res.To(); to != nil && tx.tag == "" {
		tx.tag = tagOf(to.Params)
	}
	tx.status = res.StatusCode
	tx.response = nil
	kept := tx.method == sip.INVITE || !tx.flow.Reliable() && !tx.forget
	if kept {
		b = bytes.Clone(b)
		tx.response = b
	}
	// Sent before the timers are set: they count from the first copy.
	err := tx.shard.transmit(tx.callID, res, b, kept, tx.flow)
	tx.enter(next)
	if err != nil {
		return fmt.Errorf("respond %d to %s: %w", res.StatusCode, tx.method, err)
	}
	return nil
}

// Resend sends the last response again, unchanged: for the TU that repeats a 2xx to INVITE (RFC 3261 §13.3.1.4).
func (tx *Server) Resend() error {
	if tx.response == nil {
		return fmt.Errorf("resend response to %s: nothing kept: %w", tx.method, ErrFinished)
	}
	return tx.shard.transmit(tx.callID, nil, tx.response, true, tx.flow)
}

func (tx *Server) next(e event) (state, action) {
	if tx.method == sip.INVITE {
		return nextServerInvite(tx.state, e)
	}
	return nextServerNonInvite(tx.state, e)
}

// copy takes a retransmission of the request, and answers on the flow that it came on.
func (tx *Server) copy(f transport.Flow) {
	tx.shard.stats.Absorbed++
	if _, do := tx.next(requestCopy); do&repeat != 0 && tx.response != nil {
		tx.shard.transmit(tx.callID, nil, tx.response, true, f)
	}
}

// enter does what belongs to a state when the transaction comes to it.
func (tx *Server) enter(to state) {
	if to == tx.state {
		return
	}
	tx.state = to
	switch {
	case tx.forget && to != terminated:
		tx.end()
		tx.shard.release(tx.merged)
	case to == completed && tx.method == sip.INVITE:
		tx.req = nil
		tx.awaitACK()
	case to == completed, to == confirmed, to == accepted:
		tx.end()
		tx.bury()
	case to == terminated:
		tx.end()
		if tx.method == sip.INVITE {
			tx.bury()
			return
		}
		tx.shard.release(tx.merged)
	}
}

// awaitACK sets Timers G and H for a non-2xx final response to INVITE. H runs on all transports.
func (tx *Server) awaitACK() {
	t := tx.shard.layer.timers
	if !tx.flow.Reliable() {
		tx.interval = t.T1
		tx.retransmit = tx.shard.AfterFunc(tx.interval, tx.timerG)
	}
	tx.timeout = tx.shard.AfterFunc(t.Timeout(), tx.onTimeout)
}

// awaitAnswer ends a non-INVITE transaction that the TU leaves unanswered. Most are answered by now.
func (tx *Server) awaitAnswer() {
	if tx.method != sip.INVITE && !tx.Done() {
		tx.timeout = tx.shard.AfterFunc(tx.shard.layer.timers.Timeout(), tx.onTimeout)
	}
}

func (tx *Server) timerG() {
	if _, do := tx.next(timerRetransmit); do&repeat == 0 {
		return
	}
	tx.shard.transmit(tx.callID, nil, tx.response, true, tx.flow)
	tx.interval = tx.shard.layer.timers.Next(tx.interval)
	tx.retransmit.Reset(tx.interval)
}

func (tx *Server) onTimeout() {
	tx.shard.stats.Timeouts++
	to, _ := tx.next(timerTimeout)
	tx.enter(to)
}

// end takes the transaction out of the table and lets go of what is large.
func (tx *Server) end() {
	tx.retransmit.Stop()
	tx.timeout.Stop()
	delete(tx.shard.servers, tx.key)
	tx.req = nil
}
