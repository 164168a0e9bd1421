package console

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"offhook/core/journal"
)

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
