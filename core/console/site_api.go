package console

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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
