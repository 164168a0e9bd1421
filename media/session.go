package media

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"offhook/media/dtmf"
)

// SessionOptions tell Engine.Open what to open.
type SessionOptions struct {
	// Local is the address to bind, IPv4 or IPv6; the zero Addr is 0.0.0.0.
	Local netip.Addr
	// Event, if not nil, learns of digits and timeouts. It is called on the pacing thread: it must not block
	// (a send on a channel with a default case, say). It may call the session's methods, but not wait for what they begin.
	Event func(Event)
	// CNAME is sent in RTCP SDES (RFC 3550 §6.5.1), up to 255 octets; empty = a random one (RFC 7022).
	CNAME string
	// Timeout without RTP, while Params.Receive holds, that is reported as EventTimeout; 0 = never.
	Timeout time.Duration
}

// Params are what offer and answer settled.
type Params struct {
	Remote          netip.AddrPort // where RTP goes; the zero value: nowhere
	RemoteRTCP      netip.AddrPort // where RTCP goes; the zero value is the port after Remote's
	Codec           Codec
	PayloadType     uint8         // to send Codec with
	Ptime           time.Duration // of sent packets, 10 to 60 ms; 0 = 20 ms
	DTMFPayloadType uint8         // of telephone-event, both ways; 0 = not agreed
	Send, Receive   bool          // direction as seen from here
}

const (
	defaultPtime  = 20 * time.Millisecond
	shortestPtime = 10 * time.Millisecond
	longestPtime  = 60 * time.Millisecond
)

// Session is one RTP session: an even port for RTP, the next odd one for RTCP, one stream out, one in.
// Its methods may be called from any goroutine and wait neither for the network nor for pacing.
type Session struct {
	engine  *Engine
	driver  driver
	wire    wire
	local   netip.AddrPort
	options SessionOptions

	// Owned by the driver.
	next  *Session // in a list of the driver's
	timer *time.Timer

	// control lets one Play, SendDTMF or Configure happen at a time: they ask a Source for a clip, which may take long.
	control sync.Mutex

	// mu guards what follows. It is held for microseconds only, and never while a Source, an Event or a Capture function is called.
	mu         sync.Mutex
	closed     bool
	configured bool
	params     Params
	playback   *Playback
	capture    func(Received)

	sender   sender
	receiver receiver
	reporter reporter
	keys     dtmf.Receiver
	keyUntil instant // a press may be open until then; 0 = none is

	deadline   instant // when the driver serves the session next
	nextReport instant
	nextDrain  instant
	nextRTCP   instant // when RTCP is read next
	heard      instant // when RTP came last, or when the wait for it began
	silent     bool    // EventTimeout was reported
}

// Addr is the address that RTP is received on; RTCP is received on the next port.
func (s *Session) Addr() netip.AddrPort { return s.local }

// Configure applies what an offer and its answer settled, at the start or after a re-INVITE. What plays goes on, in the new
// codec and ptime from the same position; digits that are being sent keep their ptime. While Send is false nothing is
// sent and playbacks run on unheard.
func (s *Session) Configure(p Params) {
	p.Remote, p.RemoteRTCP = unmap(p.Remote), unmap(p.RemoteRTCP)
	if !p.RemoteRTCP.IsValid() && p.Remote.Port() < 65535 {
		p.RemoteRTCP = netip.AddrPortFrom(p.Remote.Addr(), p.Remote.Port()+1)
	}
	if p.Ptime == 0 {
		p.Ptime = defaultPtime
	}
	p.Ptime = max(shortestPtime, min(longestPtime, p.Ptime))

	s.control.Lock()
	defer s.control.Unlock()
	clip, playing, err := s.translate(p)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	now := s.driver.now()
	s.apply(p, now)
	switch {
	case err != nil:
		s.finish(playing, PlayFailed)
	case clip != nil && s.playback == playing:
		playing.frame = int64(playing.position() / p.Ptime)
		playing.clip, playing.ptime = clip, p.Ptime
		s.sender.reserve(len(clip.Frame(0)))
	}
	if s.playback == nil {
		s.driver.kick(s)
	}
}

// translate gets the clip of what plays in the codec and ptime that p changes to; nil: nothing to change.
func (s *Session) translate(p Params) (*Clip, *Playback, error) {
	s.mu.Lock()
	playing, old := s.playback, s.params
	s.mu.Unlock()
	if playing == nil || playing.source == nil || p.Codec == old.Codec && p.Ptime == old.Ptime {
		return nil, playing, nil
	}
	clip, err := playing.source.Clip(p.Codec, p.Ptime)
	return clip, playing, err
}

