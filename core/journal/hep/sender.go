package hep

import (
	"cmp"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Sender. All but Address may be zero.
type Options struct {
	Address string // host:port of Homer. The name is looked up when there is something to send, and again when that fails
	Agent   Agent
	Mask    func(message []byte) []byte // what must not be sent is taken out; nil: nothing is
	Queue   int                         // messages that wait; 0: 4096. More are dropped
	Log     *slog.Logger                // nil: slog.Default
}

// dialPause is how often a connection is made at most.
const dialPause = 10 * time.Second

// Stats count messages.
type Stats struct {
	Sent    uint64
	Dropped uint64 // the queue was full, or the network did not take them
}

// A Sender sends messages to Homer. Its methods may be called from any goroutine.
type Sender struct {
	o       Options
	queue   chan Message
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup

	sent, dropped atomic.Uint64

	// Of the goroutine.
	conn   net.Conn // nil: there is none
	dialed time.Time
	failed bool // the last one was not sent, and it was said
	packet []byte
}

// NewSender starts the goroutine that sends; Close ends it.
func NewSender(o Options) *Sender {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Sender{o: o, queue: make(chan Message, cmp.Or(o.Queue, 4096)), closing: make(chan struct{})}
	s.running.Go(s.run) // ends after Close
	return s
}

// Send hands a message over, whose Payload must not change any more. It never waits.
func (s *Sender) Send(m Message) {
	select {
	case s.queue <- m:
	default:
		s.dropped.Add(1)
	}
}

// Stats tells how it goes.
func (s *Sender) Stats() Stats { return Stats{s.sent.Load(), s.dropped.Load()} }

// Close sends what waits and ends the goroutine.
func (s *Sender) Close() {
	s.once.Do(func() { close(s.closing) })
	s.running.Wait()
}

func (s *Sender) run() {
	defer s.hangUp()
	for {
		select {
		case m := <-s.queue:
			s.send(m)
		case <-s.closing:
			for len(s.queue) > 0 { // nobody else takes any
				s.send(<-s.queue)
			}
			return
		}
	}
}

func (s *Sender) send(m Message) {
	if s.o.Mask != nil {
		m.Payload = s.o.Mask(m.Payload)
	}
	s.packet = Append(s.packet[:0], s.o.Agent, m)
	if s.write() {
		s.sent.Add(1)
	} else {
		s.dropped.Add(1)
	}
}

// write sends the packet, if there is a connection or it is time to make one.
func (s *Sender) write() bool {
	now := time.Now()
	if s.conn == nil {
		if !s.dialed.IsZero() && now.Sub(s.dialed) < dialPause {
			return false
		}
		s.dialed = now
		conn, err := net.DialTimeout("udp", s.o.Address, dialPause/2)
		if err != nil {
			s.complain(err)
			return false
		}
		s.conn = conn
	}
	if _, err := s.conn.Write(s.packet); err != nil { // nobody listens there, says ICMP, of one before
		s.complain(err)
		if now.Sub(s.dialed) >= dialPause { // it may have moved
			s.hangUp()
		}
		return false
	}
	if s.failed {
		s.failed = false
		s.o.Log.Info("HEP: messages are sent again", "remote", s.o.Address)
	}
	return true
}

// complain says it once, until one is sent again.
func (s *Sender) complain(err error) {
	if !s.failed {
		s.failed = true
		s.o.Log.Warn("HEP: messages are not sent", "remote", s.o.Address, "error", err)
	}
}

func (s *Sender) hangUp() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is left in it
		s.conn = nil
	}
}
