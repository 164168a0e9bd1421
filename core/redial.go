package core

import (
	"context"
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/transaction"
	"offhook/core/transport"
)

// redialTime bounds a connection attempt; Server.Close waits for it at most as long.
const redialTime = 3 * time.Second

// sendInDialog sends a request within the dialog. When the connection that the dialog
// came over is gone, closed by the peer or for being idle, it goes over a new one
// to the next hop (RFC 3261 §12.2.1.1, §18.1.1); one that is too large for UDP goes
// over TCP. Challenges are answered, if the call has an account. sent, if not nil,
// gets the transaction once there is one, and the request with its last CSeq number.
// The shard is locked. An error that is not known at once is told to on.
func (c *Call) sendInDialog(req *sip.Request, on func(*sip.Response, error), sent func(*transaction.Client, *sip.Request)) error {
	c.rule(req)
	if c.account != (digest.Account{}) {
		on = c.answering(req, on, sent)
	}
	return c.sendOn(req, on, sent)
}

// sendOn is sendInDialog for a request that is complete.
func (c *Call) sendOn(req *sip.Request, on func(*sip.Response, error), sent func(*transaction.Client, *sip.Request)) (err error) {
	send := func(f transport.Flow) error {
		client, err := c.server.transactions.Send(req, f, on)
		if err == nil && sent != nil {
			sent(client, req)
		}
		return err
	}
	here := true // the caller still waits for the result
	c.reach(&c.dialog, func(f transport.Flow) {
		result := c.sendOver(f, req, send, on)
		if here {
			err = result
		} else if result != nil {
			on(nil, result)
		}
	})
	here = false
	return err
}

// sendOver sends over f, or, with a result that on is told, over another flow.
func (c *Call) sendOver(f transport.Flow, req *sip.Request, send func(transport.Flow) error, on func(*sip.Response, error)) error {
	if c.server.tooLarge(req, f) && c.server.startRedial() {
		go c.elsewhere(f, send, on, func(ctx context.Context) (transport.Flow, error) { // ends after redialTime at the latest; Server.Close waits for it
			return c.server.overTCP(ctx, f), nil
		})
		return nil
	}
	err := send(f)
	if !f.Reliable() || !errors.Is(err, transport.ErrClosed) || !c.server.startRedial() {
		return err
	}
	hop, known := c.dialog.hop()
	method := req.Method
	go c.elsewhere(f, send, on, func(ctx context.Context) (transport.Flow, error) { // ends after redialTime at the latest; Server.Close waits for it
		flow, err := c.server.reopen(ctx, f, hop, known)
		if errors.Is(err, errUnreachable) {
			c.unreachable(method, err)
		}
		return flow, err
	})
	return nil
}

// elsewhere sends over the flow that open gets.
func (c *Call) elsewhere(f transport.Flow, send func(transport.Flow) error, on func(*sip.Response, error), open func(context.Context) (transport.Flow, error)) {
	defer c.server.redials.Done()
	ctx, cancel := context.WithTimeout(context.Background(), redialTime)
	defer cancel()
	flow, err := open(ctx)
	c.shard.Lock()
	defer c.shard.Unlock()
	if err == nil {
		err = send(flow)
	}
	if err != nil {
		c.log.Warn("request not sent", "remote", f.Remote().String(), "error", err)
		on(nil, err)
	}
}

// unreachable ends a call whose peer no request of ours can reach any more: as
// after a 408, the dialog is over (RFC 3261 §12.2.1.2).
func (c *Call) unreachable(method sip.RequestMethod, why error) {
	c.shard.Lock()
	defer c.shard.Unlock()
	if !c.state.Answered() {
		return
	}
	c.log.Warn("the call ends", "method", string(method), "error", why)
	c.server.stats.failed.Add(1)
	c.hangup(ErrRemoteHangup, HangupOptions{Reason: "connection lost", Q850: 41})
}

// tooLarge tells whether a request must not go over UDP (RFC 3261 §18.1.1).
// Without a body none of ours is that large.
func (s *Server) tooLarge(req *sip.Request, f transport.Flow) bool {
	return s.o.TCPAbove > 0 && f.Steers() && len(req.Body()) > 0 && len(req.String()) > s.o.TCPAbove
}

// overTCP is a connection to where f leads, or f itself if there is none to be
// had: a peer that takes no TCP may well take a large datagram (RFC 3261 §18.1.1).
func (s *Server) overTCP(ctx context.Context, f transport.Flow) transport.Flow {
	ctx, cancel := context.WithTimeout(ctx, time.Second) // a firewall may swallow it
	defer cancel()
	if flow, err := s.transport.Dial(ctx, "tcp", f.Remote()); err == nil {
		return flow
	}
	return f
}

// startRedial counts an attempt in; it is false when the server closes.
func (s *Server) startRedial() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.redials.Add(1)
	}
	return !s.closed
}

// endRedials lets no attempt begin any more and waits for those under way.
func (s *Server) endRedials() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.redials.Wait()
}
