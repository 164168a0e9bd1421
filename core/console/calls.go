package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"offhook/core/journal"
)

// CallControl is what operators can see of calls and do to them.
type CallControl struct {
	Journal *journal.Store
	Hangup  func(id string) bool                                   // ends a call; false: it is not in progress
	Trace   func(rtp journal.Capturing, id, to string) (calls int) // see core.Server.Trace
}

// addTo serves the calls: GET /calls and /calls/ID, POST /calls/ID/hangup, GET /calls/ID/pcap, POST /trace and GET /watch, which tells of each change
// of a call as a line of JSON until the client leaves.
func (c CallControl) addTo(mux *http.ServeMux, ending <-chan struct{}) {
	mux.HandleFunc("GET /calls", c.list)
	mux.HandleFunc("GET /calls/{id}", c.show)
	mux.HandleFunc("POST /calls/{id}/hangup", c.hangup)
	mux.HandleFunc("GET /calls/{id}/pcap", c.pcap)
	mux.HandleFunc("POST /trace", c.trace)
	mux.HandleFunc("GET /watch", func(w http.ResponseWriter, r *http.Request) { c.watch(w, r, ending) })
}

// kept refuses what needs a journal when there is none.
func (c CallControl) kept(w http.ResponseWriter) bool {
	if c.Journal == nil {
		http.Error(w, "this server keeps nothing of its calls: set journal.recent_calls", http.StatusNotFound)
	}
	return c.Journal != nil
}

// filterOf reads the query of a list.
func filterOf(r *http.Request) journal.Filter {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit")) // 0, or what is none: all
	return journal.Filter{State: q.Get("state"), Script: q.Get("script"), Text: q.Get("text"), Limit: max(0, limit)}
}

func (c CallControl) list(w http.ResponseWriter, r *http.Request) {
	if !c.kept(w) {
		return
	}
	calls := c.Journal.List(filterOf(r))
	if calls == nil {
		calls = []journal.Call{} // not null
	}
	writeJSON(w, http.StatusOK, calls)
}

func (c CallControl) show(w http.ResponseWriter, r *http.Request) {
	if !c.kept(w) {
		return
	}
	record, ok := c.Journal.Get(r.PathValue("id"))
	if !ok {
		noCall(w, r)
		return
	}
	writeJSON(w, http.StatusOK, record)
}

func noCall(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "no call "+strconv.Quote(r.PathValue("id"))+" is known: 'offhook calls list' names those that are", http.StatusNotFound)
}

func (c CallControl) hangup(w http.ResponseWriter, r *http.Request) {
	if !c.Hangup(r.PathValue("id")) {
		http.Error(w, "no call "+strconv.Quote(r.PathValue("id"))+" is in progress", http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, map[string]bool{"hung_up": true})
}

// pcap writes the messages of a call and what was captured of its RTP.
func (c CallControl) pcap(w http.ResponseWriter, r *http.Request) {
	if !c.kept(w) {
		return
	}
	id := r.PathValue("id")
	if _, known := c.Journal.Call(id); !known {
		noCall(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote("call-"+id+".pcap"))
	_, _ = c.Journal.WritePcap(w, id) // the client left
}

// Traced is the answer to POST /trace.
type Traced struct {
	RTP   string `json:"rtp"`
	Calls int    `json:"calls"` // in progress that it means
}

func (c CallControl) trace(w http.ResponseWriter, r *http.Request) {
	if !c.kept(w) {
		return
	}
	q := r.URL.Query()
	rtp, err := journal.ParseCapturing(q.Get("rtp"))
	if err != nil {
		http.Error(w, "rtp: "+err.Error(), http.StatusBadRequest)
		return
	}
	calls := c.Trace(rtp, q.Get("call"), q.Get("to"))
	if calls == 0 && q.Get("call") != "" {
		http.Error(w, "no call "+strconv.Quote(q.Get("call"))+" is in progress", http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, Traced{q.Get("rtp"), calls})
}

// watch writes a call whenever it changes. Changes that come faster than the client reads are one.
func (c CallControl) watch(w http.ResponseWriter, r *http.Request, ending <-chan struct{}) {
	if !c.kept(w) {
		return
	}
	changes := c.Journal.Subscribe()
	defer changes.Close()
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	lines := json.NewEncoder(w)
	for {
		_ = stream.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if stream.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ending:
			return
		case <-changes.C:
		}
		for _, id := range changes.Take() {
			if call, ok := c.Journal.Call(id); ok && lines.Encode(call) != nil {
				return
			}
		}
	}
}
