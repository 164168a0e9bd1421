package coretest

import (
	"net/netip"
	"sync"

	"offhook/core"
	"offhook/media"
)

// Network joins callers with the media engine of a server: what a session sends
// goes to the caller that has the address.
//
//	n := coretest.NewNetwork()
//	defer n.Close()
//	server := core.New(core.Options{Media: n.Media(), Handler: h})
//	defer server.Close()
//	caller := n.Call(server, coretest.CallOptions{To: "100"})
type Network struct {
	engine  *media.Engine
	running sync.WaitGroup // the callers' goroutines; each ends when it has nothing left to react to

	mu        sync.Mutex
	listeners map[netip.AddrPort]*Caller // by RTP address
	port      uint16
	calls     int
}

// The range that callers take their RTP ports from.
const firstPort, lastPort = 20000, 60000

// NewNetwork makes a network with a virtual media engine.
func NewNetwork() *Network {
	n := &Network{listeners: map[netip.AddrPort]*Caller{}, port: firstPort}
	n.engine = media.NewVirtual(n.deliver)
	return n
}

// Media is the engine for core.Options.
func (n *Network) Media() *media.Engine { return n.engine }

// Close closes the engine and waits for what callers are doing. The server must
// be closed first.
func (n *Network) Close() error {
	n.running.Wait()
	return n.engine.Close()
}

// Call places a call: when it returns, the INVITE is with the server.
func (n *Network) Call(s *core.Server, o CallOptions) *Caller {
	c := n.NewCaller(s, o)
	c.Invite()
	return c
}

// deliver hands a packet of the engine to the caller it is for.
func (n *Network) deliver(_, to netip.AddrPort, packet []byte) {
	n.mu.Lock()
	c, control := n.listeners[to], false
	if c == nil && to.Port()%2 == 1 {
		c, control = n.listeners[netip.AddrPortFrom(to.Addr(), to.Port()-1)], true
	}
	n.mu.Unlock()
	switch {
	case c == nil:
	case control:
		c.hearRTCP(packet)
	default:
		c.hearRTP(packet)
	}
}

// listen gives c an RTP address at ip, a free even port.
func (n *Network) listen(c *Caller, ip netip.Addr) netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		a := netip.AddrPortFrom(ip, n.port)
		if n.port += 2; n.port >= lastPort {
			n.port = firstPort
		}
		if n.listeners[a] == nil {
			n.listeners[a] = c
			return a
		}
	}
}

// release takes the addresses of a caller back.
func (n *Network) release(addrs []netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range addrs {
		delete(n.listeners, a)
	}
}

// number counts callers: names that must be unique are made of it.
func (n *Network) number() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	return n.calls
}
