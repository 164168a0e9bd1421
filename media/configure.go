package media

import (
	"net/netip"
	"time"
)

// Params are what offer and answer settled.
type Params struct {
	Remote          netip.AddrPort // where RTP goes; the zero value, and 0.0.0.0 or :: (RFC 3264 §8.4): nowhere
	RemoteRTCP      netip.AddrPort // where RTCP goes; the zero value is the port after Remote's
	Codec           Codec
	PayloadType     uint8         // to send Codec with
	Ptime           time.Duration // of sent packets, 10 to 60 ms; 0 = 20 ms
	DTMFPayloadType uint8         // of telephone-event; 0 = not agreed
	Offered         PayloadTypes  // that the far end sends with, which answered with others (RFC 3264 §6.1)
	Send, Receive   bool          // direction as seen from here
	Mux             bool          // RTCP goes to and comes on the RTP port (RFC 5761)
	Crypto          Crypto        // protects both RTP and RTCP; the zero value: plain RTP
}

// PayloadTypes are the numbers of a stream's formats in one direction; 0 = as in the other.
type PayloadTypes struct{ Audio, DTMF uint8 }

// codecOf finds the codec of a received payload type. A far end may send with its own numbers or with those that were offered to it.
func (p *Params) codecOf(payloadType uint8) (Codec, bool) {
	if payloadType == p.PayloadType || p.Offered.Audio != 0 && payloadType == p.Offered.Audio {
		return p.Codec, true
	}
	for _, c := range [...]Codec{PCMU, PCMA, G722} {
		if payloadType == c.PayloadType() {
			return c, true
		}
	}
	return 0, false
}

// isKey tells whether a received payload type is that of telephone-event, in the same way.
func (p *Params) isKey(payloadType uint8) bool {
	switch {
	case p.DTMFPayloadType == 0:
		return false
	case p.Offered.DTMF != 0 && payloadType == p.Offered.DTMF:
		return true
	}
	return payloadType == p.DTMFPayloadType && payloadType != p.Offered.Audio
}

const (
	defaultPtime  = 20 * time.Millisecond
	shortestPtime = 10 * time.Millisecond
	longestPtime  = 60 * time.Millisecond
)

// Configure applies what an offer and its answer settled, at the start or after a re-INVITE. What plays goes on, in the new
// codec and ptime from the same position; digits that are being sent, and an echo, keep their ptime. An echo ends, as PlayFailed, when
// the sample rate changes. While Send is false nothing is
// sent and playbacks run on unheard.
func (s *Session) Configure(p Params) {
	p.Remote, p.RemoteRTCP = destination(p.Remote), destination(p.RemoteRTCP)
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
	case playing != nil && playing.echo != nil && s.playback == playing:
		if len(playing.echo.pcm) != p.Codec.FrameSamples(playing.ptime) { // what was heard has another sample rate
			s.finish(playing, PlayFailed)
		}
		s.sender.reserve(p.Codec.FrameSize(playing.ptime))
	case clip != nil && s.playback == playing:
		playing.recode(clip)
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
	if !s.configured {
		s.configured = true
		s.nextReport = now.add(reportDelay(true))
	}
	if p.expectsSound() != s.params.expectsSound() {
		s.heard, s.silent = now, false
	}
	if p.Crypto != s.params.Crypto {
		s.secure = newSecure(p.Crypto, s.secure)
	}
	if s.params.sends() && !p.sends() && s.recallable() {
		s.recall()
	}
	s.params = p
	s.leaveKeys()
	s.leaveTones()
	if p.Remote.IsValid() {
		s.latch.announce(p.Remote)
	}
	s.redirect()
	change := now
	if s.sender.talking {
		change = max(now, s.deadline.add(s.ahead)) // when the next packet is due
	}
	s.sender.setClock(change, int64(p.Codec.ClockRate()))
	s.receiver.clockRate = int64(p.Codec.ClockRate())
}

// sends tells whether RTP leaves.
func (p *Params) sends() bool { return p.Send && p.Remote.IsValid() }

// destination is where packets for a may go: to an unspecified address, which the kernel takes for this host, none do.
func destination(a netip.AddrPort) netip.AddrPort {
	if ip := a.Addr().Unmap(); ip.IsValid() && !ip.IsUnspecified() {
		return netip.AddrPortFrom(ip, a.Port())
	}
	return netip.AddrPort{}
}
