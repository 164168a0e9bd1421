package media

import (
	"math/rand/v2"
	"net/netip"
)

// echoWindow is how far back a packet with our SSRC may lie to be one of ours that the far end sends back.
const echoWindow = 3000

// collisionPause is how long an address counts as one that conflicts: ten report intervals (RFC 3550 §8.2).
const collisionPause = 10 * reportInterval

// collision is the latest address that sent with our SSRC.
type collision struct {
	from  netip.AddrPort
	until instant
}

// resolveCollision gives the session another SSRC when the far end uses ours (RFC 3550 §8.2). It returns false for a packet
// that is to be ignored: of an address that conflicts again and again.
//
// The RFC also wants our own packets ignored when they come back. A far end that echoes them octet by octet is a common
// way to test a path, so they are listened to, and known by sequence numbers that we just used.
func (s *Session) resolveCollision(from netip.AddrPort, h header, now instant, w *work) bool {
	if h.ssrc != s.sender.ssrc || s.sender.sequence-1-h.sequence < echoWindow && s.sender.sent.Packets > 0 {
		return true
	}
	if s.collision.from == from && now < s.collision.until {
		s.collision.until = now.add(collisionPause)
		return false
	}
	s.collision = collision{from, now.add(collisionPause)}
	if s.sender.sent.Packets > 0 || s.reporter.reports > 0 {
		s.sendReport(now, w, true)
	}
	s.sender.setSSRC(rand.Uint32())
	return true
}
