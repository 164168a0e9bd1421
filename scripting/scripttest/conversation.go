package scripttest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"offhook/scripting"
)

// conversation is one call as the test sees it. Its trial's mu guards what the world changes.
type conversation struct {
	trial  *trial
	caller Caller
	script string // that serves it
	to     string
	began  time.Time

	// What the world changes.
	entries  []Entry
	messages []Message // of the server, copies left out
	plays    []string
	logs     []string
	keys     string   // that the server has sent
	errors   []string // of the script
	answered bool
	ended    bool
	outcome  *scripting.Outcome // nil until the script has ended
	ear      ear

	// What the test has seen of it.
	readMessages, readPlays, readLogs, readKeys, readTransfers int

	examined bool // the test has looked at the record
}

// conversation finds or makes the one of a Call-ID: the world may tell of a call before Call has returned. t.mu is held.
func (t *trial) conversation(callID string) *conversation {
	c := t.byCall[callID]
	if c == nil {
		c = &conversation{trial: t, began: time.Now()}
		t.byCall[callID] = c
	}
	return c
}

// place makes a call that comes in on a trunk ("" = none).
func (t *trial) place(o CallOptions, script, trunk string) (*conversation, error) {
	t.mu.Lock()
	t.nextScript, t.nextTrunk = script, trunk
	t.mu.Unlock()
	caller, err := t.world.Call(o)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	c := t.conversation(caller.CallID())
	c.caller, c.script, c.to = caller, script, o.To
	t.calls = append(t.calls, c)
	t.mu.Unlock()
	settle()
	return c, nil
}

// Serve is the Listener's: it runs the script of a call.
func (t *trial) Serve(ctx context.Context, call scripting.Call) {
	t.mu.Lock()
	c := t.conversation(call.Info().SIPCallID)
	t.byID[call.ID()] = c
	script, trunk := t.nextScript, t.nextTrunk
	t.mu.Unlock()
	outcome := t.engine.Serve(ctx, script, onTrunk{call, trunk})
	t.mu.Lock()
	defer t.mu.Unlock()
	c.outcome = &outcome
	t.change()
}

// onTrunk is a call that came in on a trunk: worlds have none.
type onTrunk struct {
	scripting.Call
	name string
}

func (c onTrunk) Info() scripting.Info {
	info := c.Call.Info()
	info.Trunk = c.name
	return info
}

// Message is the Listener's.
func (t *trial) Message(m Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.conversation(m.CallID)
	title := m.Title
	if m.Again {
		title += " (again)"
	}
	if m.Sent {
		c.note(EntrySent, "", title)
	} else {
		c.note(EntryReceived, "", title)
	}
	if !m.Again {
		c.take(m)
	}
	t.change()
}

// take follows the call; t.mu is held.
func (c *conversation) take(m Message) {
	if !m.Sent {
		c.messages = append(c.messages, m)
	}
	switch {
	case m.Method == "BYE" && m.Status == 0:
		c.ended = true
	case m.Method != "INVITE" || m.Sent || c.answered || m.Status < 200:
	case m.Status < 300:
		c.answered = true
	default:
		c.ended = true
	}
}

// observe learns what scripts do.
func (t *trial) observe(o scripting.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byID[o.Call]
	switch o.Kind {
	case scripting.ObservedVerb:
		if !strings.HasPrefix(o.Text, "log.") { // the line itself follows
			c.note(EntryVerb, o.At, o.Text)
		}
	case scripting.ObservedPlay:
		c.plays = append(c.plays, strings.Split(o.Text, ", ")...) // a list is one sound
		c.note(EntryMedia, o.At, "plays "+o.Text)
	case scripting.ObservedLog, scripting.ObservedMark, scripting.ObservedCheck:
		c.logs = append(c.logs, o.Text)
		c.note(EntryLog, o.At, "log: "+o.Text)
	case scripting.ObservedFail:
		c.errors = append(c.errors, o.Text)
		c.note(EntryError, o.At, o.Text)
	}
	t.change()
}

// Heard is the Listener's.
func (t *trial) Heard(callID string, payloadType uint8, timestamp uint32, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.conversation(callID)
	if _, sound := codecOf(payloadType); sound {
		c.ear.hear(payloadType, timestamp, payload)
		return
	}
	for _, key := range c.ear.press(timestamp, payload) {
		c.keys += string(key)
		c.note(EntryMedia, "", "heard the key "+string(key))
		t.change()
	}
}

func (c *conversation) note(kind EntryKind, line, text string) {
	c.entries = append(c.entries, Entry{time.Since(c.began), kind, line, text})
}

func (c *conversation) over() bool {
	c.trial.mu.Lock()
	defer c.trial.mu.Unlock()
	return c.ended
}

// finished tells whether the script has ended too; t.mu is held.
func (c *conversation) finished() bool { return c.ended && (c.outcome != nil || c.refused()) }

// refused tells of a call that was refused before any script ran; t.mu is held.
func (c *conversation) refused() bool {
	for _, known := range c.trial.byID {
		if known == c {
			return false
		}
	}
	return true
}

// hangup ends the call as the caller.
func (c *conversation) hangup() {
	c.trial.mu.Lock()
	answered := c.answered
	c.trial.mu.Unlock()
	if answered {
		c.caller.Bye()
	} else {
		c.caller.Cancel()
	}
}

// story is the timeline of the call so far, with what was heard in it; t.mu is held.
func (c *conversation) story(number int) Timeline {
	var entries []Entry
	for _, tone := range c.ear.measured().Tones {
		at := min(c.ear.began.Sub(c.began)+tone.Start+tone.Duration, time.Since(c.began))
		entries = append(entries, Entry{at, EntryMedia, "", fmt.Sprintf("heard %.1f Hz at %.1f dBm0 for %.2f s", tone.Frequency, tone.Level, tone.Duration.Seconds())})
	}
	entries = append(entries, c.entries...)
	sortByTime(entries)
	return Timeline{fmt.Sprintf("call %d to %s", number, cmp.Or(c.to, "the default")), entries}
}
