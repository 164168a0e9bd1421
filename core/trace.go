package core

import (
	"offhook/core/journal"
	"offhook/media"
)

// TraceOptions say what is kept of RTP, and of which calls.
type TraceOptions struct {
	RTP journal.Capturing
	ID  string // of one call in progress; empty: of all to To, those to come included
	To  string // user part of the Request-URI; empty: any
}

// Trace changes what is kept of the RTP of calls, for journal.Store.WritePcap, and returns how many calls in progress that
// means.
func (s *Server) Trace(o TraceOptions) (calls int) {
	if s.o.Journal == nil {
		return 0
	}
	if o.ID == "" {
		s.o.Journal.SetCapturing(o.RTP, o.To)
	}
	s.mu.Lock()
	var meant []*Call
	for _, c := range s.dialogs {
		if o.ID == c.id || o.ID == "" && (o.To == "" || o.To == c.request.Recipient.User) {
			meant = append(meant, c)
		}
	}
	s.mu.Unlock()
	for _, c := range meant {
		c.shard.Lock()
		c.keepRTP(o.RTP)
		c.shard.Unlock()
	}
	return len(meant)
}

// keepRTP has the journal keep packets from now on, or no more. Before there is a session it is as SetCapturing says. The
// shard is locked.
func (c *Call) keepRTP(what journal.Capturing) {
	if c.session == nil || c.state == Ended || c.journal == nil {
		return
	}
	if what == journal.CaptureOff {
		c.session.Tap(nil)
		return
	}
	capture := c.journal.Capture(c.session.Addr())
	capture.Keep(what)
	c.session.Tap(func(p media.Tapped) { capture.Packet(p.At, p.Sent, p.Remote, p.Packet) })
}
