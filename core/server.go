package core

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
	"offhook/core/guard"
	"offhook/core/journal"
	"offhook/core/locate"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
)

// Handler decides what happens in a call.
type Handler interface {
	// ServeCall runs on the call's own goroutine. ctx is cancelled, with one of
	// the causes of ending.go, when the call ends. When ServeCall returns, a call
	// that has not ended ends: with BYE if it was answered, with 480 if not. A call
	// that a CANCEL ended before its goroutine began is served, too, with a ctx
	// that is done.
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
	MaxDelay    time.Duration      // new calls get 503 while calls wait longer than this for their handler; 0: 10 ms
	CallTimeout time.Duration      // the longest a call may last; 0: no limit
	MediaSilent time.Duration      // without RTP for so long an EventMediaTimeout is reported, unless the call is on hold; 0: never
	NoLatch     bool               // send RTP where SDP says, not where the far end's really comes from; see media.SessionOptions
	Timers      transaction.Timers // of RFC 3261 §17
	Trace       func(transaction.Trace)
	Journal     *journal.Store // of what happens in calls; nil: none
	Limits      transport.Limits
	Tables      transaction.Limits
	Guard       *guard.Guard // judges what comes in by its source; nil: all passes
	CallRate    float64      // new calls per second, more get 503; 0: no limit
	ClientTLS   *tls.Config  // see transport.Options
	DNS         []string     // servers to ask, "192.0.2.53:53"; nil: those of /etc/resolv.conf
	TCPAbove    int          // requests of ours with more bytes go over TCP instead of UDP where the peer takes it; 0: none

	Reliable       bool          // send 18x reliably (RFC 3262) also if the caller only supports that
	SessionExpires time.Duration // session interval that we ask for if the caller does not (RFC 4028); 0: none
	MinSession     time.Duration // the least one that we accept; 0: 90 s
	AcceptRefer    bool          // a call goes on with whom its peer transfers it to (RFC 3515); see the package comment

	Trunks       []Trunk
	RequireTrunk bool // refuse with 403 what comes from no trunk
}

// Server is a user agent. It listens on nothing until Listen.
type Server struct {
	o            Options
	log          *slog.Logger
	capabilities sdp.Capabilities
	signature    sip.Header // Server, on each response; nil: none
	transport    *transport.Layer
	transactions *transaction.Layer
	resolver     *locate.Resolver
	started      time.Time
	trunks       []*trunk
	digest       *digest.Server // that challenges; nil: there are no trunks

	mu       sync.Mutex
	dialogs  map[dialogID]*Call // calls that in-dialog requests can reach
	draining bool
	paused   bool           // by Pause; can be undone
	closed   bool           // no redial may begin
	redials  sync.WaitGroup // connection attempts and look-ups: see sendInDialog
	idle     chan struct{}  // closed when draining and no call is left
	handlers sync.WaitGroup // one for each call, ends with its handler
	workers  *workers

	load       *guard.Load        // calls between their INVITE and their handler
	rate       *guard.Rate        // of new calls
	strangers  *guard.Rate        // log lines about requests of no trunk
	unregister context.CancelFunc // ends the registrations; nil: see Register
	registrars sync.WaitGroup     // one for each registration

	stats counters
}

// Stats are the figures of a server since New; Active is what there is now.
type Stats struct {
	Active, Total, Answered, Failed int64
	Refused                         Refused                 // of Failed
	Dropped                         map[guard.Reason]uint64 // by the guard
	Banned                          int                     // sources

	Draining    bool
	Transport   transport.Stats
	Transaction transaction.Stats
}

// Refused counts the INVITEs that got 503 before there was a call, their copies
// included, by the reason.
type Refused struct{ Full, Draining, Rate, Overload int64 }

type counters struct{ active, total, answered, failed, full, draining, rate, overload atomic.Int64 }

// New makes a server. It starts no goroutine before the first call.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 100
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = 10 * time.Millisecond
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
		workers:      newWorkers(),
		load:         guard.NewLoad(o.MaxDelay),
		rate:         guard.NewRate(o.CallRate, 0),
	}
	if o.UserAgent != "" {
		s.signature = sip.NewHeader("Server", o.UserAgent)
	}
	var trace func(transaction.Trace)
	if o.Trace != nil || o.Journal != nil {
		trace = s.trace
	}
	s.newTrunks(o.Trunks)
	s.transactions = transaction.New(transaction.Options{Log: o.Log, Timers: o.Timers, User: user{s}, Trace: trace, Busy: s.busy, Limits: o.Tables})
	s.transport = transport.New(transport.Options{Log: o.Log, Receive: s.transactions.Receive, Limits: o.Limits, Guard: o.Guard, ClientTLS: o.ClientTLS})
	s.resolver = locate.New(locate.Options{Servers: o.DNS, Usable: s.transport.Sends})
	return s
}

// Listen opens a socket for SIP that needs nothing but its network and host:port.
// It returns the address it is bound to.
func (s *Server) Listen(network, address string) (netip.AddrPort, error) {
	return s.Open(transport.Endpoint{Network: network, Address: address})
}

// Open opens an endpoint for SIP and returns the address it is bound to.
func (s *Server) Open(e transport.Endpoint) (netip.AddrPort, error) {
	bound, err := s.transport.Open(e)
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
	draining := s.draining || s.paused
	s.mu.Unlock()
	return Stats{
		Active: s.stats.active.Load(), Total: s.stats.total.Load(),
		Answered: s.stats.answered.Load(), Failed: s.stats.failed.Load(),
		Refused: Refused{
			Full: s.stats.full.Load(), Draining: s.stats.draining.Load(), Rate: s.stats.rate.Load(), Overload: s.stats.overload.Load(),
		},
		Draining: draining,
		Dropped:  s.o.Guard.Dropped(), Banned: s.o.Guard.Banned(),
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
	s.workers.close()
	s.endRedials()
	s.registrars.Wait() // Drain has ended them
	err := s.transport.Close()
	s.transactions.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.dialogs) // of those whose BYE nobody has answered
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

// Calls are the calls in progress, in no order, and at most so many of them.
func (s *Server) Calls(most int) []*Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	some := make([]*Call, 0, min(len(s.dialogs), most))
	for _, c := range s.dialogs {
		if len(some) == most {
			break
		}
		some = append(some, c)
	}
	return some
}

// find returns the call of a dialog, or nil.
func (s *Server) find(id dialogID) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[id]
}
