package console

import (
	"net/http"
	"time"
)

// Service is what operators can do to the server as a whole. The functions are called from the goroutines of requests.
type Service struct {
	Status func() Status
	Drain  func(on bool) // take no new calls, or take them again
	Log    Log
}

// Log is what can be done to the log. The errors are about what was asked for.
type Log struct {
	State     func() LogState
	SetLevel  func(level string) error
	DebugCall func(id string) error
	DebugTo   func(pattern string) error
	DebugNone func()
}

// LogState says which lines are logged.
type LogState struct {
	Level string   `json:"level"`
	Calls []string `json:"calls"` // IDs of calls of which all lines are
	To    []string `json:"to"`    // patterns: new calls to these become such
}

// Status is the server at one moment.
type Status struct {
	Version    string    `json:"version"`
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	Time       time.Time `json:"time"`
	Draining   bool      `json:"draining"`
	Generation int64     `json:"generation"`
	SIP        []string  `json:"sip"` // "udp 0.0.0.0:5060"

	ActiveCalls   int64 `json:"active_calls"`
	MaxCalls      int   `json:"max_calls"`
	TotalCalls    int64 `json:"total_calls"`
	AnsweredCalls int64 `json:"answered_calls"`
	FailedCalls   int64 `json:"failed_calls"`

	Ports    Ports    `json:"rtp_ports"`
	Lateness []Bucket `json:"pacing_lateness"`
	CPU      float64  `json:"cpu_seconds"` // of the process, so far
	Memory   uint64   `json:"memory_bytes"`
	Log      LogState `json:"log"`
}

// Ports counts pairs of RTP and RTCP ports.
type Ports struct {
	InUse      int `json:"in_use"`
	Quarantine int `json:"quarantine"`
	Free       int `json:"free"`
}

// Bucket counts the RTP frames sent up to so late, and later than the bucket before says. The last one has no bound: 0.
type Bucket struct {
	UpTo  time.Duration `json:"up_to_ns,omitempty"`
	Count uint64        `json:"count"`
}

// handle adds GET /status, POST /drain, POST /undrain, GET /log and POST /log?level=…, ?call=…, ?to=… and ?off.
func (s Service) handle(mux *http.ServeMux) {
	if s.Status == nil {
		return
	}
	status := func(w http.ResponseWriter) { writeJSON(w, http.StatusOK, s.Status()) }
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { status(w) })
	mux.HandleFunc("POST /drain", func(w http.ResponseWriter, _ *http.Request) { s.Drain(true); status(w) })
	mux.HandleFunc("POST /undrain", func(w http.ResponseWriter, _ *http.Request) { s.Drain(false); status(w) })
	mux.HandleFunc("GET /log", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Log.State()) })
	mux.HandleFunc("POST /log", func(w http.ResponseWriter, r *http.Request) {
		if err := s.Log.change(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(w, http.StatusOK, s.Log.State())
	})
}

func (l Log) change(r *http.Request) error {
	q := r.URL.Query()
	switch {
	case q.Has("level"):
		return l.SetLevel(q.Get("level"))
	case q.Has("call"):
		return l.DebugCall(q.Get("call"))
	case q.Has("to"):
		return l.DebugTo(q.Get("to"))
	}
	l.DebugNone()
	return nil
}
