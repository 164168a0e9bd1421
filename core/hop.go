package core

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/locate"
	"offhook/core/transport"
)

// lookupTime bounds the look-up of a name; Server.Close waits for it at most as long.
const lookupTime = 3 * time.Second

// queryOf is what a URI says of its server (RFC 3263 §4).
func queryOf(u *sip.Uri) (locate.Query, error) {
	q := locate.Query{Host: u.Host, Port: u.Port, Secure: strings.EqualFold(u.Scheme, "sips")}
	if maddr, ok := u.UriParams.Get("maddr"); ok {
		q.Host = maddr
	}
	name, _ := u.UriParams.Get("transport")
	switch name = strings.ToLower(name); name {
	case "", "tls", "wss":
	case "udp", "tcp", "ws":
		if q.Secure {
			secured, ok := map[string]string{"tcp": "tls", "ws": "wss"}[name] // RFC 3261 §26.2.2, RFC 7118 §5.2
			if !ok {
				return q, errors.New("a sips URI is not for udp: leave out its transport")
			}
			name = secured
		}
	default:
		return q, fmt.Errorf("transport %q is not available: use udp, tcp, tls, ws or wss", name)
	}
	q.Network = name
	return q, nil
}

// hop is where the next request of ours goes: the first route, or the target
// (RFC 3261 §12.2.1.1). It stays in the transport of the dialog. It is false for
// a peer behind a NAT, whose Contact leads nowhere.
func (d *dialog) hop() (locate.Query, bool) {
	u := &d.target
	if len(d.routes) > 0 {
		u = &d.routes[0]
	} else if d.natted {
		return locate.Query{}, false
	}
	q := locate.Query{Host: trimBrackets(u.Host), Port: u.Port, Network: strings.ToLower(d.flow.Network())}
	if maddr, ok := u.UriParams.Get("maddr"); ok {
		q.Host = trimBrackets(maddr)
	}
	return q, q.Host != ""
}

// reach calls use with the flow that the next request of d leaves by: a
// connection if the dialog came over one, else the socket it came to, towards
// the hop. It does so at once, but for a name that DNS has to be asked for; what
// comes meanwhile waits its turn. A peer whose hop is not found is where it last
// sent from. The shard is locked, then and when use is called.
func (c *Call) reach(d *dialog, use func(transport.Flow)) {
	hop, ok := d.hop()
	if !ok || !d.flow.Steers() {
		use(d.flow)
		return
	}
	if len(c.reaching) == 0 {
		if targets, known := c.server.resolver.Known(hop); known {
			use(d.flow.To(targets[0].Addr))
			return
		}
		if !c.server.startRedial() {
			use(d.flow)
			return
		}
		go c.lookUp(hop) // ends after lookupTime at the latest; Server.Close waits for it
	}
	c.reaching = append(c.reaching, reaching{hop, d.flow, use})
}

// reaching is a request that waits for DNS.
type reaching struct {
	hop  locate.Query
	flow transport.Flow
	use  func(transport.Flow)
}

func (c *Call) lookUp(hop locate.Query) {
	defer c.server.redials.Done()
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	if _, err := c.server.resolver.Locate(ctx, hop); err != nil {
		c.log.Warn("next hop not found, sending to where the peer sent from", "host", hop.Host, "error", err)
	}
	c.shard.Lock()
	defer c.shard.Unlock()
	waiting := c.reaching
	c.reaching = nil
	for _, w := range waiting {
		if targets, known := c.server.resolver.Known(w.hop); known {
			w.flow = w.flow.To(targets[0].Addr)
		}
		w.use(w.flow)
	}
}

// errUnreachable tells that a peer can be reached no more: it had opened the
// connection, as a browser must, and closed it.
var errUnreachable = errors.New("the WebSocket of the peer is gone, and it takes no connections")

// reopen opens a connection in place of one that is gone: again the one that we
// had opened, or one to the hop.
func (s *Server) reopen(ctx context.Context, f transport.Flow, hop locate.Query, known bool) (transport.Flow, error) {
	network := strings.ToLower(f.Network())
	if name, ours := f.Dialled(); ours {
		if addr, err := netip.ParseAddr(hop.Host); !known || network == "ws" || network == "wss" || err == nil && addr.Unmap() == f.Remote().Addr() {
			return s.transport.DialName(ctx, network, f.Remote(), name)
		}
	} else if network == "ws" || network == "wss" {
		return transport.Flow{}, errUnreachable
	}
	if !known {
		return transport.Flow{}, errors.New("the connection is gone, and the peer is behind a NAT")
	}
	targets, err := s.resolver.Locate(ctx, hop)
	if err != nil {
		return transport.Flow{}, err
	}
	flow, _, err := s.dialFirst(ctx, targets)
	return flow, err
}
