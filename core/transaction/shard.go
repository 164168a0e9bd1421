package transaction

import (
	"bytes"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/fault"
	"offhook/core/transport"
)

// A Shard is the lock of some of the calls, with their transactions and timers. Every method of Server, Client, Timer
// and Shard but Lock needs it locked, and every function of the TU runs with it locked. A goroutine holds one shard
// at most.
type Shard struct {
	mu     sync.Mutex
	layer  *Layer
	limits Limits // this shard's share
	closed bool

	servers  map[key]*Server
	clients  map[key]*Client
	merged   map[key]struct{} // requests without To tag, while their transaction or tombstone is there
	finished map[key]*tombstone
	oldest   *tombstone // the FIFO of finished
	newest   *tombstone
	sweep    *Timer // takes the expired ones away

	faults map[string]*fault.Set // by Call-ID: of calls in which something goes wrong on purpose; mostly nil

	timers   timerQueue
	timerSeq uint64
	wake     *time.Timer   // nil until the first timer
	wakes    time.Duration // the instant that wake is set to
	awake    bool          // wake is set

	stats   Stats
	buffer  bytes.Buffer // the message that is being serialised
	arrived []byte       // the one that is being received, as it came
}

func newShard(l *Layer, limits Limits) *Shard {
	s := &Shard{layer: l, limits: limits}
	s.reset()
	return s
}

func (s *Shard) reset() {
	s.servers = make(map[key]*Server)
	s.clients = make(map[key]*Client)
	s.merged = make(map[key]struct{})
	s.finished = make(map[key]*tombstone)
	s.oldest, s.newest, s.sweep = nil, nil, nil
	s.timers, s.faults = nil, nil
}

// Lock locks the shard.
func (s *Shard) Lock() { s.mu.Lock() }

// Unlock unlocks the shard.
func (s *Shard) Unlock() { s.mu.Unlock() }

// close leaves a shard that runs and takes nothing. Timers that are stopped later find themselves idle.
func (s *Shard) close() {
	s.Lock()
	defer s.Unlock()
	s.closed = true
	for _, t := range s.timers {
		t.index = idle
	}
	if s.wake != nil {
		s.wake.Stop()
	}
	s.reset()
}

// request finds out what an incoming request belongs to (RFC 3261 §17.2.3), in this order: an ACK to its INVITE, a
// copy to its transaction or tombstone, a CANCEL to its INVITE, a merged request to nothing.
func (s *Shard) request(req *sip.Request, f transport.Flow) {
	if len(s.faults) > 0 && s.ignores(req, f) {
		return
	}
	if req.Method == sip.ACK {
		s.ack(req, f)
		return
	}
	k := s.layer.seeds.serverKey(req, req.Method)
	if tx := s.servers[k]; tx != nil {
		s.received(req, f, true)
		tx.copy(f)
		return
	}
	if t := s.finished[k]; t != nil {
		s.received(req, f, true)
		s.copyOfFinished(t, string(*req.CallID()), f)
		return
	}
	s.received(req, f, false)
	if after := s.retryAfter(req); after > 0 {
		s.stats.Refused++
		s.refuse(k, req, f, after)
		return
	}
	tx := s.newServer(k, req, f)
	switch {
	case req.Method == sip.CANCEL:
		s.cancel(tx, req)
	case !s.claim(tx, req):
		s.stats.Merged++
		tx.answer(req, sip.StatusLoopDetected, "Loop Detected", statelessTag(k))
	default:
		s.tell(tx, req, nil)
	}
}

// retryAfter is for how many seconds there is no room or no time for req, 0 when there is. What belongs to a call may
// use twice the room of what begins one, and is never refused for want of time.
func (s *Shard) retryAfter(req *sip.Request) int {
	limit, inside := s.limits.Server, req.Method == sip.CANCEL || tagOf(req.To().Params) != ""
	if inside {
		limit *= 2
	}
	switch {
	case len(s.servers) >= limit:
		return 5
	case inside || req.Method != sip.INVITE || s.layer.busy == nil:
		return 0
	}
	return s.layer.busy()
}

// tell runs the TU for a new request, and sees to it that the transaction ends in any case.
func (s *Shard) tell(tx *Server, req *sip.Request, invite *Server) {
	s.stats.Requests++
	defer func() {
		if p := recover(); p != nil {
			s.layer.panicked("request", p)
			tx.answer(req, sip.StatusInternalServerError, "Server Internal Error", statelessTag(tx.key))
		}
		tx.awaitAnswer()
	}()
	if req.Method == sip.CANCEL {
		s.layer.user.Cancel(tx, invite)
		return
	}
	s.layer.user.Request(tx, req)
}

// response gives an incoming response to its client transaction (RFC 3261 §17.1.3).
func (s *Shard) response(res *sip.Response, f transport.Flow) {
	if len(s.faults) > 0 && s.ignores(res, f) {
		return
	}
	k := s.layer.seeds.clientKey(res.Via(), string(*res.CallID()), res.CSeq())
	if c := s.clients[k]; c != nil {
		c.receive(res, f)
		return
	}
	s.received(res, f, false)
	if res.CSeq().MethodName == sip.INVITE && res.IsSuccess() {
		s.stats.Responses++
		s.layer.user.Response(res, f)
		return
	}
	s.stats.Stray++
}

// serialise returns msg as bytes that are good until the next call.
func (s *Shard) serialise(msg sip.Message) []byte {
	// What one large message took is not kept for ever.
	if s.buffer.Cap() > 1<<16 {
		s.buffer = bytes.Buffer{}
	}
	s.buffer.Reset()
	msg.StringWrite(&s.buffer)
	return s.buffer.Bytes()
}

// transmit sends b, which msg was serialised to; a nil msg makes it a copy. kept says that b does not change any more.
func (s *Shard) transmit(callID string, msg sip.Message, b []byte, kept bool, f transport.Flow) error {
	if msg == nil {
		s.stats.Repeated++
	}
	if len(s.faults) > 0 {
		if faults := s.faults[callID]; faults != nil {
			return s.spoil(faults, Trace{CallID: callID, Flow: f, Sent: true, Copy: msg == nil, Message: msg, Bytes: b, Kept: kept})
		}
	}
	err := f.Send(b)
	if err != nil {
		s.stats.SendFails++
	}
	if s.layer.trace != nil {
		s.layer.trace(Trace{CallID: callID, Flow: f, Sent: true, Copy: msg == nil, Message: msg, Bytes: b, Kept: kept, Err: err})
	}
	return err
}

func (s *Shard) received(msg sip.Message, f transport.Flow, again bool) {
	if s.layer.trace != nil {
		s.layer.trace(Trace{CallID: string(*msg.CallID()), Flow: f, Copy: again, Message: msg, Bytes: s.arrived})
	}
}
