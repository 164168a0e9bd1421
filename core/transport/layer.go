package transport

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Options configure a Layer. Only Receive is required.
type Options struct {
	Log *slog.Logger // nil: discarded
	// Receive gets every well-formed message, inline on the goroutine that
	// reads the socket or connection, in the order of arrival. It must not
	// block and must not panic. A request has a top Via whose received and
	// rport are filled in; other headers may be missing (nil).
	Receive func(msg sip.Message, f Flow)
	Limits  Limits
}

// Limits bound what peers can make the layer hold. A zero field means the
// default that its comment names.
type Limits struct {
	Message          int           // bytes in one message; 65535
	Header           int           // bytes in the start line and header fields together; 32768
	HeaderFields     int           // header fields in one message; 256
	Connections      int           // open stream connections; 10000
	ConnectionsPerIP int           // of these, from one IPv4 address or IPv6 /64; 1000
	Queue            int           // bytes waiting to be written to one connection; 262144
	Idle             time.Duration // a connection without traffic is closed after; 10 min
	Assembly         time.Duration // first to last byte of one message on a stream; 10 s
	Write            time.Duration // a write without progress closes the connection after; 10 s
	Answers          int           // stateless answers to malformed requests per second; 200
	SocketBuffer     int           // bytes asked for SO_RCVBUF and SO_SNDBUF of a UDP socket; 4194304
}

// Layer owns the sockets and connections.
type Layer struct{}

// New makes a layer that listens on nothing yet. It starts no goroutine.
func New(o Options) *Layer { panic("not yet") }

// Listen opens a "udp" socket or a "tcp" listener on address ("0.0.0.0:5060":
// all of IPv4, "[::]:5060": all of IPv6, ":5060": both) and returns the address
// it is bound to.
func (l *Layer) Listen(network, address string) (netip.AddrPort, error) { panic("not yet") }

// Dial returns a flow to remote. Over "udp" it leads through one of the
// listening sockets, from the local address that the routes name for that
// peer; over "tcp" it is the open connection to remote, if there is one, or a
// new one, which ctx bounds.
func (l *Layer) Dial(ctx context.Context, network string, remote netip.AddrPort) (Flow, error) {
	panic("not yet")
}

// Deliver parses b as one datagram that came in over f, exactly as if a UDP
// socket had read it, and calls Receive if it is well formed. b is not kept.
func (l *Layer) Deliver(b []byte, f Flow) { panic("not yet") }

// Stats returns the counts so far.
func (l *Layer) Stats() Stats { panic("not yet") }

// Close closes all sockets and connections, after what waits in their queues
// has been written or a second has passed, and waits for all goroutines.
func (l *Layer) Close() error { panic("not yet") }
