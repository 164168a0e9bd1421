package transport

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/guard"
)

// Options configure a Layer. Only Receive is required.
type Options struct {
	Log *slog.Logger // nil: discarded
	// Receive gets every well-formed message, inline on the goroutine that
	// reads the socket or connection, in the order of arrival. It must not
	// block and must not panic. A request has a top Via whose received and
	// rport are filled in; other headers may be missing (nil). raw is the
	// message as it came, which is not to be kept.
	Receive func(msg sip.Message, raw []byte, f Flow)
	Limits  Limits
	// ClientTLS is for the TLS connections that we open; nil: the certificates of
	// servers are verified with the system's roots, and we have none to show.
	ClientTLS *tls.Config
	Guard     *guard.Guard // judges sources, and requests by their User-Agent; nil: all pass
}

// Limits bound what peers can make the layer hold. A zero field means the
// default that its comment names.
type Limits struct {
	Message          int           // bytes in one message; 65535
	Header           int           // bytes in the start line and header fields together; 32768
	HeaderFields     int           // header fields in one message; 256
	Connections      int           // open stream connections; 10000
	ConnectionsPerIP int           // of these, with one IPv4 address or IPv6 /64; 1000
	Queue            int           // bytes waiting to be written to one connection; 262144
	Idle             time.Duration // a connection without traffic is closed after; 10 min
	Assembly         time.Duration // first to last byte of one message on a stream; 10 s
	Handshake        time.Duration // of TLS and WebSocket together, after the connection was accepted; 10 s
	Ping             time.Duration // a WebSocket without traffic is pinged after, and closed when so long again nothing comes; 30 s
	Write            time.Duration // a write without progress closes the connection after; 10 s
	Answers          int           // stateless answers to malformed requests per second; 200
	SocketBuffer     int           // bytes asked for SO_RCVBUF and SO_SNDBUF of a UDP socket; 4194304
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Message:          cmp.Or(l.Message, 65535),
		Header:           cmp.Or(l.Header, 32<<10),
		HeaderFields:     cmp.Or(l.HeaderFields, 256),
		Connections:      cmp.Or(l.Connections, 10000),
		ConnectionsPerIP: cmp.Or(l.ConnectionsPerIP, 1000),
		Queue:            cmp.Or(l.Queue, 256<<10),
		Idle:             cmp.Or(l.Idle, 10*time.Minute),
		Assembly:         cmp.Or(l.Assembly, 10*time.Second),
		Handshake:        cmp.Or(l.Handshake, 10*time.Second),
		Ping:             cmp.Or(l.Ping, 30*time.Second),
		Write:            cmp.Or(l.Write, 10*time.Second),
		Answers:          cmp.Or(l.Answers, 200),
		SocketBuffer:     cmp.Or(l.SocketBuffer, 4<<20),
	}
}

// Layer owns the sockets and connections.
type Layer struct {
	log       *slog.Logger
	onMessage func(sip.Message, []byte, Flow)
	limits    Limits
	clientTLS *tls.Config
	parser    *sip.Parser
	guard     *guard.Guard
	count     counters
	lag       atomic.Int64 // see Lag

	complaints limiter // log lines about what peers do wrong
	answers    limiter // stateless answers

	done    chan struct{}  // closed by Close
	running sync.WaitGroup // reading and accepting goroutines; they end when their socket is closed

	mu        sync.Mutex
	closed    bool
	sockets   []*udpSocket
	listeners []*listener
	streams   streamTable
}

// New makes a layer that listens on nothing yet. It starts no goroutine.
func New(o Options) *Layer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Layer{
		log:       o.Log,
		onMessage: o.Receive,
		limits:    o.Limits.withDefaults(),
		clientTLS: o.ClientTLS,
		parser:    sip.NewParser(),
		guard:     o.Guard,
		done:      make(chan struct{}),
		streams:   newStreamTable(),
	}
	// Size is checked before parsing; tidying may add a few bytes per Via.
	l.parser.MaxMessageLength = 16 * l.limits.Message
	if l.clientTLS == nil {
		l.clientTLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	l.complaints.perSecond = 1
	l.answers.perSecond = l.limits.Answers
	return l
}

// Lag is how long the latest datagram waited in its socket until it was read:
// some microseconds, or what the queue of an overloaded server comes to. It is
// 0 where the kernel does not tell. From within Receive it is the age of the
// message at hand, unless that came over a stream or another socket.
func (l *Layer) Lag() time.Duration { return time.Duration(l.lag.Load()) }

// Close closes all sockets and connections, after what waits in their queues
// has been written or a second has passed, and waits for all goroutines. It
// must not be called from Receive, which runs on one of them.
func (l *Layer) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.done)
		for _, s := range l.sockets {
			s.conn.Close()
		}
		for _, ln := range l.listeners {
			ln.Close()
		}
		l.streams.each((*stream).interrupt)
	}
	l.mu.Unlock()
	l.running.Wait()
	return nil
}

// start runs fn, which must end when its socket is closed or l.done is, unless
// the layer is closed. register runs first, under the lock.
func (l *Layer) start(register, fn func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	register()
	l.running.Go(fn)
	return nil
}

// closing tells whether Close was called.
func (l *Layer) closing() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// sleep waits for d; it is false when the layer closes in the meantime.
func (l *Layer) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}
