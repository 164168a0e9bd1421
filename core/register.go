package core

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/transaction"
	"offhook/core/transport"
)

// attempt sends one REGISTER (RFC 3261 §10.2) and waits for its final response. With
// 0 it takes the binding away.
func (g *registering) attempt(ctx context.Context, registrar string, expires time.Duration) (*sip.Response, error) {
	var to sip.Uri
	if err := sip.ParseUri(registrar, &to); err != nil {
		return nil, fmt.Errorf("registrar %q: %w", registrar, err)
	}
	hop := registrar
	if g.Proxy != "" {
		hop = g.Proxy
	}
	dialing, cancel := context.WithTimeout(ctx, redialTime)
	defer cancel()
	next, targets, err := g.server.resolve(dialing, hop)
	if err != nil {
		return nil, fmt.Errorf("registrar %q: %w", hop, err)
	}
	if g.flow, _, err = g.server.dialFirst(dialing, targets); err != nil {
		return nil, err
	}
	g.learn(g.flow.Remote().Addr())
	req := g.request(to, expires)
	if g.Proxy != "" {
		next.UriParams = append(next.UriParams.Clone(), sip.HeaderKV{K: "lr"})
		req.PrependHeader(&sip.RouteHeader{Address: next})
	}
	return g.send(ctx, req, g.flow)
}

// learn notes where calls of the registrar come from.
func (g *registering) learn(a netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.addrs == nil {
		g.addrs = map[int]netip.Addr{}
	}
	g.addrs[g.sentTo] = a.Unmap()
}

// request makes a REGISTER without a CSeq number.
func (g *registering) request(registrar sip.Uri, expires time.Duration) *sip.Request {
	registrar.User, registrar.Headers = "", nil
	req := sip.NewRequest(sip.REGISTER, registrar)
	us := sip.Uri{Scheme: registrar.Scheme, User: g.User, Host: registrar.Host, Port: registrar.Port}
	if g.Domain != "" {
		us.Host, us.Port = g.Domain, 0
	}
	from := sip.FromHeader{Address: us}
	from.Params = setTag(from.Params, g.tag)
	callID, maxForwards := sip.CallIDHeader(g.callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(&maxForwards)
	req.AppendHeader(&from)
	req.AppendHeader(&sip.ToHeader{Address: us})
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{MethodName: sip.REGISTER})
	req.AppendHeader(g.server.contact(g.contactUser(), g.flow))
	req.AppendHeader(sip.NewHeader("Expires", wholeSeconds(expires)))
	req.AppendHeader(g.server.allow())
	g.server.identify(req)
	return req
}

// send sends a REGISTER, again with credentials where they are asked for, and waits
// for the final response.
func (g *registering) send(ctx context.Context, req *sip.Request, f transport.Flow) (*sip.Response, error) {
	type outcome struct {
		res *sip.Response
		err error
	}
	done := make(chan outcome, 1)
	client := digest.Client{Account: g.Account}
	shard := g.server.transactions.Shard(g.callID)
	var on func(*sip.Response, error)
	on = func(res *sip.Response, err error) {
		if err == nil && res.IsProvisional() {
			return
		}
		if err == nil && challenged(res) && ctx.Err() == nil {
			if again := withCredentials(req, res, &client, g.seq+1); again != nil {
				g.seq++
				req = again
				if _, err = g.server.transactions.Send(req, f, on); err == nil {
					return
				}
			}
		}
		done <- outcome{res, err}
	}
	shard.Lock()
	g.seq++
	req.CSeq().SeqNo = g.seq
	_, err := g.server.transactions.Send(req, f, on)
	shard.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case o := <-done:
		return o.res, o.err
	case <-ctx.Done():
		return nil, fmt.Errorf("REGISTER: %w", transaction.ErrTimeout)
	}
}
