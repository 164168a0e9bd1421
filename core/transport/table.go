package transport

import (
	"fmt"
	"net/netip"
)

// target is what a connection leads to. A server that was verified by one name
// is not trusted with messages for another (RFC 5923 §8), so the name is part
// of it; a client that connected to us has none.
type target struct {
	network string
	remote  netip.AddrPort
	name    string
}

// streamTable holds the open stream connections. The layer's lock guards it.
type streamTable struct {
	all    map[*stream]struct{}
	usable map[target]*stream // the newest one that is open to each peer, for Dial
	perIP  map[netip.Prefix]int
}

func newStreamTable() streamTable {
	return streamTable{
		all:    make(map[*stream]struct{}),
		usable: make(map[target]*stream),
		perIP:  make(map[netip.Prefix]int),
	}
}

func (t *streamTable) len() int { return len(t.all) }

func (t *streamTable) each(fn func(*stream)) {
	for s := range t.all {
		fn(s)
	}
}

// full tells whether one more connection would be too many.
func (t *streamTable) full(s *stream, limits *Limits) error {
	if len(t.all) >= limits.Connections {
		return fmt.Errorf("%d connections are open", len(t.all))
	}
	if n := t.perIP[peer(s.remote.Addr())]; n >= limits.ConnectionsPerIP {
		return fmt.Errorf("%d connections are open with %s", n, peer(s.remote.Addr()))
	}
	return nil
}

func (t *streamTable) add(s *stream) {
	t.all[s] = struct{}{}
	t.perIP[peer(s.remote.Addr())]++
}

func (t *streamTable) remove(s *stream) {
	delete(t.all, s)
	if t.usable[s.target()] == s {
		delete(t.usable, s.target())
	}
	p := peer(s.remote.Addr())
	if t.perIP[p]--; t.perIP[p] == 0 {
		delete(t.perIP, p)
	}
}

// peer is what counts as one peer: an IPv4 address, or the /64 of an IPv6 one,
// of which a single host may use all addresses.
func peer(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
