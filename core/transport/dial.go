package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Dial is DialName to a peer that is known by its address only.
func (l *Layer) Dial(ctx context.Context, network string, remote netip.AddrPort) (Flow, error) {
	return l.DialName(ctx, network, remote, remote.Addr().WithZone("").String())
}

// DialName returns a flow to remote. Over "udp" it leads through one of the
// listening sockets, from the local address that the routes name for that
// peer; over the others it is an open connection to remote, if there is one, or
// a new one, which ctx and Limits.Handshake bound. name is what the certificate
// of remote must be for (RFC 5922 §7.1), and the Host of a WebSocket.
func (l *Layer) DialName(ctx context.Context, network string, remote netip.AddrPort, name string) (Flow, error) {
	var f Flow
	var err error
	switch {
	case network == "udp":
		f, err = l.dialUDP(remote)
	case isStream(network):
		f, err = l.dialStream(ctx, network, unmap(remote), name)
	default:
		err = unknownNetwork(network)
	}
	if err != nil {
		return Flow{}, fmt.Errorf("dial %s %s: %w", network, remote, err)
	}
	return f, nil
}

// Sends tells whether Dial can succeed over a network at all: UDP needs a socket.
func (l *Layer) Sends(network string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return isStream(network) || network == "udp" && len(l.sockets) > 0
}

// dialStream finds or opens a connection to remote.
func (l *Layer) dialStream(ctx context.Context, network string, remote netip.AddrPort, name string) (Flow, error) {
	for _, name := range []string{name, ""} { // "": a connection that the peer opened to us
		if s := l.usable(target{network, remote, name}); s != nil && (name != "" || !isSecure(network)) {
			return s.flow(), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, l.limits.Handshake)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return Flow{}, err
	}
	s, err := newStream(l, conn, network)
	if err == nil {
		s.name = name
		s.home = l.home(network, s.local.Addr())
		err = s.connect(ctx, l.clientTLS)
	}
	if err == nil {
		err = l.startStream(s, false)
	}
	if err != nil {
		conn.Close()
		return Flow{}, err
	}
	return s.flow(), nil
}

// connect does what a network wants before its first message, as the client.
func (s *stream) connect(ctx context.Context, config *tls.Config) error {
	stop := context.AfterFunc(ctx, func() { s.raw.Close() }) // a WebSocket handshake knows no context
	defer stop()
	if isSecure(s.kind) {
		config = config.Clone()
		config.ServerName = s.name
		secured := tls.Client(s.raw, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		s.conn = secured
	}
	if isWebSocket(s.kind) {
		early, err := requestUpgrade(s.conn, s.name, s.remote)
		if err != nil {
			return fmt.Errorf("WebSocket: %w", err)
		}
		s.wire = newWebSocket(&s.layer.limits, true, early)
	}
	if !stop() {
		return errors.Join(errors.New("handshake took too long"), context.Cause(ctx))
	}
	s.usable = true
	return nil
}

// home is the endpoint that stands for a connection from local that we opened,
// where the peer can open one to us; nil: there is none.
func (l *Layer) home(network string, local netip.Addr) *endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found *endpoint
	for _, ln := range l.listeners {
		at := ln.bound.Addr()
		switch {
		case ln.Network != network:
		case at == local:
			return &ln.endpoint
		case at.IsUnspecified() && (at.Is4() == local.Is4() || family(ln.Address) == ""):
			found = &ln.endpoint
		}
	}
	return found
}

// usable returns a connection that leads to t and is open already.
func (l *Layer) usable(t target) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams.usable[t]
	if s == nil || !s.open() {
		return nil
	}
	return s
}
