package console

import "net/http"

// Reason is why a server should get no calls now.
type Reason struct {
	Name   string `json:"reason"` // "draining", "full", "scripts", "ports"
	Detail string `json:"detail"`
}

// Readiness is the body of GET /readyz.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []Reason `json:"reasons"`
}

// live answers GET /livez as long as the process answers at all.
func live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// ready answers GET /readyz: 200 when a new call would be served as it should, else 503 and why not.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	reasons := s.reasons()
	if len(reasons) == 0 {
		writeJSON(w, http.StatusOK, Readiness{Ready: true, Reasons: []Reason{}})
		return
	}
	writeJSON(w, http.StatusServiceUnavailable, Readiness{Reasons: reasons})
}
