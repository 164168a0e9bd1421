package media

import "net/netip"

// This file decides whom a session listens to and where it sends: the address that the far end announced, or the one it
// really sends from.

// fromFarEnd judges an RTP packet by its source.
func (s *Session) fromFarEnd(from netip.AddrPort, h header, now instant) bool {
	if s.options.NoLatch {
		return true
	}
	listen, moved := s.latch.admit(from, h, now)
	if moved {
		s.controlFrom = netip.AddrPort{}
		s.redirect()
	}
	return listen
}

// fromFarEndControl judges an RTCP packet by its source, which is where ours go from then on.
func (s *Session) fromFarEndControl(from netip.AddrPort) bool {
	if s.options.NoLatch {
		return true
	}
	if !s.latch.admitsControl(from) {
		return false
	}
	if s.latch.source.IsValid() && from != s.controlFrom {
		s.controlFrom = from
		s.redirect()
	}
	return true
}

// redirect tells the wire where packets go.
func (s *Session) redirect() { s.wire.direct(s.destinations()) }

// destinations are where RTP and RTCP go. What was learned counts as long as there is an announced address: without one the
// far end wants nothing.
func (s *Session) destinations() (rtp, rtcp netip.AddrPort) {
	rtp, rtcp = s.params.Remote, s.params.RemoteRTCP
	learned := s.latch.source
	if !rtp.IsValid() || s.options.NoLatch {
		learned = netip.AddrPort{}
	}
	if learned.IsValid() && learned != rtp {
		rtp = learned
		if learned.Port() < 65535 {
			rtcp = netip.AddrPortFrom(learned.Addr(), learned.Port()+1)
		}
	}
	switch {
	case s.params.Mux:
		rtcp = rtp
	case learned.IsValid() && s.controlFrom.IsValid() && rtcp.IsValid():
		rtcp = s.controlFrom
	}
	return rtp, rtcp
}

// isControl tells RTCP from RTP on one port (RFC 5761 §4).
func isControl(b []byte) bool {
	return len(b) >= 2*rtcpHeaderLen && b[0]>>6 == rtpVersion && b[1] >= 192 && b[1] <= 223
}

// expectsSound tells whether the far end ought to send: not while it holds the call, or is on hold.
func (p *Params) expectsSound() bool { return p.Receive && p.sends() }
