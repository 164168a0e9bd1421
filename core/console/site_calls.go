package console

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"offhook/core/journal"
)

// callList is the body of GET /api/v1/calls?state=live&script=menu&q=100&limit=50
type callList struct {
	Calls []journal.Call `json:"calls"` // the newest first
	More  bool           `json:"more"`  // there are more than limit
}

func (s *Site) calls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, ok := limitOf(w, r, mostListed)
	if !ok {
		return
	}
	if state := q.Get("state"); !slices.Contains([]string{"", "live", "incoming", "early", "answered", "ended"}, state) {
		refuse(w, http.StatusBadRequest, "state is live, incoming, early, answered or ended")
		return
	}
	list := s.o.Journal.List(journal.Filter{State: q.Get("state"), Script: q.Get("script"), Text: q.Get("q"), Limit: limit + 1})
	body := callList{Calls: list, More: len(list) > limit}
	if body.More {
		body.Calls = list[:limit]
	}
	if body.Calls == nil {
		body.Calls = []journal.Call{}
	}
	writeJSON(w, http.StatusOK, body)
}

// found is the record of the call that a request names.
func (s *Site) found(w http.ResponseWriter, r *http.Request) (journal.Record, bool) {
	record, ok := s.o.Journal.Get(r.PathValue("id"))
	if !ok {
		refuse(w, http.StatusNotFound, "no call has this ID: it was never here, or so long ago that it is forgotten")
	}
	return record, ok
}

func (s *Site) call(w http.ResponseWriter, r *http.Request) {
	if record, ok := s.found(w, r); ok {
		writeJSON(w, http.StatusOK, record)
	}
}

func (s *Site) hangup(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !s.o.Hangup(id) {
		s.audit(r, "hangup", id, "not in progress")
		refuse(w, http.StatusNotFound, "no such call is in progress")
		return
	}
	s.audit(r, "hangup", id, "ok")
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

// capture sends the messages of a call and what was captured of its RTP as a pcap file.
func (s *Site) capture(w http.ResponseWriter, r *http.Request) {
	record, ok := s.found(w, r)
	if !ok {
		return
	}
	s.audit(r, "download", record.Call.ID+" pcap", "ok")
	h := w.Header()
	h.Set("Content-Type", "application/vnd.tcpdump.pcap")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="call-%s.pcap"`, plain(record.Call.ID)))
	h.Set("Cache-Control", "no-store")
	_, _ = s.o.Journal.WritePcap(w, record.Call.ID) // the browser left: nobody to tell
}

// recording sends the file of one of the call's recordings, which are numbered from 0.
func (s *Site) recording(w http.ResponseWriter, r *http.Request) {
	record, ok := s.found(w, r)
	if !ok {
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 0 || number >= len(record.Call.Recordings) || s.o.Recordings == nil {
		refuse(w, http.StatusNotFound, "the call has no such recording")
		return
	}
	name := record.Call.Recordings[number]
	f, err := s.o.Recordings.Open(name)
	if err != nil {
		refuse(w, http.StatusNotFound, "the recording is gone")
		return
	}
	defer f.Close()
	content, seeks := f.(io.ReadSeeker)
	info, err := f.Stat()
	if err != nil || !seeks || !info.Mode().IsRegular() {
		refuse(w, http.StatusNotFound, "the recording is no file")
		return
	}
	s.audit(r, "download", record.Call.ID+" "+name, "ok")
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"`, plain(path.Base(name))))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", info.ModTime(), content)
}

// plain is a name that can stand in quotes in a header field.
func plain(name string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || strings.ContainsRune(`"\/;`, c) {
			return '_'
		}
		return c
	}, name)
}
