package core

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/core/locate"
	"offhook/core/transport"
)

// resolve reads a SIP URI and finds where it leads.
func (s *Server) resolve(ctx context.Context, text string) (uri sip.Uri, targets []locate.Target, err error) {
	if err = sip.ParseUri(text, &uri); err != nil || uri.Scheme != "sip" && uri.Scheme != "sips" {
		return uri, nil, errors.New("not a SIP URI: write sip:user@host or sip:user@host:port")
	}
	if uri.Host == "" {
		return uri, nil, errors.New("the SIP URI names no host: write sip:user@host")
	}
	q, err := queryOf(&uri)
	if err != nil {
		return uri, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	targets, err = s.resolver.Locate(ctx, q)
	return uri, targets, err
}

// dialFirst opens a flow to the first target that takes one, and returns those
// after it (RFC 3263 §4.3).
func (s *Server) dialFirst(ctx context.Context, targets []locate.Target) (transport.Flow, []locate.Target, error) {
	var errs []error
	for i, t := range targets {
		flow, err := s.transport.DialName(ctx, t.Network, t.Addr, t.Name)
		if err == nil {
			return flow, targets[i+1:], nil
		}
		errs = append(errs, err)
	}
	return transport.Flow{}, nil, errors.Join(errs...)
}

// tryNext sends the INVITE to the next server of the URI, when one is out of
// order (RFC 3263 §4.3): with another branch, and all else the same. It is false
// when there is none to try.
func (c *Call) tryNext() bool {
	o := c.outgoing
	o.rest = slices.DeleteFunc(o.rest, func(t locate.Target) bool { // the Contact of the INVITE names its transport
		return !strings.EqualFold(t.Network, c.flow.Network())
	})
	if c.state != Incoming || o.cancelled != nil || len(o.rest) == 0 || !c.server.startRedial() {
		return false
	}
	next := o.rest[0]
	o.rest = o.rest[1:]
	go func() { // ends after redialTime at the latest; Server.Close waits for it
		defer c.server.redials.Done()
		ctx, cancel := context.WithTimeout(context.Background(), redialTime)
		defer cancel()
		flow, err := c.server.transport.DialName(ctx, next.Network, next.Addr, next.Name)
		c.shard.Lock()
		defer c.shard.Unlock()
		if c.state == Ended {
			return
		}
		if err == nil {
			c.dialog.flow = flow
			again := o.invite.Clone()
			again.RemoveHeader("Via")
			o.invite = again
			o.client, err = c.server.transactions.Send(again, flow, c.outgoing.result)
		}
		if err != nil {
			c.inviteResult(nil, err)
		}
	}()
	return true
}
