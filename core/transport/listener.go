package transport

import (
	"errors"
	"net"
	"net/netip"

	"offhook/core/guard"
)

// listener is an endpoint for connections.
type listener struct {
	endpoint
	net.Listener
}

func (l *Layer) listenStream(e Endpoint) (netip.AddrPort, error) {
	ln, err := net.Listen("tcp"+family(e.Address), e.Address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	bound := unmap(ln.Addr().(*net.TCPAddr).AddrPort())
	at := &listener{endpoint{e, bound}, ln}
	register := func() { l.listeners = append(l.listeners, at) }
	if err := l.start(register, func() { l.accept(at) }); err != nil {
		ln.Close()
		return netip.AddrPort{}, err
	}
	return bound, nil
}

// accept takes connections until the listener is closed. It runs in the
// listener's own goroutine. Any other error passes: a server out of file
// descriptors has to serve on when some are free again.
func (l *Layer) accept(ln *listener) {
	var pause backoff
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause.reset()
			l.admit(conn, ln)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		l.count.acceptFails.Add(1)
		if pause.last == 0 {
			l.log.Error("accept failed, trying on", "network", ln.Network, "local", ln.bound, "error", err)
		}
		if !l.sleep(pause.next()) {
			return
		}
	}
}

// admit starts to read an accepted connection, or closes it at once when there
// are too many. Handshakes are the matter of its own goroutine.
func (l *Layer) admit(conn net.Conn, ln *listener) {
	s, err := newStream(l, conn, ln.Network)
	if err == nil && l.screen(nil, s.flow()) != guard.Pass {
		err = errUnwanted
	}
	if err == nil {
		s.serve(&ln.endpoint)
		err = l.startStream(s, true)
	}
	if err != nil {
		l.count.refused.Add(1)
		l.log.Debug("connection refused", "remote", conn.RemoteAddr(), "network", ln.Network, "error", err)
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
	if s.usable {
		l.streams.usable[s.target()] = s
	}
	l.running.Go(func() {
		s.read()
		l.mu.Lock()
		l.streams.remove(s)
		l.mu.Unlock()
	})
	return nil
}
