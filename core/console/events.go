package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	mostTopics  = 8
	heartbeat   = 15 * time.Second
	writeWithin = 10 * time.Second // one event; a browser that takes longer is cut off
)

// events streams what happens as server-sent events: GET /api/v1/events?topics=calls,series,log,scripts,call:ID
func (s *Site) events(w http.ResponseWriter, r *http.Request) {
	topics := strings.Split(r.URL.Query().Get("topics"), ",")
	if len(topics) > mostTopics || slices.ContainsFunc(topics, func(t string) bool { return !isTopic(t) }) {
		refuse(w, http.StatusBadRequest, "topics are calls, series, log, scripts and call:ID, with commas between them")
		return
	}
	l, missed, stale, ok := s.hub.listen(topics, r.Header.Get("Last-Event-ID"))
	if !ok {
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, "too many browsers listen")
		return
	}
	defer s.hub.leave(l)
	if wantsCalls(l.topics) {
		s.watch()
	}
	stream := &stream{w, http.NewResponseController(w)}
	_ = stream.control.SetReadDeadline(time.Time{}) // the one of requests would end it; a writer without one is a test's
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in between
	w.WriteHeader(http.StatusOK)
	first := "retry: 2000\n\n"
	if stale {
		first += "event: reset\ndata: {}\n\n" // what was missed is gone: load everything again
	}
	if stream.write(first) != nil {
		return
	}
	for _, e := range missed {
		if stream.write(s.written(e)) != nil {
			return
		}
	}
	s.follow(r, stream, l)
}

// follow writes events until the browser leaves or is cut off.
func (s *Site) follow(r *http.Request, to *stream, l *listener) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		text := ": still here\n\n"
		select {
		case <-r.Context().Done():
			return
		case e, more := <-l.events:
			if !more {
				return
			}
			text = s.written(e)
		case <-beat.C:
			if s.who(r).role < Reader {
				return // the session has ended
			}
		}
		if to.write(text) != nil {
			return
		}
	}
}

func isTopic(t string) bool {
	return slices.Contains([]string{"calls", "series", "log", "scripts"}, t) || strings.HasPrefix(t, "call:") && len(t) < 80
}

func (s *Site) written(e event) string {
	name, _, _ := strings.Cut(e.topic, ":")
	return fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", s.hub.id(e), name, e.data)
}

// stream is an answer that is written piece by piece.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s *stream) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
