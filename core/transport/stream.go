package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// linger is how long a connection that ends may take to write what waits in
// its queue, and after that how long its peer may take to read it.
const linger = time.Second

// errUnfinished ends a connection on which a message came too slowly.
var errUnfinished = errors.New("message did not come to its end in time")

// wire is how messages lie in the bytes of a connection. Only the reading
// goroutine uses it, but for wrap, probe and farewell, which change nothing.
type wire interface {
	// space is where the next bytes are to be read to; add tells how many were.
	space() []byte
	add(n int)
	// partial tells whether the beginning of a message waits for its rest.
	partial() bool
	// deliver hands on the next thing that is complete, if any is. When that is
	// a message it zeroes due. An error ends the connection.
	deliver(s *stream, due *time.Time) (bool, error)
	// wrap appends a message to what is to be written.
	wrap(queue, message []byte) []byte
	// idle is how long nothing may come, and probe what to send then to see
	// whether the peer is there; nil: the connection ends.
	idle() time.Duration
	probe() []byte
	// farewell is sent before a connection that is closed by us; may be nil.
	farewell() []byte
}

// errUnwanted ends a connection whose source was banned meanwhile.
var errUnwanted = errors.New("source is denied or banned")

// stream is one connection of a reliable transport. Its reading goroutine
// lives as long as the connection; a writing one only while bytes wait, so that
// an idle connection costs one goroutine and one small buffer.
type stream struct {
	layer         *Layer
	kind          string    // "tcp", "tls", "ws" or "wss"
	raw           net.Conn  // closing it never waits
	conn          net.Conn  // raw, or TLS over it
	wire          wire      // set once: when messages may come
	home          *endpoint // that it came to, or that stands for it; may be nil
	name          string    // of the server that we connected to
	local, remote netip.AddrPort

	writer sync.WaitGroup // the writing goroutine; the reading one waits for it

	mu      sync.Mutex
	usable  bool      // all handshakes are done
	room    sync.Cond // the queue got shorter, or the stream ended
	queue   []byte    // whole messages that wait to be written
	flying  int       // bytes in the hands of the writing goroutine
	writing bool      // it runs
	ended   error     // why nothing may be sent any more; nil while open
}

// newStream wraps a connection whose ends are TCP addresses.
func newStream(l *Layer, conn net.Conn, kind string) (*stream, error) {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 {
		return nil, fmt.Errorf("connection from %s to %s is not TCP", conn.RemoteAddr(), conn.LocalAddr())
	}
	s := &stream{layer: l, kind: kind, raw: conn, conn: conn, local: unmap(local.AddrPort()), remote: unmap(remote.AddrPort())}
	s.wire = newFramer(&l.limits)
	s.room.L = &s.mu
	return s, nil
}

func (s *stream) flow() Flow { return newFlow(s, s.local, s.remote) }

func (s *stream) network() string { return viaName(s.kind) }

func (s *stream) target() target { return target{s.kind, s.remote, s.name} }

func (s *stream) advertised(local, remote netip.AddrPort) netip.AddrPort {
	if s.home == nil {
		return local
	}
	return s.home.Advertise.address(netip.AddrPortFrom(local.Addr(), s.home.bound.Port()), remote)
}

// read delivers messages until the connection ends, and cleans up after it. It
// runs in the connection's own goroutine.
func (s *stream) read() {
	err := s.handshake()
	if err != nil {
		s.layer.count.unshaken.Add(1)
	} else {
		err = s.deliver()
	}
	s.layer.log.Debug("connection ends", "remote", s.remote, "network", s.kind, "error", err)

	s.end(ErrClosed, linger)
	s.writer.Wait()
	var bad *fault
	if errors.As(err, &bad) {
		s.partWithAnswer()
	}
	s.conn.Close()
}

// deliver reads, frames and delivers, and returns why it stopped.
func (s *stream) deliver() error {
	var due time.Time // when the message that is partly there must be complete
	probed := false
	for {
		if err := s.deliverAll(&due); err != nil { // first: a handshake may have read more than its own
			return err
		}
		if err := s.setDeadline(s.wire.partial(), &due); err != nil {
			return err
		}
		n, err := s.conn.Read(s.wire.space())
		switch {
		case err == nil:
			probed = false
		case !timeout(err) || !s.open():
			return err
		case s.wire.partial():
			s.layer.count.timedOut.Add(1)
			return errUnfinished
		default:
			probe := s.wire.probe()
			if probe == nil || probed {
				return err
			}
			if probed, err = true, s.enqueue(probe); err != nil {
				return err
			}
		}
		s.wire.add(n)
	}
}

// setDeadline bounds the next read: an idle connection by the idle time, one in
// the middle of a message by Limits.Assembly from its first byte on, however
// often a few bytes come.
func (s *stream) setDeadline(partial bool, due *time.Time) error {
	now := time.Now()
	deadline := now.Add(s.wire.idle())
	switch {
	case !partial:
		*due = time.Time{}
	case due.IsZero():
		*due = now.Add(s.layer.limits.Assembly)
		deadline = *due
	default:
		deadline = *due
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	return s.conn.SetReadDeadline(deadline)
}

// deliverAll hands on all that is complete.
func (s *stream) deliverAll(due *time.Time) error {
	for {
		more, err := s.wire.deliver(s, due)
		if err != nil || !more {
			return err
		}
		s.waitForRoom()
	}
}

// waitForRoom stops reading from a peer that does not read its answers, until
// half of the queue is free: TCP then slows it down.
func (s *stream) waitForRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ended == nil && len(s.queue)+s.flying > s.layer.limits.Queue/2 {
		s.room.Wait()
	}
}

// interrupt makes the reading goroutine stop.
func (s *stream) interrupt() {
	s.end(ErrClosed, linger)
	s.conn.SetReadDeadline(time.Unix(1, 0))
}

// end lets nothing more be sent, and what waits be written within grace.
func (s *stream) end(why error, grace time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		if s.usable {
			s.append(s.wire.farewell())
		}
		s.ended = why
		s.conn.SetWriteDeadline(time.Now().Add(grace))
		s.room.Broadcast()
	}
}

func (s *stream) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended == nil
}

// partWithAnswer closes our direction and swallows for a moment what the peer
// still sends. Closing at once would reset the connection, and the reset would
// destroy the answer that says what was wrong.
func (s *stream) partWithAnswer() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || s.layer.closing() {
		return
	}
	s.conn.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.CopyN(io.Discard, s.conn, 1<<20)
}

func timeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
