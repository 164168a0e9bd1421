package core

import (
	"sync/atomic"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// options answers OPTIONS as an INVITE would be at this moment (RFC 3261
// §11.2): 503 while we take no calls, which tells a proxy to send them elsewhere.
func (s *Server) options(tx *transaction.Server, req *sip.Request) {
	if seconds, _ := s.full(); seconds > 0 {
		s.refuse(tx, req, retryLater(spread(seconds)))
		return
	}
	tagged(tx, req)
	res := s.response(req, 200, "")
	res.AppendHeader(s.allow())
	res.AppendHeader(sip.NewHeader("Accept", acceptedBodies))
	res.AppendHeader(sip.NewHeader("Accept-Encoding", "identity"))
	res.AppendHeader(sip.NewHeader("Accept-Language", "en"))
	res.AppendHeader(supported)
	if err := tx.Respond(res); err != nil {
		s.log.Debug("200 to OPTIONS not sent", "sip_call_id", req.CallID().Value(), "error", err)
	}
}

// full says for how many seconds at least no call will be taken, as far as that is known,
// and where such refusals are counted; 0 when one would be taken.
func (s *Server) full() (retryAfter int, count *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fullNow()
}

// fullNow is full with s.mu held.
func (s *Server) fullNow() (retryAfter int, count *atomic.Int64) {
	switch {
	case s.draining || s.paused:
		return 30, &s.stats.draining
	case s.stats.active.Load() >= int64(s.o.MaxCalls):
		return 5, &s.stats.full
	}
	return 0, nil
}
