package media

import (
	"net/netip"
	"sync"
	"time"

	"offhook/media/dtmf"
	"offhook/media/measure"
)

// SessionOptions tell Engine.Open what to open.
type SessionOptions struct {
	// Local is the address to bind, IPv4 or IPv6; the zero Addr is 0.0.0.0.
	Local netip.Addr
	// Event, if not nil, learns of digits, tones and timeouts. It is called on the pacing thread: it must not block
	// (a send on a channel with a default case, say). It may call the session's methods, but not wait for what they begin.
	Event func(Event)
	// Played, if not nil, learns of each playback that ends. It is called with the session's lock held, on the pacing thread
	// perhaps: it must not block nor call the session's methods.
	Played func(Played)
	// CNAME is sent in RTCP SDES (RFC 3550 §6.5.1), up to 255 octets; empty = a random one (RFC 7022).
	CNAME string
	// Timeout without RTP, while neither side holds the call, that is reported as EventTimeout; 0 = never.
	Timeout time.Duration
	// NoLatch sends where Params says and listens to any address, instead of learning where the far end really sends from and
	// listening to that alone.
	NoLatch bool
	// Inband says when digits are looked for in the sound.
	Inband Inband
}

// Session is one RTP session: an even port for RTP, the next odd one for RTCP, one stream out, one in.
// Its methods may be called from any goroutine and wait neither for the network nor for pacing.
type Session struct {
	// What each frame touches comes first, in few cache lines: with thousands of sessions, to fetch them is most of the work.
	next *Session // in a list of the driver's
	// mu guards what follows, down to unauthentic; wire, lead and options never change. It is held for microseconds only, and
	// never while a Source, an Event or a Capture function is called.
	mu         sync.Mutex
	closed     bool
	configured bool
	silent     bool          // EventTimeout was reported
	tellsTones bool          // TellTones was called
	deadline   instant       // when the driver serves the session next
	lead       time.Duration // the driver wants frames so long before they are due, once they flow
	ahead      time.Duration // the next frame is due so long after deadline
	playback   *Playback
	wire       wire
	hearing    *hearing  // nil while nobody listens
	impaired   *impaired // nil: Impair was never called
	secure     *secure   // nil: plain RTP
	nextReport instant
	nextDrain  instant
	drained    instant // when that found something last
	nextRTCP   instant // when RTCP is read next
	heard      instant // when RTP came last, or when the wait for it began
	keyUntil   instant // a press may be open until then; 0 = none is
	sender     sender
	params     Params
	options    SessionOptions

	receiver receiver
	reporter reporter
	capture  func(Received)
	tap      func(Tapped)
	late     uint64 // packets too late for those that listened before
	keys     dtmf.Receiver
	keyed    bool           // a telephone-event came
	keypad   *keypad        // nil while digits are not looked for in the sound
	presses  []dtmf.Press   // heard there and not told yet
	spotter  *spotter       // nil while tones are not looked for
	spotted  []measure.Tone // and not told yet

	latch       latch
	controlFrom netip.AddrPort // where RTCP came from; the zero value: none came from the latched host
	collision   collision
	unauthentic uint64 // packets that SRTP refused

	engine *Engine
	driver driver
	local  netip.AddrPort
	timer  *time.Timer // the driver's

	// control lets one Play, SendDTMF or Configure happen at a time: they ask a Source for a clip, which may take long.
	control sync.Mutex
}

// Addr is the address that RTP is received on; RTCP is received on the next port.
func (s *Session) Addr() netip.AddrPort { return s.local }

// Capture hands every valid RTP packet to fn, on the pacing thread: fn must not block. nil ends it; a packet may still be
// on its way to the earlier fn when Capture returns.
func (s *Session) Capture(fn func(p Received)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capture = fn
}

// Tapped is one RTP packet, as Session.Tap hands it over.
type Tapped struct {
	Packet []byte // with its header, not encrypted; only valid during the call
	Sent   bool
	Remote netip.AddrPort
	At     time.Time
}

// Tap hands every RTP packet that leaves or comes in to fn, with the session's lock held and on the pacing thread: fn copies
// it and returns. nil ends it.
func (s *Session) Tap(fn func(Tapped)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tap = fn
}

// Stats tells what was sent and received so far; after Close, what was in all.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats()
}

func (s *Session) stats() Stats {
	s.sender.settle(s.wire.refused())
	st := Stats{
		Sent:         s.sender.sent,
		Received:     s.receiver.reception(),
		RoundTrip:    s.reporter.roundTrip,
		RemoteLost:   s.reporter.remoteLost,
		RemoteJitter: s.reporter.remoteJitter,
		RemoteVoIP:   s.reporter.remoteVoIP,
	}
	st.Received.Late = s.late
	if s.hearing != nil {
		st.Received.Late += s.hearing.buffer.Stats().Late
	}
	st.Remote, _ = s.destinations()
	st.Received.Strangers, st.Received.Unauthentic = s.latch.strangers, s.unauthentic
	st.Suite = s.params.Crypto.Suite
	st.Sent.Reports, st.Received.Reports = s.reporter.reports, s.reporter.heard
	return st
}

// Close ends what plays, counts what still waits in the sockets, sends RTCP BYE (RFC 3550 §6.6) and
// puts ports and sockets into quarantine. Further calls return the same final Stats.
func (s *Session) Close() Stats {
	w := s.engine.takeWork()
	defer s.engine.putWork(w)
	s.mu.Lock()
	if s.closed {
		defer s.mu.Unlock()
		return s.stats()
	}
	s.closed = true
	s.rewind(s.recall())
	s.finish(s.playback, PlayClosed)
	now := s.driver.now()
	s.drainRTCP(w)
	s.drainRTP(now, w)
	s.deafen(now)
	s.tellPresses(w)
	s.tellTones(w)
	if s.sender.sent.Packets > 0 || s.reporter.reports > 0 { // who sent nothing says no BYE (§6.3.7)
		s.sendReport(now, w, true)
	}
	s.sender.packet = nil
	st := s.stats()
	s.mu.Unlock()

	w.deliver(s)
	s.driver.remove(s)
	s.engine.forget(s)
	return st
}
