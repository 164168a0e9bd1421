package console

import (
	"net/http"
	"time"
)

// Health is the body of GET /health.
type Health struct {
	Status        string `json:"status"` // "healthy" or "draining"
	UptimeSeconds int64  `json:"uptime_seconds"`
	ActiveCalls   int64  `json:"active_calls"`
	TotalCalls    int64  `json:"total_calls"`
	AnsweredCalls int64  `json:"answered_calls"`
	FailedCalls   int64  `json:"failed_calls"`
	Generation    int64  `json:"generation"`

	Trunks []Trunk `json:"trunks,omitempty"`
}

// Trunk is one of the configured trunks.
type Trunk struct {
	Name              string        `json:"name"`
	Maintenance       bool          `json:"maintenance,omitempty"`
	ActiveCalls       int64         `json:"active_calls"`
	TotalCalls        int64         `json:"total_calls"`
	RefusedCalls      int64         `json:"refused_calls"` // because of a limit, maintenance or wrong credentials
	UnauthorizedCalls int64         `json:"unauthorized_calls"`
	Registration      *Registration `json:"registration,omitempty"` // when it registers somewhere
}

// Registration is where the registration of a trunk stands.
type Registration struct {
	State            string `json:"state"` // "trying", "registered", "failed" or "unregistered"
	Registrar        string `json:"registrar"`
	ExpiresInSeconds int64  `json:"expires_in_seconds,omitempty"`
	Failure          string `json:"failure,omitempty"` // of the last attempt
}

// Calls are the figures of the server at one moment.
type Calls struct {
	Active, Total, Answered, Failed int64

	Generation int64 // of the scripts
	Draining   bool
}

// health answers 200 while the server takes calls and 503 while it drains, so
// that a load balancer or a probe needs to look at the status only.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	c := s.calls()
	h := Health{
		Status: "healthy", UptimeSeconds: int64(time.Since(s.started).Seconds()),
		ActiveCalls: c.Active, TotalCalls: c.Total, AnsweredCalls: c.Answered, FailedCalls: c.Failed,
		Generation: c.Generation,
	}
	if s.trunks != nil {
		h.Trunks = s.trunks()
	}
	code := http.StatusOK
	if c.Draining {
		h.Status, code = "draining", http.StatusServiceUnavailable
	}
	writeJSON(w, code, h)
}
