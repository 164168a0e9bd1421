package core

import (
	"github.com/emiago/sipgo/sip"

	"offhook/core/transaction"
)

// options answers OPTIONS as an INVITE would be at this moment (RFC 3261
// §11.2): 503 while we take no calls, which tells a proxy to send them elsewhere.
func (s *Server) options(tx *transaction.Server, req *sip.Request) {
	if seconds := s.full(); seconds > 0 {
		s.refuse(tx, req, retryLater(spread(seconds)))
		return
	}
	tagged(tx, req)
	res := s.response(req, 200, "", nil)
	res.AppendHeader(sip.NewHeader("Allow", allowedMethods))
	res.AppendHeader(sip.NewHeader("Accept", acceptedBodies))
	res.AppendHeader(sip.NewHeader("Accept-Encoding", "identity"))
	res.AppendHeader(sip.NewHeader("Accept-Language", "en"))
	res.AppendHeader(sip.NewHeader("Supported", supportedTags))
	if err := tx.Respond(res); err != nil {
		s.log.Debug("200 to OPTIONS not sent", "error", err)
	}
}

// full says for how many seconds at least no call will be taken, as far as that is known;
// 0 when one would be.
func (s *Server) full() (retryAfter int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return 30
	case s.stats.active.Load() >= int64(s.o.MaxCalls):
		return 5
	}
	return 0
}
