package transaction

import (
	"errors"
	"hash/maphash"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

var (
	// ErrTimeout ends a client transaction: no final response within 64·T1 (Timers B and F), or none to an INVITE
	// within 64·T1 of its CANCEL.
	ErrTimeout = errors.New("no final response in time")
	// ErrFinished refuses a second final response, a response after the end, or a CANCEL after the final response.
	ErrFinished = errors.New("transaction already has its final response")
	// ErrLimit refuses a client transaction because the table is full.
	ErrLimit = errors.New("too many client transactions")
	// ErrClosed refuses a client transaction because the layer is closed.
	ErrClosed = errors.New("transaction layer is closed")
)

// A User is the transaction user (TU). Its methods are called with the call's shard locked, on the goroutine that read
// the message; they must not block. A panic in them is recovered, logged and counted; a new request is then answered
// 500.
type User interface {
	// Request takes every new request but ACK and CANCEL, and answers with tx.Respond, now or later. Requests have
	// Via, From, To, Call-ID and a CSeq of their method; a request without To tag is not a merged one.
	Request(tx *Server, req *sip.Request)
	// Cancel takes a new CANCEL. The TU answers it, with 200 if invite is not nil, and then the invite with 487. A
	// nil invite means that nothing matched (481). A CANCEL for an INVITE that has its final response changes
	// nothing (RFC 3261 §9.2): it is answered here, with the same To tag, and not given to the TU.
	Cancel(cancel *Server, invite *Server)
	// Ack takes each ACK that does not belong to a non-2xx final response, copies included.
	Ack(req *sip.Request, f transport.Flow)
	// Response takes a 2xx to INVITE that matches no client transaction. Others that match none are dropped.
	Response(res *sip.Response, f transport.Flow)
}

// Limits bound the tables. They are divided among the shards. A zero value is the default.
type Limits struct {
	Server   int // live server transactions; a new request beyond is answered 503 without state; default 65,536
	Client   int // client transactions; Send refuses more with ErrLimit; default 65,536
	Finished int // tombstones; the oldest one goes before its time; default 2^20
}

// Options configure a Layer. All but User may be zero.
type Options struct {
	Log    *slog.Logger // default slog.Default()
	Timers Timers
	Shards int // default 8 per CPU; rounded up to a power of two
	User   User
	Trace  func(Trace) // sees every message that came or left; may be nil
	// Busy is asked before anything is made for an INVITE outside a dialog: it says for how many seconds at least the
	// sender should leave us alone, which a 503 tells it that no transaction is kept for, or 0 to take the INVITE. What
	// is under way goes on. It is called with the shard locked; may be nil.
	Busy   func() (retryAfter int)
	Limits Limits
}

// A Layer holds all transactions. Its methods may be called from any goroutine; those that say so need a shard locked.
type Layer struct {
	log    *slog.Logger
	timers Timers
	user   User
	trace  func(Trace)
	busy   func() (retryAfter int)
	shards []*Shard // a power of two
	seed   maphash.Seed
	seeds  keySeeds
	epoch  time.Time

	malformed, stray, panics atomic.Uint64
}

// New returns a Layer for transport.Options.Receive. It starts no goroutine.
func New(o Options) *Layer {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Shards <= 0 {
		o.Shards = 8 * runtime.GOMAXPROCS(0)
	}
	n := 1
	for n < o.Shards {
		n *= 2
	}
	l := &Layer{
		log: o.Log, timers: o.Timers.withDefaults(), user: o.User, trace: o.Trace, busy: o.Busy,
		shards: make([]*Shard, n), seed: maphash.MakeSeed(), seeds: newKeySeeds(), epoch: time.Now(),
	}
	limits := o.Limits.perShard(n)
	for i := range l.shards {
		l.shards[i] = newShard(l, limits)
	}
	return l
}

func (l Limits) perShard(shards int) Limits {
	share := func(limit, standard int) int {
		if limit <= 0 {
			limit = standard
		}
		return max(limit/shards, 1)
	}
	return Limits{Server: share(l.Server, 1<<16), Client: share(l.Client, 1<<16), Finished: share(l.Finished, 1<<20)}
}

// Timers are the values in use.
func (l *Layer) Timers() Timers { return l.timers }

// Shard is the lock of a call: of all the messages, transactions and timers with its Call-ID.
func (l *Layer) Shard(callID string) *Shard {
	return l.shards[maphash.String(l.seed, callID)&uint64(len(l.shards)-1)]
}

// Receive takes a message that came on f as the bytes raw, which are not kept. It locks the shard of its Call-ID, and
// returns when the message has been dealt with. It never panics.
func (l *Layer) Receive(msg sip.Message, raw []byte, f transport.Flow) {
	defer l.recoverPanic("receive")
	switch m := msg.(type) {
	case *sip.Request:
		l.receiveRequest(m, raw, f)
	case *sip.Response:
		l.receiveResponse(m, raw, f)
	}
}

func (l *Layer) receiveRequest(req *sip.Request, raw []byte, f transport.Flow) {
	if err := checkRequest(req); err != nil {
		l.malformed.Add(1)
		l.refuseMalformed(req, f, err)
		return
	}
	s := l.Shard(string(*req.CallID()))
	s.Lock()
	defer s.Unlock()
	if !s.closed {
		s.arrived = raw
		s.request(req, f)
		s.arrived = nil
	}
}

func (l *Layer) receiveResponse(res *sip.Response, raw []byte, f transport.Flow) {
	if !checkResponse(res) {
		l.stray.Add(1)
		return
	}
	s := l.Shard(string(*res.CallID()))
	s.Lock()
	defer s.Unlock()
	if !s.closed {
		s.arrived = raw
		s.response(res, f)
		s.arrived = nil
	}
}

// Close ends all transactions without a word to the peers or to the TU, and drops whatever comes later. No function of
// the TU runs once it has returned. The caller must hold no shard.
func (l *Layer) Close() error {
	for _, s := range l.shards {
		s.close()
	}
	return nil
}

func (l *Layer) now() time.Duration { return time.Since(l.epoch) }

// recoverPanic is deferred around whatever calls the TU: a message from a peer must not end the process.
func (l *Layer) recoverPanic(during string) {
	if p := recover(); p != nil {
		l.panicked(during, p)
	}
}

func (l *Layer) panicked(during string, p any) {
	l.panics.Add(1)
	l.log.Error("panic in transaction user", "during", during, "panic", p, "stack", string(debug.Stack()))
}
