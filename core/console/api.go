package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"offhook/core/journal"
)

const (
	mostListed = 5000 // calls in one answer
	mostBody   = 4 << 10
)

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "the body is JSON: "+err.Error())
		return false
	}
	return true
}

// me tells a browser who it is to us and what it can do.
func (s *Site) me(w http.ResponseWriter, r *http.Request) {
	who := whoOf(r)
	_, err := r.Cookie(sessionCookie)
	writeJSON(w, http.StatusOK, map[string]any{
		"role": who.role.String(), "name": who.name, "version": s.o.Version, "session": err == nil && who.role > Nobody,
		"login": s.o.Access.Reader != "" || s.o.Access.Operator != "",
	})
}

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

// limitOf reads ?limit=N, at most and by default most.
func limitOf(w http.ResponseWriter, r *http.Request, most int) (int, bool) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return most, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("limit is a number from 1 to %d", most))
		return 0, false
	}
	return min(n, most), true
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

// currentScripts is the body of GET /api/v1/scripts.
type currentScripts struct {
	Generation uint64   `json:"generation"`
	Hash       string   `json:"hash"`
	Origin     string   `json:"origin"`
	Files      []string `json:"files"`
}

func (s *Site) scripts(w http.ResponseWriter, _ *http.Request) {
	body := currentScripts{Files: []string{}}
	for _, g := range s.o.Scripts.Generations() {
		if !g.Current {
			continue
		}
		body.Generation, body.Hash, body.Origin = g.Number, g.Hash, g.Origin
		files, _ := s.o.Scripts.Files(g.Number)
		for _, f := range files {
			body.Files = append(body.Files, f.Path)
		}
	}
	writeJSON(w, http.StatusOK, body)
}

func (s *Site) generations(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.o.Scripts.Generations())
}

// filesOf are the files of the generation that a request names: its number, or "refused" for what was refused last.
func (s *Site) filesOf(w http.ResponseWriter, name string) ([]File, bool) {
	number, err := strconv.ParseUint(name, 10, 64)
	if name == "refused" {
		number, err = 0, nil
	} else if number == 0 {
		err = strconv.ErrRange
	}
	if err == nil {
		if files, ok := s.o.Scripts.Files(number); ok {
			return files, true
		}
	}
	refuse(w, http.StatusNotFound, fmt.Sprintf("no generation %q is remembered", name))
	return nil, false
}

func (s *Site) files(w http.ResponseWriter, r *http.Request) {
	if files, ok := s.filesOf(w, r.PathValue("number")); ok {
		writeJSON(w, http.StatusOK, files)
	}
}

// FileDiff is what one file has otherwise.
type FileDiff struct {
	Path   string     `json:"path"`
	Change string     `json:"change"` // "added", "changed" or "removed"
	Lines  []DiffLine `json:"lines"`
}

// diff compares a generation with another one: GET /api/v1/generations/4/diff?from=3
func (s *Site) diff(w http.ResponseWriter, r *http.Request) {
	after, ok := s.filesOf(w, r.PathValue("number"))
	if !ok {
		return
	}
	var before []File
	if from := r.URL.Query().Get("from"); from != "" {
		if before, ok = s.filesOf(w, from); !ok {
			return
		}
	}
	writeJSON(w, http.StatusOK, diffFiles(before, after))
}

func diffFiles(before, after []File) []FileDiff {
	old := map[string]string{}
	for _, f := range before {
		old[f.Path] = f.Text
	}
	all := []FileDiff{}
	for _, f := range after {
		text, there := old[f.Path]
		delete(old, f.Path)
		switch {
		case !there:
			all = append(all, FileDiff{f.Path, "added", diff("", f.Text)})
		case text != f.Text:
			all = append(all, FileDiff{f.Path, "changed", diff(text, f.Text)})
		}
	}
	for _, f := range before {
		if text, gone := old[f.Path]; gone {
			all = append(all, FileDiff{f.Path, "removed", diff(text, "")})
		}
	}
	return all
}

// patience is for requests that take long: new scripts have to pass their tests.
func patience(w http.ResponseWriter) {
	control, until := http.NewResponseController(w), time.Now().Add(2*time.Minute)
	_ = errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)) // a writer without them is a test's
}

func (s *Site) reload(w http.ResponseWriter, r *http.Request) {
	patience(w)
	c := s.o.Scripts.Reload(r.Context())
	s.audit(r, "reload", fmt.Sprintf("generation %d", c.Generation), resultOf(c))
	answer(w, c)
}

func (s *Site) rollback(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseUint(r.PathValue("number"), 10, 64)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the generation is a number")
		return
	}
	patience(w)
	c := s.o.Scripts.Rollback(r.Context(), number)
	s.audit(r, "rollback", fmt.Sprintf("to generation %d", number), resultOf(c))
	answer(w, c)
}

func resultOf(c Change) string {
	switch {
	case c.Error != "":
		return c.Error
	case !c.Changed:
		return "nothing has changed"
	}
	return "ok"
}

// charts is GET /api/v1/series: the last ten minutes.
func (s *Site) charts(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"every": pointEvery.Seconds(), "most": mostPoints, "points": s.series.all()})
}

// lines is GET /api/v1/log?level=warn&call=ID&q=text&limit=N
func (s *Site) lines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, ok := limitOf(w, r, mostLines)
	if !ok {
		return
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(q.Get("level"))); err != nil && q.Get("level") != "" {
		refuse(w, http.StatusBadRequest, "level is debug, info, warn or error")
		return
	}
	if q.Get("level") == "" {
		level = slog.LevelDebug
	}
	text := strings.ToLower(q.Get("q"))
	lines, last := s.o.Tail.After(0, limit, func(l Line) bool {
		var own slog.Level
		_ = own.UnmarshalText([]byte(l.Level)) // it was one
		return own >= level && (q.Get("call") == "" || l.Call == q.Get("call")) && l.has(text)
	})
	if lines == nil {
		lines = []Line{}
	}
	writeJSON(w, http.StatusOK, map[string]any{"lines": lines, "last": last, "now": time.Now()})
}

// has tells whether a text in lower case is part of a line.
func (l *Line) has(text string) bool {
	return strings.Contains(strings.ToLower(l.Message), text) || slices.ContainsFunc(l.Fields, func(f []string) bool {
		return strings.Contains(strings.ToLower(strings.Join(f, "=")), text)
	})
}
