package console

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options says what to serve and where.
type Options struct {
	Address string         // host:port to listen on; port 0 takes any free one
	Calls   func() Calls   // called for each request, from its goroutine
	Trunks  func() []Trunk // in the same way; nil: there are none
	Metrics http.Handler   // answers GET /metrics; nil: 404
	Log     *slog.Logger   // nil: slog.Default

	Reasons func() []Reason // why /readyz answers 503, none when it answers 200; nil: never any. As Calls
	Site    http.Handler    // answers all the rest; nil: 404
}

// Server serves HTTP until Close.
type Server struct {
	calls   func() Calls
	reasons func() []Reason
	trunks  func() []Trunk
	started time.Time
	addr    net.Addr
	http    http.Server
	serving sync.WaitGroup
	ending  chan struct{} // closed when Close begins: streams end then
}

// Listen starts to serve. The address is taken when it returns.
func Listen(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for health checks: %w", err)
	}
	if o.Reasons == nil {
		o.Reasons = func() []Reason { return nil }
	}
	s := &Server{calls: o.Calls, trunks: o.Trunks, reasons: o.Reasons, started: time.Now(), addr: l.Addr(), ending: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("/health", onlyGet)
	mux.HandleFunc("GET /livez", live)
	mux.HandleFunc("GET /readyz", s.ready)
	if o.Site != nil {
		mux.Handle("/", o.Site)
	}
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	s.serve(l, mux, 10*time.Second, o.Log, "health checks")
	return s, nil
}

// onlyGet answers other methods, which the pages of the site would take else.
func onlyGet(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "only GET", http.StatusMethodNotAllowed)
}

// ListenSite serves a site on an address of its own; config, if not nil, makes it HTTPS.
func ListenSite(address string, site http.Handler, config *tls.Config, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the console: %w", err)
	}
	s := &Server{addr: l.Addr(), ending: make(chan struct{})}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	s.serve(l, site, 10*time.Second, log, "console")
	return s, nil
}

// serve begins to serve what handler answers; name is what the log calls it.
func (s *Server) serve(l net.Listener, handler http.Handler, answerWithin time.Duration, log *slog.Logger, name string) {
	s.http = http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      answerWithin,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.http.RegisterOnShutdown(sync.OnceFunc(func() { close(s.ending) }))
	s.serving.Go(func() { // ends when Close shuts the listener
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error(name+" ended", "error", err)
		}
	})
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends the server: it waits for answers under way until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.serving.Wait()
	return err
}
