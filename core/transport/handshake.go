package transport

import (
	"crypto/tls"
	"fmt"
	"time"
)

// serve prepares an accepted connection. It does not wait for the peer.
func (s *stream) serve(at *endpoint) {
	s.home = at
	if isSecure(at.Network) {
		s.conn = tls.Server(s.raw, at.TLS) // handshakes with its first read
	}
	s.usable = !isSecure(at.Network) && !isWebSocket(at.Network)
}

// handshake makes an accepted connection one that carries messages. It runs in
// the connection's own goroutine, so that a silent client holds up nobody else,
// and has one deadline for all.
func (s *stream) handshake() error {
	if s.usable {
		return nil
	}
	if err := s.setHandshakeDeadline(time.Now().Add(s.layer.limits.Handshake)); err != nil {
		return err
	}
	if secured, ok := s.conn.(*tls.Conn); ok {
		if err := secured.Handshake(); err != nil {
			return fmt.Errorf("TLS handshake: %w", err)
		}
	}
	if isWebSocket(s.kind) {
		early, err := acceptUpgrade(s.conn, s.home.Origins)
		if err != nil {
			return fmt.Errorf("WebSocket handshake: %w", err)
		}
		s.wire = newWebSocket(&s.layer.limits, false, early)
	}
	if err := s.setHandshakeDeadline(time.Time{}); err != nil {
		return err
	}
	s.layer.markUsable(s)
	return nil
}

// setHandshakeDeadline sets both deadlines, unless the stream has ended.
func (s *stream) setHandshakeDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	return s.conn.SetDeadline(t)
}

// markUsable lets Dial and Send use a stream whose handshake is done.
func (l *Layer) markUsable(s *stream) {
	s.mu.Lock()
	s.usable = true
	s.mu.Unlock()
	l.mu.Lock()
	l.streams.usable[s.target()] = s
	l.mu.Unlock()
}
