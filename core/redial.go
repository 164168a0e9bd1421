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
// to the next hop (RFC 3261 §12.2.1.1, §18.1.1). Challenges are answered, if the call
// has an account. sent, if not nil, gets the transaction once there is one, and the
// request with its last CSeq number. The shard is locked.
func (c *Call) sendInDialog(req *sip.Request, on func(*sip.Response, error), sent func(*transaction.Client, *sip.Request)) error {
	c.rule(req)
	if c.account != (digest.Account{}) {
		on = c.answering(req, on, sent)
	}
	return c.sendOn(req, on, sent)
}

// sendOn is sendInDialog for a request that is complete.
func (c *Call) sendOn(req *sip.Request, on func(*sip.Response, error), sent func(*transaction.Client, *sip.Request)) error {
	send := func(f transport.Flow) error {
		client, err := c.server.transactions.Send(req, f, on)
		if err == nil && sent != nil {
			sent(client, req)
		}
		return err
	}
	flow := c.dialog.next()
	err := send(flow)
	if !flow.Reliable() || !errors.Is(err, transport.ErrClosed) {
		return err
	}
	hop, ok := c.dialog.leadsTo()
	if !ok || !c.server.startRedial() {
		return err
	}
	go func() { // ends after redialTime at the latest; Server.Close waits for it
		defer c.server.redials.Done()
		ctx, cancel := context.WithTimeout(context.Background(), redialTime)
		defer cancel()
		flow, err := c.server.transport.Dial(ctx, "tcp", hop)
		c.shard.Lock()
		defer c.shard.Unlock()
		if err == nil {
			err = send(flow)
		}
		if err != nil {
			on(nil, err)
		}
	}()
	return nil
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
