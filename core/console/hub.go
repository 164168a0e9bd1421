package console

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	mostListeners  = 64  // browsers with an open stream
	queuedEvents   = 64  // of one browser; it is cut off when it does not keep up
	rememberEvents = 512 // that a browser can ask for again
)

// event is something that happened, as browsers are told of it.
type event struct {
	number uint64
	topic  string // "series", "calls", "log", "scripts", "call ID"
	data   []byte // JSON on one line
}

// hub hands events to all who listen. One that is too slow is cut off and comes back with the number of the last event
// it got: what it missed is repeated, or, when that is gone, it is told to start afresh.
type hub struct {
	epoch string // of this process: numbers of another one mean nothing

	mu        sync.Mutex
	last      uint64
	past      []event // the last ones, oldest first
	listeners map[*listener]struct{}
	closed    bool
}

// listener is one open stream.
type listener struct {
	topics map[string]bool
	events chan event // closed when it is cut off
}

func newHub() *hub {
	return &hub{epoch: strconv.FormatInt(time.Now().UnixNano(), 36), listeners: map[*listener]struct{}{}}
}

// listen opens a stream of topics. lastID is that of the last event the browser got; empty: none. stale tells that it
// missed some which are gone. ok is false when there are too many.
func (h *hub) listen(topics []string, lastID string) (l *listener, missed []event, stale, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.listeners) >= mostListeners {
		return nil, nil, false, false
	}
	l = &listener{map[string]bool{}, make(chan event, queuedEvents)}
	for _, t := range topics {
		l.topics[t] = true
	}
	h.listeners[l] = struct{}{}
	if lastID == "" {
		return l, nil, false, true
	}
	missed, stale = h.since(lastID, l.topics)
	return l, missed, stale, true
}

// since finds the events after one; stale: some of them are gone.
func (h *hub) since(id string, topics map[string]bool) (missed []event, stale bool) {
	epoch, text, _ := strings.Cut(id, "-")
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || epoch != h.epoch || number > h.last {
		return nil, true
	}
	if len(h.past) > 0 && number+1 < h.past[0].number {
		return nil, true
	}
	for _, e := range h.past {
		if e.number > number && topics[e.topic] {
			missed = append(missed, e)
		}
	}
	return missed, false
}

func (h *hub) id(e event) string { return fmt.Sprintf("%s-%d", h.epoch, e.number) }

// leave closes a stream.
func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut(l)
}

func (h *hub) cut(l *listener) {
	if _, there := h.listeners[l]; there {
		delete(h.listeners, l)
		close(l.events)
	}
}

// publish tells all who listen to a topic; it does not wait for anyone.
func (h *hub) publish(topic string, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e := event{h.last, topic, data}
	if len(h.past) == rememberEvents {
		copy(h.past, h.past[1:])
		h.past = h.past[:rememberEvents-1]
	}
	h.past = append(h.past, e)
	for l := range h.listeners {
		if !l.topics[topic] {
			continue
		}
		select {
		case l.events <- e:
		default:
			h.cut(l)
		}
	}
}

// wanted lists the topics that somebody listens to.
func (h *hub) wanted() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	topics := map[string]bool{}
	for l := range h.listeners {
		for t := range l.topics {
			topics[t] = true
		}
	}
	return topics
}

// close ends all streams.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for l := range h.listeners {
		h.cut(l)
	}
}
