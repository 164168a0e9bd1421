package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"
)

// ControlOptions says what operators on this machine can do, and where.
type ControlOptions struct {
	Path    string // of the Unix socket
	Scripts Scripts
	Service Service
	Bans    Bans
	Calls   CallControl
	Log     *slog.Logger // nil: slog.Default
}

// Scripts is what can be done to the scripts. The functions are called from the goroutines of requests, whose context
// ends with the client.
type Scripts struct {
	Reload      func(ctx context.Context) Change
	Rollback    func(ctx context.Context, generation uint64) Change
	Generations func() []Generation                             // the latest first
	Files       func(generation uint64) (files []File, ok bool) // 0: of what was refused last
}

// File is one file of a generation.
type File struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Change is what came of a reload or a rollback.
type Change struct {
	Generation uint64    `json:"generation"` // the one that is current now
	Changed    bool      `json:"changed"`    // it was not before
	Hash       string    `json:"hash,omitempty"`
	Files      []string  `json:"files,omitempty"`
	Error      string    `json:"error,omitempty"` // why nothing was changed
	Findings   []Finding `json:"findings,omitempty"`
}

// Generation is one attempt to change the scripts.
type Generation struct {
	Number   uint64    `json:"generation,omitempty"` // 0: refused
	Current  bool      `json:"current,omitempty"`
	Time     time.Time `json:"time"`
	Outcome  string    `json:"outcome"`                 // "loaded", "refused" or "rolled back"
	Of       uint64    `json:"rollback_of,omitempty"`   // the generation whose files it has
	Hash     string    `json:"hash,omitempty"`          // of names and contents
	Origin   string    `json:"origin,omitempty"`        // the folder, or "embedded"
	Added    []string  `json:"files_added,omitempty"`   // against the one before
	Changed  []string  `json:"files_changed,omitempty"` // likewise
	Removed  []string  `json:"files_removed,omitempty"` // likewise
	Error    string    `json:"error,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is one thing wrong with a script.
type Finding struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// ListenControl serves POST /reload, POST /rollback/N, GET /generations, the calls, and what Service and Bans have, as JSON on a
// Unix socket that only its user can open. The socket of a server that is gone is replaced.
func ListenControl(o ControlOptions) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l, err := listenUnix(o.Path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) { answer(w, o.Scripts.Reload(r.Context())) })
	mux.HandleFunc("POST /rollback/{generation}", func(w http.ResponseWriter, r *http.Request) {
		generation, err := strconv.ParseUint(r.PathValue("generation"), 10, 64)
		if err != nil {
			http.Error(w, "the generation is a number", http.StatusBadRequest)
			return
		}
		answer(w, o.Scripts.Rollback(r.Context(), generation))
	})
	mux.HandleFunc("GET /generations", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, o.Scripts.Generations())
	})
	o.Service.handle(mux)
	o.Bans.handle(mux)
	s := &Server{addr: l.Addr(), ending: make(chan struct{})}
	o.Calls.addTo(mux, s.ending)
	s.serve(l, mux, 10*time.Minute, o.Log, "control socket") // the scripts' own tests take their time
	return s, nil
}

func answer(w http.ResponseWriter, c Change) {
	status := http.StatusOK
	if c.Error != "" {
		status = http.StatusConflict
	}
	writeJSON(w, status, c)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the peer left: nobody to tell
}

// ErrSocketTaken says that another server listens on the socket.
var ErrSocketTaken = errors.New("another server listens on it")

// maxSocketPath is what fits into sockaddr_un on all systems.
const maxSocketPath = 103

// listenUnix listens on a socket that nobody else can open.
func listenUnix(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d that the path of a socket may have", path, len(path), maxSocketPath)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != fs.ModeSocket {
			return nil, fmt.Errorf("%s is there and is not a socket", path)
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("%s: %w", path, ErrSocketTaken)
		} else if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, err
		}
		if err := os.Remove(path); err != nil { // its server is gone
			return nil, err
		}
	}
	before := syscall.Umask(0o177) // of the process; files that others make at this moment are theirs alone, too
	defer syscall.Umask(before)
	return net.Listen("unix", path)
}
