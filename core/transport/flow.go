package transport

import (
	"errors"
	"fmt"
	"net/netip"
)

// Reasons for which a message could not be sent.
var (
	// ErrClosed tells that the connection or the layer is closed.
	ErrClosed = errors.New("transport closed")
	// ErrOverflow tells that a peer does not read its connection: its send
	// queue was full, and the connection has been closed.
	ErrOverflow = errors.New("send queue full")
	// ErrTooLarge tells that a message does not fit into one UDP datagram.
	ErrTooLarge = errors.New("message too large for UDP")
)

// maxDatagram is the largest UDP payload over IPv4, in bytes.
const maxDatagram = 65507

// Flow says how a message came in and where its answers leave: over which
// socket or connection, from which local address, to which remote one.
// It is a small value, comparable, and usable from any goroutine. The zero
// Flow leads nowhere.
type Flow struct {
	out           carrier
	local, remote netip.AddrPort
	// answerPort is where Send sends: the remote port, or the port of the
	// request's sent-by when the client did not ask for rport (RFC 3261 §18.2.2).
	answerPort uint16
}

// carrier is a socket, a connection or a function that takes messages out.
// Implementations are pointers, so that a Flow stays comparable.
type carrier interface {
	network() string
	// advertised is the address that remote is told we are reached at.
	advertised(local, remote netip.AddrPort) netip.AddrPort
	send(b []byte, local, remote netip.AddrPort) error
}

// NewFlow returns a flow without a socket: send gets every message. It is
// meant for in-memory peers. Two flows from NewFlow are never equal.
func NewFlow(network string, local, remote netip.AddrPort, send func([]byte) error) Flow {
	return newFlow(&function{name: network, fn: send}, local, remote)
}

func newFlow(out carrier, local, remote netip.AddrPort) Flow {
	return Flow{out: out, local: local, remote: remote, answerPort: remote.Port()}
}

// Network names the transport as it stands in a Via: "UDP", "TCP", "TLS", "WS" or "WSS".
func (f Flow) Network() string {
	if f.out == nil {
		return ""
	}
	return f.out.network()
}

// Reliable tells whether the transport retransmits by itself, so that the
// transaction must not (RFC 3261 §17).
func (f Flow) Reliable() bool { return f.Network() != "UDP" }

// Local is the address that the peer reached us on, also on a socket bound to
// a wildcard address. An IPv4 address is never in its IPv6-mapped form.
func (f Flow) Local() netip.AddrPort { return f.local }

// Remote is the address that the message came from.
func (f Flow) Remote() netip.AddrPort { return f.remote }

// Advertised is the address that the peer can send its requests to: what Via,
// Contact and SDP of ours carry. It is Local, unless the endpoint has another
// one for peers outside of our networks; on a connection that we opened it has
// the port that we listen on, if we do.
func (f Flow) Advertised() netip.AddrPort {
	if f.out == nil {
		return f.local
	}
	return f.out.advertised(f.local, f.remote)
}

// Send sends one message and does not wait for the peer. Over UDP it waits at
// most for room in the socket's send buffer, which the network card empties; the
// datagram leaves from Local, and for the flow of a request it goes to the address that RFC 3261
// §18.2.2 and RFC 3581 name: the source address, at the source port if the top
// Via has rport, else at the port of its sent-by. A stream puts the message
// into the connection's bounded queue; when that is full the connection is
// closed and ErrOverflow returned. b is not kept: the caller may reuse it.
func (f Flow) Send(b []byte) error {
	if f.out == nil {
		return ErrClosed
	}
	to := netip.AddrPortFrom(f.remote.Addr(), f.answerPort)
	if err := f.out.send(b, f.local, to); err != nil {
		return fmt.Errorf("send %d bytes to %s %s: %w", len(b), f.out.network(), to, err)
	}
	return nil
}

// To is the flow from the same UDP socket and local address to another
// destination. A stream and an in-memory flow lead to one peer only: for them
// it is the flow itself.
func (f Flow) To(remote netip.AddrPort) Flow {
	if _, ok := f.out.(*udpSocket); !ok {
		return f
	}
	f.remote, f.answerPort = remote, remote.Port()
	return f
}

// Steers tells whether To leads elsewhere: over UDP it does.
func (f Flow) Steers() bool {
	_, ok := f.out.(*udpSocket)
	return ok
}

// Dialled tells whether we opened the connection, and with which name.
func (f Flow) Dialled() (name string, ok bool) {
	s, ok := f.out.(*stream)
	if !ok {
		return "", false
	}
	return s.name, s.name != ""
}

// function carries the messages of an in-memory flow.
type function struct {
	name string
	fn   func([]byte) error
}

func (c *function) network() string { return c.name }

func (c *function) advertised(local, _ netip.AddrPort) netip.AddrPort { return local }

func (c *function) send(b []byte, _, _ netip.AddrPort) error { return c.fn(b) }
