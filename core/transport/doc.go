// Package transport carries SIP messages between peers and the transaction
// layer (RFC 3261 §18): it owns the UDP sockets and the stream connections and
// is the only package that touches a socket for SIP.
//
//	datagram ──> udpSocket ─────────────┐
//	                                    ├─> filter ─> scan ─> sipgo parser ─> Via ─> Receive(msg, raw, Flow)
//	bytes ─────> stream ─> framer ──────┤       └─> stateless 400, 413, 416, 505
//	  TLS ─┘        │                   │
//	  WebSocket ────┴───> frames ───────┘
//	Flow.Send <──────────────────────────────────────────────────────── transaction, core
//
// What it does: finds out on which local address a peer reached a wildcard
// socket and answers from there; fills in received and rport (RFC 3581); frames
// streams by Content-Length; answers malformed requests without keeping state;
// swallows keep-alives, STUN and junk; bounds everything a peer can make grow.
// The parser and the message types are those of sipgo; its quirks (white space
// around separators, case of parameter names, lists of Vias) are evened out
// here so that no other package has to know them.
//
// A peer behind a NAT, or a browser, can be reached over the connection that it
// opened and in no other way, so a Flow is kept and used, and says when it is
// gone. The handshakes of TLS and WebSocket (RFC 7118) run in a connection's own
// goroutine under one deadline: a silent client holds up nobody.
//
// What it does not do: DNS, transactions and retransmission.
//
// Goroutines: each UDP socket has one that reads, each stream listener one that
// accepts, each stream one that reads, and a second one only while bytes wait
// to be written. [Options.Receive] runs inline on the reading one, so messages
// that came in over one socket or connection are handled in the order they
// came, and the kernel's socket buffer is the queue. All of them end in
// [Layer.Close], which waits for them.
package transport