// apply makes p the session's parameters; s.mu is held.
func (s *Session) apply(p Params, now instant) {
	s.wire.direct(p.Remote, p.RemoteRTCP)
	if !s.configured {
		s.configured = true
		s.nextReport = now.add(reportInterval)
	}
	if p.Receive != s.params.Receive {
		s.heard, s.silent = now, false
	}
	s.params = p
	s.sender.setClock(now, int64(p.Codec.ClockRate()))
	s.receiver.clockRate = int64(p.Codec.ClockRate())
}

// Play starts to send src in place of what was playing, whose status becomes PlayInterrupted. The first packet carries the
// marker bit and leaves within 20 ms; in place of a stream of a longer ptime, one ptime after the packet before. The
// error is ErrNotConfigured, ErrClosed, or why src cannot be had in the session's codec.
func (s *Session) Play(src Source) (*Playback, error) {
	s.control.Lock()
	defer s.control.Unlock()
	p, err := s.parameters()
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	clip, err := src.Clip(p.Codec, p.Ptime)
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	return s.begin(&Playback{session: s, source: src, clip: clip, ptime: p.Ptime, done: make(chan struct{})})
}

// SendDTMF sends digits as telephone-events (RFC 4733), each on long and followed by gap, in place of what was playing;
// zero means 100 ms for both. 'w' in digits is a pause of 500 ms. ErrNoDTMF: the far end did not agree to telephone-event.
func (s *Session) SendDTMF(digits string, on, gap time.Duration) (*Playback, error) {
	s.control.Lock()
	defer s.control.Unlock()
	p, err := s.parameters()
	if err == nil && p.DTMFPayloadType == 0 {
		err = ErrNoDTMF
	}
	if err != nil {
		return nil, fmt.Errorf("send DTMF: %w", err)
	}
	keys, err := dtmf.Lay(digits, on, gap, p.Ptime)
	if err != nil {
		return nil, fmt.Errorf("send DTMF: %w", err)
	}
	return s.begin(&Playback{session: s, keys: keys, ptime: p.Ptime, done: make(chan struct{})})
}

func (s *Session) parameters() (Params, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return Params{}, ErrClosed
	case !s.configured:
		return Params{}, ErrNotConfigured
	}
	return s.params, nil
}

// begin makes p what plays.
func (s *Session) begin(p *Playback) (*Playback, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("play: %w", ErrClosed)
	}
	if p.clip != nil {
		s.sender.reserve(len(p.clip.Frame(0)))
	}
	idle := s.playback == nil
	s.finish(s.playback, PlayInterrupted)
	s.playback = p
	s.sender.talking = false
	if idle {
		s.driver.kick(s)
	}
	return p, nil
}

// fail ends what plays after the driver had to give the session up.
func (s *Session) fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(s.playback, PlayFailed)
}

// finish ends p, unless it has ended; s.mu is held.
func (s *Session) finish(p *Playback, status PlayStatus) {
	if p == nil || p.status != "" {
		return
	}
	p.status = status
	close(p.done)
	if s.playback == p {
		s.playback = nil
	}
}

// Capture hands every valid RTP packet to fn, on the pacing thread: fn must not block. nil ends it; a packet may still be
// on its way to the earlier fn when Capture returns.
func (s *Session) Capture(fn func(p Received)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capture = fn
}

// Stats tells what was sent and received so far; after Close, what was in all.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats()
}

func (s *Session) stats() Stats {
	st := Stats{
		Sent:         s.sender.sent,
		Received:     s.receiver.reception(),
		RoundTrip:    s.reporter.roundTrip,
		RemoteLost:   s.reporter.remoteLost,
		RemoteJitter: s.reporter.remoteJitter,
	}
	st.Sent.Reports, st.Received.Reports = s.reporter.reports, s.reporter.heard
	return st
}

// Close ends what plays, counts what still waits in the sockets, sends RTCP BYE (RFC 3550 §6.6), closes the sockets and
// puts the ports into quarantine. Further calls return the same final Stats.
func (s *Session) Close() Stats {
	w := s.engine.takeWork()
	defer s.engine.putWork(w)
	s.mu.Lock()
	if s.closed {
		defer s.mu.Unlock()
		return s.stats()
	}
	s.closed = true
	s.finish(s.playback, PlayClosed)
	now := s.driver.now()
	s.drainRTCP(w)
	s.drainRTP(now, w)
	if s.sender.sent.Packets > 0 || s.reporter.reports > 0 { // who sent nothing says no BYE (§6.3.7)
		s.sendReport(now, w, true)
	}
	s.wire.close()
	s.sender.packet = nil
	st := s.stats()
	s.mu.Unlock()

	w.deliver(s)
	s.driver.remove(s)
	s.engine.forget(s)
	return st
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
