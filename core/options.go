package core

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// options answers OPTIONS as an INVITE would be at this moment (RFC 3261
// §11.2): 503 while we take no calls, which tells a proxy to send them elsewhere.
func (s *Server) options(tx *transaction.Server, req *sip.Request) {
	if r := s.full(); r != nil {
		s.refuse(tx, req, r)
		return
	}
	res := s.response(req, 200, "")
	res.AppendHeader(allow)
	res.AppendHeader(sip.NewHeader("Accept", acceptedBodies))
	res.AppendHeader(sip.NewHeader("Accept-Encoding", "identity"))
	res.AppendHeader(sip.NewHeader("Accept-Language", "en"))
	res.AppendHeader(supported)
	if err := tx.Respond(res); err != nil {
		s.log.Debug("200 to OPTIONS not sent", "error", err)
	}
}

// full says why a call would not be taken now; nil when it would.
func (s *Server) full() *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining || s.paused:
		return retryLater(30)
	case s.stats.active.Load() >= int64(s.o.MaxCalls):
		return retryLater(5)
	}
	return nil
}
