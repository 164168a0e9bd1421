package scripting

import (
	"slices"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// maxEvents a call may have waiting; more are dropped. A script that waits at all takes them as they come.
const maxEvents = 256

// queue takes events from wherever they happen; the call's goroutine takes them out.
type queue struct {
	mu      sync.Mutex
	events  []*Event
	dropped int
	wake    chan struct{} // holds a token when there may be events
}

// push is the sink of Call.Notify.
func (q *queue) push(ev Event) {
	q.mu.Lock()
	if len(q.events) < maxEvents {
		q.events = append(q.events, &ev)
	} else {
		q.dropped++
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // a token is there
	}
}

// take removes and returns the first event that want accepts; nil = there is none.
func (q *queue) take(want func(*Event) bool) *Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.events, want)
	if i < 0 {
		return nil
	}
	ev := q.events[i]
	q.events = slices.Delete(q.events, i, i+1)
	return ev
}

// count is how many events of a kind wait.
func (q *queue) count(kind EventKind) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ev := range q.events {
		if ev.Kind == kind {
			n++
		}
	}
	return n
}

// eventName is the event's name in call:on and call:wait; with "on_" before it, the handler's, if there is one.
func eventName(k EventKind) string {
	return [...]string{
		EventDigit: "dtmf", EventAnswered: "answer", EventHold: "hold", EventResume: "resume",
		EventInfo: "info", EventMessage: "message", EventMediaTimeout: "media_timeout", EventTone: "tone",
	}[k]
}

// eventNames are those that call:on and call:wait know.
func eventNames() []string {
	return []string{"dtmf", "hold", "resume", "info", "message", "media_timeout", "tone"}
}

// eventTable is the event as call:on and call:wait give it.
func eventTable(ev *Event) *lua.LTable {
	t := newTable(0, 4)
	t.RawSetString("name", lua.LString(eventName(ev.Kind)))
	switch ev.Kind {
	case EventDigit:
		t.RawSetString("digit", lua.LString(ev.Digit))
		t.RawSetString("duration_ms", lua.LNumber(milliseconds(ev.Duration)))
		t.RawSetString("via", lua.LString(ev.Via))
	case EventInfo:
		t.RawSetString("content_type", lua.LString(ev.ContentType))
		t.RawSetString("body", lua.LString(ev.Body))
	case EventMessage:
		t.RawSetString("text", lua.LString(ev.Body))
	case EventTone:
		t.RawSetString("hz", lua.LNumber(ev.Frequency))
		t.RawSetString("level", lua.LNumber(ev.Level))
		t.RawSetString("ms", lua.LNumber(milliseconds(ev.Duration)))
	}
	return t
}
