package journal

import (
	"bytes"
	"strings"
	"sync"
	"time"
	"unsafe"
)

const (
	defaultEntries = 500
	defaultBytes   = 256 << 10
	firstEntries   = 24 // what an ordinary call comes to
)

// A Journal is what happened in one call so far. Its methods may be called from any goroutine and never wait for anything
// but each other; those of a nil Journal do nothing.
type Journal struct {
	store  *Store
	id     string
	began  time.Time
	other  *Journal // of the same Call-ID, begun before and not ended: we have called ourselves
	joined []string // Call-IDs besides its own; the store's lock guards them

	mu      sync.Mutex
	call    Call
	entries []Entry
	points  pointSeries
	peer    *Peer    // of the latest message
	bytes   int      // that the entries take
	capture *Capture // of RTP; nil: none was wanted
	masked  bool     // digits are not kept
	ended   bool
}

// ID is the server's own name of the call.
func (j *Journal) ID() string {
	if j == nil {
		return ""
	}
	return j.id
}

// Message notes a SIP message. raw is kept if it is owned by nobody else, else copied.
func (j *Journal) Message(sent, again bool, peer Peer, raw []byte, owned bool) {
	if j == nil {
		return
	}
	j.mu.Lock()
	if j.peer == nil || *j.peer != peer {
		shared := peer // peer itself stays off the heap
		j.peer = &shared
	}
	e := Entry{Kind: KindMessage, Sent: sent, Again: again, Peer: j.peer}
	if j.room(KindMessage, len(raw)) {
		e.Raw = raw
		hidden := !sent && (j.masked || again) && keyPress(raw)
		if hidden {
			e.Raw = maskKey(raw)
		} else if !owned {
			e.Raw = bytes.Clone(raw)
		}
		j.add(e)
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// Note adds an entry. place is the line of the script, if there is one.
func (j *Journal) Note(kind Kind, place, text string) {
	j.note(Entry{Kind: kind, Place: place, Text: text})
}

// NoteAt is Note for what was learned of later: the entry goes where its time belongs.
func (j *Journal) NoteAt(at time.Time, kind Kind, text string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	if j.room(kind, len(text)) {
		j.add(Entry{Kind: kind, Text: text})
		last := len(j.entries) - 1
		e := j.entries[last]
		e.At = min(max(at.Sub(j.began), 0), e.At)
		i := last
		for ; i > 0 && j.entries[i-1].At > e.At; i-- {
			j.entries[i] = j.entries[i-1]
		}
		j.entries[i] = e
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// Return adds that a function of the script has returned, having taken a while.
func (j *Journal) Return(place, text string, took time.Duration) {
	j.note(Entry{Kind: KindReturn, Place: place, Text: text, Took: took})
}

func (j *Journal) note(e Entry) {
	if j == nil {
		return
	}
	j.mu.Lock()
	if j.room(e.Kind, len(e.Text)+len(e.Place)) {
		j.add(e)
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// State notes that the call has come to a state: "early", "answered", "confirmed" or "ended".
func (j *Journal) State(state string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	now := time.Now()
	switch state {
	case "early":
		j.call.Ring = now
	case "answered":
		j.call.Answer = now
	case "ended":
		j.call.End = now
	}
	if state != "confirmed" {
		j.call.State = state
	}
	if j.room(KindState, 0) {
		j.add(Entry{Kind: KindState, Text: state})
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// Mark notes a moment with the script's name for it.
func (j *Journal) Mark(place, name, data string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	if text := strings.TrimSpace(name + " " + data); j.room(KindMark, len(text)) {
		j.add(Entry{Kind: KindMark, Place: place, Text: text})
		j.call.Marks = append(j.call.Marks, Mark{seconds(time.Since(j.began)), name, data})
	}
	j.mu.Unlock()
	j.store.changed(j)
}

// Sample adds a point to the series of those that tell how well RTP went. At is set here.
func (j *Journal) Sample(p Point) {
	if j == nil {
		return
	}
	j.mu.Lock()
	p.At = seconds(time.Since(j.began))
	j.points.add(p)
	j.mu.Unlock()
	j.store.changed(j)
}

// Update changes what the call is in short. fn must not keep the Call.
func (j *Journal) Update(fn func(c *Call)) {
	if j == nil {
		return
	}
	j.mu.Lock()
	fn(&j.call)
	j.mu.Unlock()
	j.store.changed(j)
}

// End says that the call is over and its script, too. fn completes the Call, as in Update. What follows in messages is
// still noted. The channel is what Options.Ended returned; only the first End does anything.
func (j *Journal) End(fn func(c *Call)) (recorded <-chan struct{}) {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	if j.ended {
		j.mu.Unlock()
		return nil
	}
	j.ended = true
	fn(&j.call)
	j.call.State = "ended"
	if j.call.End.IsZero() {
		j.call.End = time.Now()
	}
	c := j.summary()
	j.mu.Unlock()
	if j.store.o.Ended != nil {
		recorded = j.store.o.Ended(c)
	}
	j.store.retire(j, c.Script == "" && c.Answer.IsZero())
	return recorded
}

// room tells whether one more entry with n octets fits, and counts those that do not. A quarter of the entries is left to
// messages, states and errors, so that a talkative script does not hide how its call ended.
func (j *Journal) room(kind Kind, n int) bool {
	most := j.store.o.Entries
	switch kind {
	case KindMessage, KindState, KindError, KindVerdict:
	default:
		most -= most / 4
	}
	if len(j.entries) >= most || j.bytes+n > j.store.o.Bytes {
		j.call.LeftOut++
		return false
	}
	return true
}

// add appends an entry, now.
func (j *Journal) add(e Entry) {
	e.At = time.Since(j.began)
	if j.entries == nil {
		j.entries = make([]Entry, 0, min(firstEntries, j.store.o.Entries))
	}
	j.entries = append(j.entries, e)
	n := int(unsafe.Sizeof(e)) + len(e.Raw) + len(e.Text) + len(e.Place)
	j.bytes += n
	if j.ended {
		j.store.bytes.Add(int64(n))
	}
}

// summary is the Call at this moment; j.mu is held.
func (j *Journal) summary() Call {
	c := j.call
	if !c.Answer.IsZero() {
		until := c.End
		if until.IsZero() {
			until = time.Now()
		}
		c.Duration = seconds(until.Sub(c.Answer))
	}
	c.Marks = c.Marks[:len(c.Marks):len(c.Marks)]
	return c
}

// seconds is a duration as the record has it, to the millisecond.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}
