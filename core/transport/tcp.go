package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"offhook/core/guard"
)

func (l *Layer) listenTCP(address string) (netip.AddrPort, error) {
	ln, err := net.Listen("tcp"+family(address), address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	register := func() { l.listeners = append(l.listeners, ln) }
	if err := l.start(register, func() { l.accept(ln, "TCP") }); err != nil {
		ln.Close()
		return netip.AddrPort{}, err
	}
	return unmap(ln.Addr().(*net.TCPAddr).AddrPort()), nil
}

// accept takes connections until the listener is closed. It runs in the
// listener's own goroutine. Any other error passes: a server out of file
// descriptors has to serve on when some are free again.
func (l *Layer) accept(ln net.Listener, network string) {
	var pause backoff
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause.reset()
			l.admit(conn, network)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		l.count.acceptFails.Add(1)
		if pause.last == 0 {
			l.log.Error("accept failed, trying on", "network", network, "local", ln.Addr(), "error", err)
		}
		if !l.sleep(pause.next()) {
			return
		}
	}
}

// admit starts to read an accepted connection, or closes it at once when there
// are too many.
func (l *Layer) admit(conn net.Conn, network string) {
	s, err := newStream(l, conn, network)
	if err == nil && l.screen(nil, s.flow()) != guard.Pass {
		err = errUnwanted
	}
	if err == nil {
		err = l.startStream(s, true)
	}
	if err != nil {
		l.count.refused.Add(1)
		l.log.Debug("connection refused", "remote", conn.RemoteAddr(), "network", network, "error", err)
		conn.Close()
		return
	}
	l.count.accepted.Add(1)
}

// startStream puts s into the table and starts its reading goroutine, which
// ends when the connection does and takes s out again.
func (l *Layer) startStream(s *stream, capped bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if capped {
		if err := l.streams.full(s, &l.limits); err != nil {
			return err
		}
	}
	l.streams.add(s)
	l.running.Go(func() {
		s.read()
		l.mu.Lock()
		l.streams.remove(s)
		l.mu.Unlock()
	})
	return nil
}

// dialTCP finds or opens a connection to remote.
func (l *Layer) dialTCP(ctx context.Context, remote netip.AddrPort) (Flow, error) {
	remote = unmap(remote)
	if s := l.openStream(remote); s != nil {
		return s.flow(), nil
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return Flow{}, err
	}
	s, err := newStream(l, conn, "TCP")
	if err == nil {
		err = l.startStream(s, false)
	}
	if err != nil {
		conn.Close()
		return Flow{}, err
	}
	return s.flow(), nil
}

// openStream returns a connection to remote that is open already.
func (l *Layer) openStream(remote netip.AddrPort) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams.byRemote[remote]
	if s == nil || !s.open() {
		return nil
	}
	return s
}

// streamTable holds the open stream connections. The layer's lock guards it.
type streamTable struct {
	all      map[*stream]struct{}
	byRemote map[netip.AddrPort]*stream // the newest one to each peer, for Dial
	perIP    map[netip.Prefix]int
}

func newStreamTable() streamTable {
	return streamTable{
		all:      make(map[*stream]struct{}),
		byRemote: make(map[netip.AddrPort]*stream),
		perIP:    make(map[netip.Prefix]int),
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
	t.byRemote[s.remote] = s
	t.perIP[peer(s.remote.Addr())]++
}

func (t *streamTable) remove(s *stream) {
	delete(t.all, s)
	if t.byRemote[s.remote] == s {
		delete(t.byRemote, s.remote)
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
