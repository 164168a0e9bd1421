package transport

import (
	"net/netip"
	"time"
)

// writeChunk is what must be written within Limits.Write, in bytes.
const writeChunk = 16 << 10

// send puts one message into the queue.
func (s *stream) send(b []byte, _, _ netip.AddrPort) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeRoom(len(b)); err != nil {
		return err
	}
	s.queue = s.wire.wrap(s.queue, b)
	s.startWriter()
	return nil
}

// enqueue puts bytes into the queue as they are.
func (s *stream) enqueue(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.makeRoom(len(b)); err != nil {
		return err
	}
	s.append(b)
	return nil
}

func (s *stream) append(b []byte) {
	if len(b) > 0 {
		s.queue = append(s.queue, b...)
		s.startWriter()
	}
}

// makeRoom tells why nothing more can be sent; a full queue ends the connection.
func (s *stream) makeRoom(n int) error {
	if s.ended == nil && len(s.queue)+s.flying+n > s.layer.limits.Queue {
		s.breakOff(ErrOverflow)
	}
	if s.ended != nil {
		s.layer.count.sendErrors.Add(1)
	}
	return s.ended
}

// startWriter starts the writing goroutine if none runs.
func (s *stream) startWriter() {
	if !s.writing {
		s.writing = true
		// Ends when the queue is empty or a write fails, which Close, the
		// write deadline and the end of the connection bring about. The
		// reading goroutine waits for it: it has not done so yet, because it
		// sets s.ended before.
		s.writer.Go(s.write)
	}
}

// write writes until nothing waits.
func (s *stream) write() {
	var spare []byte
	for {
		s.mu.Lock()
		batch := s.queue
		if len(batch) == 0 {
			s.writing, s.queue = false, nil
			s.mu.Unlock()
			return
		}
		s.queue, s.flying = spare[:0], len(batch)
		s.mu.Unlock()
		if err := s.writeBatch(batch); err != nil {
			s.mu.Lock()
			if timeout(err) && s.ended == nil {
				s.breakOff(ErrOverflow)
			} else {
				s.breakOff(ErrClosed)
			}
			s.mu.Unlock()
		}
		spare = batch
	}
}

// writeBatch writes b in chunks, each with a deadline of its own, so that a
// slow peer is told from one that does not read.
func (s *stream) writeBatch(b []byte) error {
	for len(b) > 0 {
		chunk := b[:min(len(b), writeChunk)]
		s.mu.Lock()
		if s.ended == nil { // else end has set the last deadline
			s.conn.SetWriteDeadline(time.Now().Add(s.layer.limits.Write))
		}
		s.mu.Unlock()
		n, err := s.conn.Write(chunk)
		s.mu.Lock()
		s.flying -= n
		s.room.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// breakOff drops what waits and closes the connection, which ends both
// goroutines. The caller holds s.mu.
func (s *stream) breakOff(why error) {
	if s.ended == nil {
		s.ended = why
		if why == ErrOverflow {
			s.layer.count.overflows.Add(1)
			s.layer.complain("connection closed: the peer does not read", s.flow(), len(s.queue)+s.flying, why)
		}
	}
	s.queue = nil
	s.room.Broadcast()
	s.raw.Close()
}
