package transaction

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// A Client is a client transaction (RFC 3261 §17.1). Its methods need the shard of its Call-ID locked.
type Client struct {
	shard      *Shard
	key        key
	req        *sip.Request // INVITE until its final response: ACK and CANCEL are made of it
	callID     string
	method     sip.RequestMethod
	flow       transport.Flow
	bytes      []byte // what is repeated: the request, then the ACK
	on         func(*sip.Response, error)
	state      state
	cancelled  bool
	interval   time.Duration
	retransmit *Timer // A, E
	timeout    *Timer // B, F, then D, M
}

// Send begins a client transaction: req goes out on f, and again as long as nothing comes back. The shard of its
// Call-ID must be locked. A request without Via gets one, with the flow's advertised address, rport and a new branch; one
// with a Via must have a unique branch there.
//
// on gets each response, a 2xx to INVITE as often as it comes (RFC 6026 §8.4: the TU acknowledges each with SendACK),
// and at last nil with ErrTimeout or what a reliable transport said, if no final response came. It is not called
// inside Send: an error of Send itself means that there is no transaction. A non-2xx final response to INVITE is
// acknowledged here. An INVITE that has got a provisional response waits until the TU cancels it.
func (l *Layer) Send(req *sip.Request, f transport.Flow, on func(res *sip.Response, err error)) (*Client, error) {
	if err := checkOutgoing(req); err != nil {
		return nil, fmt.Errorf("send %s: %w", req.Method, err)
	}
	return l.Shard(string(*req.CallID())).send(req, f, on)
}

func checkOutgoing(req *sip.Request) error {
	if req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		return errors.New("From, To, Call-ID or CSeq is missing")
	}
	return nil
}

func (s *Shard) send(req *sip.Request, f transport.Flow, on func(*sip.Response, error)) (*Client, error) {
	switch {
	case s.closed:
		return nil, fmt.Errorf("send %s: %w", req.Method, ErrClosed)
	case len(s.clients) >= s.limits.Client:
		return nil, fmt.Errorf("send %s: %w", req.Method, ErrLimit)
	}
	complete(req, f)
	callID := string(*req.CallID())
	c := &Client{
		shard: s, key: s.layer.seeds.clientKey(req.Via(), callID, req.CSeq()),
		callID: callID, method: req.Method, flow: f, on: on, state: trying,
	}
	if s.clients[c.key] != nil {
		return nil, fmt.Errorf("send %s: branch %q is in use", req.Method, branchOf(req.Via()))
	}
	b, kept := s.serialise(req), !f.Reliable()
	if kept { // to be sent again
		b = bytes.Clone(b)
	}
	if err := s.transmit(callID, req, b, kept, f); err != nil {
		return nil, fmt.Errorf("send %s: %w", req.Method, err)
	}
	s.clients[c.key] = c
	if req.Method == sip.INVITE {
		c.state, c.req = calling, req
	}
	t := s.layer.timers
	if kept {
		c.bytes = b
		c.interval = t.T1
		c.retransmit = s.AfterFunc(c.interval, c.onRetransmit)
	}
	c.timeout = s.AfterFunc(t.Timeout(), c.onTimeout)
	return c, nil
}

// complete gives a request of the TU's what only the transport makes it need: a
// Via, and a Content-Length, without which a stream has no end of it (RFC 3261 §18.3).
func complete(req *sip.Request, f transport.Flow) {
	addVia(req, f)
	if req.ContentLength() == nil {
		req.SetBody(req.Body())
	}
}

// addVia makes the top Via (RFC 3261 §8.1.1.7, RFC 3581 §3) if the TU has not.
func addVia(req *sip.Request, f transport.Flow) {
	if req.Via() != nil {
		return
	}
	here := f.Advertised()
	req.PrependHeader(&sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: f.Network(),
		Host: here.Addr().String(), Port: int(here.Port()),
		Params: sip.HeaderParams{{K: "branch", V: newBranch()}, {K: "rport"}},
	})
}

// newBranch is unique in space and time: 128 bits that cannot be guessed.
func newBranch() string {
	b := append(make([]byte, 0, 40), magicCookie...)
	b = strconv.AppendUint(b, rand.Uint64(), 36)
	return string(strconv.AppendUint(b, rand.Uint64(), 36))
}

func (c *Client) next(e event) (state, action) {
	if c.method == sip.INVITE {
		return nextClientInvite(c.state, e)
	}
	return nextClientNonInvite(c.state, e)
}

// receive takes a response of this transaction.
func (c *Client) receive(res *sip.Response, f transport.Flow) {
	to, do := c.next(statusEvent(res.StatusCode))
	c.shard.received(res, f, do&pass == 0)
	if do&sendACK != 0 {
		c.acknowledge(res)
	}
	on := c.on
	c.enter(to)
	if do&pass == 0 {
		c.shard.stats.Absorbed++
		return
	}
	c.shard.stats.Responses++
	// Last, because the TU may call Cancel or Send.
	on(res, nil)
}

// enter does what belongs to a state when the transaction comes to it.
func (c *Client) enter(to state) {
	from := c.state
	c.state = to
	t := c.shard.layer.timers
	switch {
	case to == from:
	case to == proceeding && c.method == sip.INVITE:
		c.stopTimers()
		c.bytes = nil
		if c.cancelled {
			// The error shows as the INVITE's timeout.
			_ = c.sendCancel()
		}
	case to == proceeding:
		// From here on every T2 (RFC 3261 §17.1.2.2); the copy that is on its way comes as planned.
		c.interval = t.T2
	case to == accepted: // until Timer M
		c.stopTimers()
		c.req, c.bytes = nil, nil
		c.timeout = c.shard.AfterFunc(t.Timeout(), c.timerEnd)
	case to == completed && !c.flow.Reliable(): // until Timer D
		c.stopTimers()
		c.req, c.on = nil, nil
		c.timeout = c.shard.AfterFunc(t.Timeout(), c.timerEnd)
	default: // terminated, or completed with a Timer D of 0
		c.end()
	}
}

// onRetransmit is Timer A or E. A copy that cannot be sent is a lost one; the next may fare better.
func (c *Client) onRetransmit() {
	if _, do := c.next(timerRetransmit); do&repeat == 0 {
		return
	}
	c.shard.transmit(c.callID, nil, c.bytes, true, c.flow)
	if c.method == sip.INVITE {
		c.interval *= 2 // not bounded by T2 (RFC 3261 §17.1.1.2)
	} else {
		c.interval = c.shard.layer.timers.Next(c.interval)
	}
	c.retransmit.Reset(c.interval)
}

// onTimeout is Timer B or F, or the end of the wait for a cancelled INVITE.
func (c *Client) onTimeout() {
	to, do := c.next(timerTimeout)
	on := c.on
	c.enter(to)
	if do&timedOut != 0 {
		c.shard.stats.Timeouts++
		on(nil, fmt.Errorf("%s: %w", c.method, ErrTimeout))
	}
}

// timerEnd is Timer D or M.
func (c *Client) timerEnd() {
	to, _ := c.next(timerEnd)
	c.enter(to)
}

func (c *Client) stopTimers() {
	c.retransmit.Stop()
	c.timeout.Stop()
}

func (c *Client) end() {
	c.stopTimers()
	delete(c.shard.clients, c.key)
	c.state = terminated
	c.req, c.bytes, c.on = nil, nil, nil
}
