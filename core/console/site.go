package console

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"

	"offhook/core/journal"
)

// SiteOptions say what the web console shows and what can be done in it. Its functions are called from the goroutines
// of requests, Figures also from the console's own.
type SiteOptions struct {
	Access     Access
	Journal    *journal.Store // nil: no calls are shown
	Scripts    Scripts
	Figures    func() Figures
	Hangup     func(id string) bool // ends a call; false: it is not in progress
	Recordings fs.FS                // what Call.Recordings name; nil: none can be had
	Tail       *Tail                // of the log; nil: an empty one
	Audit      *slog.Logger         // gets all actions, as Log does; nil: nobody else
	Version    string
	Log        *slog.Logger // nil: slog.Default
}

// Site is the web console: its pages, its JSON and its streams of events. One goroutine of its own looks each half
// second for what has changed, as long as the site is not closed.
type Site struct {
	o        SiteOptions
	log      *slog.Logger
	sessions sessions
	attempts attempts
	origins  *http.CrossOriginProtection
	hub      *hub
	series   series
	handler  http.Handler
	stop     context.CancelFunc
	pumping  sync.WaitGroup

	watching sync.Mutex
	changes  *journal.Subscription // of calls; nil while nobody wants to know
}

// NewSite makes a console, which is served by its ServeHTTP.
func NewSite(o SiteOptions) *Site {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Journal == nil {
		o.Journal = journal.NewStore(journal.Options{}) // an empty one
	}
	if o.Tail == nil {
		o.Tail = NewTail(slog.LevelInfo)
	}
	s := &Site{o: o, log: o.Log, origins: http.NewCrossOriginProtection(), hub: newHub()}
	s.handler = s.guard(s.routes())
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.pumping.Go(func() { s.pump(ctx) }) // ends with ctx, by Close
	return s
}

// ServeHTTP answers a request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the streams and the goroutine of the site.
func (s *Site) Close() {
	s.stop()
	s.pumping.Wait()
	s.hub.close()
}

func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	for _, page := range []string{"/{$}", "/calls/{id}", "/scripts", "/scripts/{generation}", "/charts", "/log", "/login"} {
		mux.HandleFunc("GET "+page, servePage)
	}
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/assets/icon.svg", http.StatusFound)
	})
	mux.HandleFunc("GET /api/v1/me", s.me)
	mux.HandleFunc("POST /api/v1/login", s.sameOrigin(s.login))
	mux.HandleFunc("POST /api/v1/logout", s.sameOrigin(s.logout))
	for path, handle := range map[string]http.HandlerFunc{
		"calls": s.calls, "calls/{id}": s.call, "calls/{id}/pcap": s.capture, "calls/{id}/recordings/{number}": s.recording,
		"scripts": s.scripts, "generations": s.generations, "generations/{number}/files": s.files, "generations/{number}/diff": s.diff,
		"series": s.charts, "log": s.lines, "events": s.events,
	} {
		mux.HandleFunc("GET /api/v1/"+path, s.reading(handle))
	}
	mux.HandleFunc("POST /api/v1/calls/{id}/hangup", s.acting(s.hangup))
	mux.HandleFunc("POST /api/v1/scripts/reload", s.acting(s.reload))
	mux.HandleFunc("POST /api/v1/scripts/rollback/{number}", s.acting(s.rollback))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is nothing here: see /api/v1/calls")
	})
	return mux
}
