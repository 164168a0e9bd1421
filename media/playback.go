package media

import (
	"fmt"
	"time"

	"offhook/media/dtmf"
)

// PlayStatus says how a playback ended.
type PlayStatus string

const (
	PlayDone        PlayStatus = "done"        // the source came to its end
	PlayInterrupted PlayStatus = "interrupted" // another Play or SendDTMF took its place
	PlayStopped     PlayStatus = "stopped"     // Stop was called
	PlayClosed      PlayStatus = "closed"      // the session was closed
	PlayFailed      PlayStatus = "failed"      // a re-INVITE chose a codec that the source cannot be had in, or pacing failed
)

// PlayResult is what came of a playback.
type PlayResult struct {
	Status   PlayStatus    // empty while it still plays
	Position time.Duration // how far into the source it came
	Packets  uint64        // RTP packets that the kernel took
}

// Played is a playback that has ended.
type Played struct {
	PlayResult
	Source Source // nil for digits and an echo
	Echo   bool
}

// Playback is what a session sends: a source, a string of digits, or what it hears.
type Playback struct {
	session *Session
	source  Source // nil for digits and an echo
	echo    *echo  // nil for all else
	done    chan struct{}

	// Guarded by session.mu.
	clip    *Clip   // of source
	volume  *volume // nil = as it is
	keys    *dtmf.Sequence
	ptime   time.Duration // of clip and keys
	frame   int64         // the next one to send
	cut     time.Duration // of it, what was sent in another ptime
	packets uint64
	paused  bool
	status  PlayStatus
}

// Done is closed when the playback has ended, for whatever reason: when a source has played to its end,
// one ptime after its last packet left.
func (p *Playback) Done() <-chan struct{} { return p.done }

// Stop ends the playback before its next packet; digits, within 40 ms. Once it has ended, Stop does nothing.
func (p *Playback) Stop() {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.playback == p {
		s.hush()
	}
	s.finish(p, PlayStopped)
}

// Pause stops sending, and the position, before the next packet, until Resume; digits, within 40 ms. The far end hears nothing meanwhile.
func (p *Playback) Pause() { p.pause(true) }

// Resume goes on where Pause stopped, within 20 ms.
func (p *Playback) Resume() { p.pause(false) }

func (p *Playback) pause(paused bool) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if paused && !p.paused && s.playback == p {
		s.hush()
	}
	p.paused = paused
}

// Result tells how far the playback came and, once Done is closed, how it ended.
func (p *Playback) Result() PlayResult {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	return p.result()
}

func (p *Playback) result() PlayResult {
	return PlayResult{Status: p.status, Position: p.position(), Packets: p.packets}
}

func (p *Playback) position() time.Duration {
	if p.clip != nil {
		return p.clip.reached(p.frame) + p.cut
	}
	return time.Duration(p.frame) * p.ptime
}

// frames is how many there are; 0 = endless.
func (p *Playback) frames() int64 {
	switch {
	case p.keys != nil:
		return p.keys.Len()
	case p.echo != nil:
		return p.echo.frames(p.ptime)
	}
	return p.clip.Len()
}

// ended reports whether no frame is left.
func (p *Playback) ended() bool { return p.frames() > 0 && p.frame >= p.frames() }

// skip leaves out n frames, or as many as there are, and returns how many.
func (p *Playback) skip(n int64) int64 {
	if p.frames() > 0 {
		n = min(n, p.frames()-p.frame)
	}
	if p.echo != nil {
		p.echo.line.drop(int(n) * len(p.echo.pcm))
	}
	p.frame += n
	p.cut = 0
	return n
}

// Play starts to send src in place of what was playing, whose status becomes PlayInterrupted. The first packet carries the
// marker bit and leaves within 20 ms; in place of a stream of a longer ptime, one ptime and up to 20 ms after the packet before. The
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
	keys, err := dtmf.Lay(digits, on, gap, p.Ptime, p.Codec.ClockRate())
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
	if p.echo != nil {
		s.sender.reserve(cap(p.echo.payload))
		s.listen(p.echo)
	}
	idle := s.playback == nil
	s.hush()
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
	if s.options.Played != nil {
		s.options.Played(Played{p.result(), p.source, p.echo != nil})
	}
}
