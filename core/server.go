package core

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"offhook/core/journal"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// Handler decides what happens in a call.
type Handler interface {
	// ServeCall runs on the call's own goroutine. ctx is cancelled, with one of
	// the causes of ending.go, when the call ends. When ServeCall returns, a call
	// that has not ended ends: with BYE if it was answered, with 480 if not.
	// Before anything else it calls Announce, with what it knows of the call.
	ServeCall(ctx context.Context, c *Call)
}

// Options configure a Server. Handler and Media are required.
type Options struct {
	Log         *slog.Logger // nil: slog.Default
	Handler     Handler
	Media       *media.Engine
	UserAgent   string             // for the Server and User-Agent header fields; empty: none
	Domain      string             // host name for Contact; empty: the address that the caller reached us on
	Codecs      []media.Codec      // that we answer with; nil: PCMU and PCMA
	DTMF        bool               // answer telephone-event (RFC 4733) when it is offered
	Inband      media.Inband       // when digits are looked for in the sound
	SRTP        sdp.SRTP           // whether media is encrypted
	MaxCalls    int                // calls at once, more get 503; 0: 100
	CallTimeout time.Duration      // the longest a call may last; 0: no limit
	MediaSilent time.Duration      // without RTP for so long an EventMediaTimeout is reported, unless the call is on hold; 0: never
	NoLatch     bool               // send RTP where SDP says, not where the far end's really comes from; see media.SessionOptions
	Timers      transaction.Timers // of RFC 3261 §17
	Trace       func(transaction.Trace)
	Journal     *journal.Store // of what happens in calls; nil: none
	Limits      transport.Limits

	Reliable       bool          // send 18x reliably (RFC 3262) also if the caller only supports that
	SessionExpires time.Duration // session interval that we ask for if the caller does not (RFC 4028); 0: none
	MinSession     time.Duration // the least one that we accept; 0: 90 s
}

// Server is a user agent. It listens on nothing until Listen.
type Server struct {
	o            Options
	log          *slog.Logger
	capabilities sdp.Capabilities
	transport    *transport.Layer
	transactions *transaction.Layer
	started      time.Time

	mu       sync.Mutex
	dialogs  map[dialogID]*Call // calls that in-dialog requests can reach
	draining bool
	closed   bool           // no redial may begin
	redials  sync.WaitGroup // see sendInDialog
	idle     chan struct{}  // closed when draining and no call is left
	handlers sync.WaitGroup // one for each call, ends with its handler

	stats counters
}

// Stats are the figures of a server since New; Active is what there is now.
type Stats struct {
	Active, Total, Answered, Failed int64

	RefusedFull, RefusedDraining int64 // of Failed: with 503, at MaxCalls and while draining

	Draining    bool
	Transport   transport.Stats
	Transaction transaction.Stats
}

type counters struct{ active, total, answered, failed, refusedFull, refusedDraining atomic.Int64 }

// New makes a server. It starts no goroutine before the first call.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 100
	}
	if o.MinSession == 0 {
		o.MinSession = 90 * time.Second // RFC 4028 §4
	}
	if o.Codecs == nil {
		o.Codecs = []media.Codec{media.PCMU, media.PCMA}
	}
	s := &Server{
		o: o, log: o.Log, started: time.Now(),
		capabilities: sdp.Capabilities{Codecs: o.Codecs, DTMF: o.DTMF, SRTP: o.SRTP},
		dialogs:      map[dialogID]*Call{},
		idle:         make(chan struct{}),
	}
	var trace func(transaction.Trace)
	if o.Trace != nil || o.Journal != nil {
		trace = s.trace
	}
	s.transactions = transaction.New(transaction.Options{Log: o.Log, Timers: o.Timers, User: user{s}, Trace: trace})
	s.transport = transport.New(transport.Options{Log: o.Log, Receive: s.transactions.Receive, Limits: o.Limits})
	return s
}

// Listen opens a socket for SIP: network is "udp" or "tcp", address host:port.
// It returns the address it is bound to.
func (s *Server) Listen(network, address string) (netip.AddrPort, error) {
	bound, err := s.transport.Listen(network, address)
	if err != nil {
		return bound, fmt.Errorf("listen for SIP: %w", err)
	}
	return bound, nil
}

// Deliver hands the server one message as if it had come in over f: the way in
// for callers in memory.
func (s *Server) Deliver(message []byte, f transport.Flow) { s.transport.Deliver(message, f) }

// Stats returns the figures at this moment.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	return Stats{
		Active: s.stats.active.Load(), Total: s.stats.total.Load(),
		Answered: s.stats.answered.Load(), Failed: s.stats.failed.Load(),
		RefusedFull: s.stats.refusedFull.Load(), RefusedDraining: s.stats.refusedDraining.Load(),
		Draining:  draining,
		Transport: s.transport.Stats(), Transaction: s.transactions.Stats(),
	}
}

// Close ends all calls at once, waits for their handlers and releases the
// sockets. What is still on its way to peers is sent, but no answer awaited.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Drain(ctx) // calls that were left are ended, which is what Close is for
	s.handlers.Wait()
	s.endRedials()
	err := s.transport.Close()
	s.transactions.Close()
	return err
}

// Call returns the call in progress with that ID, or nil.
func (s *Server) Call(id string) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.dialogs {
		if c.id == id {
			return c
		}
	}
	return nil
}

// find returns the call of a dialog, or nil.
func (s *Server) find(id dialogID) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[id]
}
