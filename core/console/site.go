package console

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

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

const (
	pumpEvery   = 500 * time.Millisecond
	mostChanges = 200 // calls in one event: with more, browsers load the list again
	mostNews    = 200 // lines of the log in one event
)

// pump tells browsers what has changed. It gathers, so that a busy server does not drown them.
func (s *Site) pump(ctx context.Context) {
	ticker := time.NewTicker(pumpEvery)
	defer ticker.Stop()
	n := &news{site: s}
	defer s.unwatch(true)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			n.look(now, s.hub.wanted())
		}
	}
}

// news is what was told so far. It belongs to the pump.
type news struct {
	site       *Site
	sampled    time.Time
	line       uint64
	generation Generation
}

func (n *news) look(now time.Time, wanted map[string]bool) {
	n.sample(now)
	n.lines(wanted["log"])
	n.scripts(wanted["scripts"])
	if changes := n.site.watched(); changes != nil {
		n.calls(changes.Take(), wanted)
	}
	n.site.unwatch(false)
}

// watch begins to notice changes of calls, for a browser that has just begun to listen: what changes from now on is told.
func (s *Site) watch() {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.changes == nil {
		s.changes = s.o.Journal.Subscribe()
	}
}

func (s *Site) watched() *journal.Subscription {
	s.watching.Lock()
	defer s.watching.Unlock()
	return s.changes
}

// unwatch ends that when nobody wants to know any more, or at once.
func (s *Site) unwatch(now bool) {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.changes == nil || !now && wantsCalls(s.hub.wanted()) {
		return
	}
	s.changes.Close()
	s.changes = nil
}

func wantsCalls(topics map[string]bool) bool {
	for topic := range topics {
		if topic == "calls" || strings.HasPrefix(topic, "call:") {
			return true
		}
	}
	return false
}

func (n *news) sample(now time.Time) {
	if now.Sub(n.sampled) < pointEvery-pumpEvery/2 {
		return
	}
	n.sampled = now
	if p, ok := n.site.series.add(now, n.site.o.Figures()); ok {
		n.tell("series", p)
	}
}

func (n *news) lines(wanted bool) {
	if !wanted {
		_, n.line = n.site.o.Tail.After(n.line, 0, func(Line) bool { return false })
		return
	}
	lines, last := n.site.o.Tail.After(n.line, mostNews, nil)
	n.line = last
	if len(lines) > 0 {
		n.tell("log", lines)
	}
}

// scripts tells when the latest generation or refusal is another one.
func (n *news) scripts(wanted bool) {
	all := n.site.o.Scripts.Generations()
	if len(all) == 0 || all[0].Number == n.generation.Number && all[0].Time.Equal(n.generation.Time) {
		return
	}
	n.generation = all[0]
	if wanted {
		n.tell("scripts", all[0])
	}
}

func (n *news) calls(ids []string, wanted map[string]bool) {
	if wanted["calls"] && len(ids) > mostChanges {
		n.tell("calls", map[string]bool{"reload": true})
	}
	var changed []journal.Call
	for _, id := range ids {
		if wanted["calls"] && len(ids) <= mostChanges {
			if r, ok := n.site.o.Journal.Get(id); ok {
				changed = append(changed, r.Call)
			}
		}
		if wanted["call:"+id] {
			n.tell("call:"+id, map[string]string{"id": id})
		}
	}
	if len(changed) > 0 {
		n.tell("calls", map[string]any{"changed": changed})
	}
}

func (n *news) tell(topic string, what any) {
	data, err := json.Marshal(what)
	if err != nil {
		n.site.log.Error("console event", "topic", topic, "error", err)
		return
	}
	n.site.hub.publish(topic, data)
}
