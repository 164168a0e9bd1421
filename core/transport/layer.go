package transport

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
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
	parser    *sip.Parser
	count     counters

	complaints limiter // log lines about what peers do wrong
	answers    limiter // stateless answers

	done    chan struct{}  // closed by Close
	running sync.WaitGroup // reading and accepting goroutines; they end when their socket is closed

	mu        sync.Mutex
	closed    bool
	sockets   []*udpSocket
	listeners []net.Listener
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
		parser:    sip.NewParser(),
		done:      make(chan struct{}),
		streams:   newStreamTable(),
	}
	// Size is checked before parsing; tidying may add a few bytes per Via.
	l.parser.MaxMessageLength = 16 * l.limits.Message
	l.complaints.perSecond = 1
	l.answers.perSecond = l.limits.Answers
	return l
}

// Listen opens a "udp" socket or a "tcp" listener on address ("0.0.0.0:5060":
// all of IPv4, "[::]:5060": all of IPv6, ":5060": both) and returns the address
// it is bound to.
func (l *Layer) Listen(network, address string) (netip.AddrPort, error) {
	var bound netip.AddrPort
	var err error
	switch network {
	case "udp":
		bound, err = l.listenUDP(address)
	case "tcp":
		bound, err = l.listenTCP(address)
	default:
		err = fmt.Errorf("transport %q is not one of udp, tcp", network)
	}
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen on %s %s: %w", network, address, err)
	}
	return bound, nil
}

// Dial returns a flow to remote. Over "udp" it leads through one of the
// listening sockets, from the local address that the routes name for that
// peer; over "tcp" it is the open connection to remote, if there is one, or a
// new one, which ctx bounds.
func (l *Layer) Dial(ctx context.Context, network string, remote netip.AddrPort) (Flow, error) {
	var f Flow
	var err error
	switch network {
	case "udp":
		f, err = l.dialUDP(remote)
	case "tcp":
		f, err = l.dialTCP(ctx, remote)
	default:
		err = fmt.Errorf("transport %q is not one of udp, tcp", network)
	}
	if err != nil {
		return Flow{}, fmt.Errorf("dial %s %s: %w", network, remote, err)
	}
	return f, nil
}

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

// family is the suffix that makes package net take one IP version only for a
// wildcard address: "0.0.0.0" means IPv4 and "::" IPv6, while an empty host is both.
func family(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return ""
	case ip.Is4():
		return "4"
	}
	return "6"
}

// unmap writes an IPv4 address as one, also when it came from an IPv6 socket.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
