package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"offhook/core/guard"
)

// linger is how long a connection that ends may take to write what waits in
// its queue, and after that how long its peer may take to read it.
const linger = time.Second

// errUnfinished ends a connection on which a message came too slowly.
var errUnfinished = errors.New("message did not come to its end in time")

// errUnwanted ends a connection whose source was banned meanwhile.
var errUnwanted = errors.New("source is denied or banned")

// stream is one connection of a reliable transport. Its reading goroutine
// lives as long as the connection; a writing one only while bytes wait, so that
// an idle connection costs one goroutine and one small buffer.
type stream struct {
	layer         *Layer
	conn          net.Conn
	name          string
	local, remote netip.AddrPort

	writer sync.WaitGroup // the writing goroutine; the reading one waits for it

	mu      sync.Mutex
	room    sync.Cond // the queue got shorter, or the stream ended
	queue   []byte    // whole messages that wait to be written
	flying  int       // bytes in the hands of the writing goroutine
	writing bool      // it runs
	ended   error     // why nothing may be sent any more; nil while open
}

// newStream wraps a connection whose ends are TCP addresses.
func newStream(l *Layer, conn net.Conn, network string) (*stream, error) {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 {
		return nil, fmt.Errorf("connection from %s to %s is not TCP", conn.RemoteAddr(), conn.LocalAddr())
	}
	s := &stream{layer: l, conn: conn, name: network, local: unmap(local.AddrPort()), remote: unmap(remote.AddrPort())}
	s.room.L = &s.mu
	return s, nil
}

func (s *stream) flow() Flow { return newFlow(s, s.local, s.remote) }

func (s *stream) network() string { return s.name }

// read delivers messages until the connection ends, and cleans up after it. It
// runs in the connection's own goroutine.
func (s *stream) read() {
	err := s.deliver()
	s.layer.log.Debug("connection ends", "remote", s.remote, "network", s.name, "error", err)

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
	in := newFramer(&s.layer.limits)
	var due time.Time // when the message that is partly there must be complete
	for {
		if err := s.setDeadline(in.partial(), &due); err != nil {
			return err
		}
		n, err := s.conn.Read(in.space())
		if err != nil {
			if timeout(err) && in.partial() && s.open() {
				s.layer.count.timedOut.Add(1)
				return errUnfinished
			}
			return err
		}
		in.add(n)
		if err := s.deliverAll(in, &due); err != nil {
			return err
		}
	}
}

// setDeadline bounds the next read: an idle connection by Limits.Idle, one in
// the middle of a message by Limits.Assembly from its first byte on, however
// often a few bytes come.
func (s *stream) setDeadline(partial bool, due *time.Time) error {
	now := time.Now()
	deadline := now.Add(s.layer.limits.Idle)
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

// deliverAll hands on all messages that are complete. Each one zeroes due.
func (s *stream) deliverAll(in *framer, due *time.Time) error {
	for {
		msg, h, pings, bad := in.next()
		for range pings {
			s.layer.count.keepAlives.Add(1)
			if err := s.send([]byte("\r\n"), s.local, s.remote); err != nil {
				return err
			}
		}
		switch {
		case bad != nil:
			s.layer.refuse(msg, s.flow(), bad)
			return bad
		case msg == nil:
			return nil
		}
		*due = time.Time{}
		switch why := s.layer.screen(msg, s.flow()); why {
		case guard.Pass:
			s.layer.receive(msg, h, s.flow())
		case guard.TooMany: // this one is lost, as a datagram would be
		default:
			return errUnwanted
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
