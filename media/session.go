package media

import (
	"net/netip"
	"time"
)

// SessionOptions tell Engine.Open what to open.
type SessionOptions struct {
	// Local is the address to bind, IPv4 or IPv6; the zero Addr is 0.0.0.0.
	Local netip.Addr
	// Event, if not nil, learns of digits and timeouts. It is called on the pacing thread: it must not block
	// (a send on a channel with a default case, say). It may call the session's methods.
	Event func(Event)
	// CNAME is sent in RTCP SDES (RFC 3550 §6.5.1); empty = a random one (RFC 7022).
	CNAME string
	// Timeout without RTP, while Params.Receive holds, that is reported as EventTimeout; 0 = never.
	Timeout time.Duration
}

// Params are what offer and answer settled.
type Params struct {
	Remote          netip.AddrPort // where RTP goes
	RemoteRTCP      netip.AddrPort // where RTCP goes; the zero value is the port after Remote's
	Codec           Codec
	PayloadType     uint8         // to send Codec with, and expected in what comes in
	Ptime           time.Duration // of sent packets, 10 to 60 ms; 0 = 20 ms
	DTMFPayloadType uint8         // of telephone-event; 0 = not agreed
	Send, Receive   bool          // direction as seen from here
}

// Session is one RTP session: an even port for RTP, the next odd one for RTCP, one stream out, one in.
// Its methods may be called from any goroutine and never wait for the network or for pacing.
type Session struct{}

// Addr is the address that RTP is received on; RTCP is received on the next port.
func (s *Session) Addr() netip.AddrPort { panic("media: not yet") }

// Configure applies what an offer and its answer settled, at the start or after a re-INVITE. What plays goes on,
// in the new codec and ptime from the same position. While Send is false nothing is sent and playbacks run on unheard.
func (s *Session) Configure(p Params) { panic("media: not yet") }

// Play starts to send src in place of what was playing, whose status becomes PlayInterrupted. The first packet leaves
// within 20 ms and carries the marker bit. It returns an error if the session is not configured or is closed (ErrClosed),
// or if src cannot be had in the session's codec.
func (s *Session) Play(src Source) (*Playback, error) { panic("media: not yet") }

// SendDTMF sends digits as telephone-events (RFC 4733), each on long and followed by gap, in place of what was playing;
// zero means 100 ms for both. 'w' in digits is a pause of 500 ms. ErrNoDTMF: the peer did not agree to telephone-event.
func (s *Session) SendDTMF(digits string, on, gap time.Duration) (*Playback, error) {
	panic("media: not yet")
}

// Capture hands every valid RTP packet to fn, on the pacing thread: fn must not block. nil ends it.
func (s *Session) Capture(fn func(p Received)) { panic("media: not yet") }

// Stats tells what was sent and received so far; after Close, what was in all.
func (s *Session) Stats() Stats { panic("media: not yet") }

// Close ends what plays, counts what still waits in the socket, sends RTCP BYE (RFC 3550 §6.6), closes the sockets and
// puts the ports into quarantine. Further calls return the same final Stats.
func (s *Session) Close() Stats { panic("media: not yet") }
