package journal

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Options configure a Store. The zero value is the documented default.
type Options struct {
	Recent   int   // ended calls that are kept; 0: 1,000, -1: none. Those refused before a script saw them take a quarter at most
	MaxBytes int64 // that they take in all; 0: 64 MB
	Entries  int   // of one call; 0: 500
	Bytes    int   // of its entries; 0: 256 kB
	Capture  int   // octets of the RTP packets that are kept of one call; 0: 4 MB
	// Mask takes out of a message what nobody who reads the journal may see; nil: nothing is. It may return its argument.
	Mask func(message []byte) []byte
	// Ended gets each call that is over. It may be called with locks of the call held, so it does not wait; the channel, which
	// may be nil, is closed when the call has been recorded.
	Ended func(Call) (recorded <-chan struct{})
}

// A Store has the journals of the calls in progress and of the last ones that ended. Its methods may be called from any
// goroutine. Those of a nil Store keep and know nothing.
type Store struct {
	o     Options
	bytes atomic.Int64 // of the ended calls

	capturing atomic.Pointer[capturing] // nil: no RTP is kept

	mu       sync.RWMutex
	byID     map[string]*Journal
	byCallID map[string]*Journal // the newest of each Call-ID
	ended    []*Journal          // the oldest first
	refused  []*Journal          // likewise: those that no script saw
	spare    [][]Entry           // of calls that are forgotten, empty, to be used again

	subscribing   sync.Mutex
	subscriptions atomic.Pointer[[]*Subscription]
}

// NewStore makes an empty Store.
func NewStore(o Options) *Store {
	o.Recent = cmp.Or(o.Recent, 1000)
	o.MaxBytes = cmp.Or(o.MaxBytes, 64<<20)
	o.Entries = cmp.Or(o.Entries, defaultEntries)
	o.Bytes = cmp.Or(o.Bytes, defaultBytes)
	if o.Mask == nil {
		o.Mask = func(message []byte) []byte { return message }
	}
	o.Capture = cmp.Or(o.Capture, 4<<20)
	return &Store{o: o, byID: map[string]*Journal{}, byCallID: map[string]*Journal{}}
}

// Begin opens the journal of a call that begins; c has its ID, SIPCallID and what else is known of it.
func (s *Store) Begin(c Call) *Journal {
	if s == nil {
		return nil
	}
	j := &Journal{store: s, id: c.ID, began: time.Now(), call: c}
	j.call.Start, j.call.State = j.began, "incoming"
	s.mu.Lock()
	if last := len(s.spare) - 1; last >= 0 {
		j.entries, s.spare = s.spare[last], s.spare[:last]
	}
	j.other = inProgress(s.byCallID[c.SIPCallID])
	s.byID[c.ID], s.byCallID[c.SIPCallID] = j, j
	s.mu.Unlock()
	s.changed(j)
	return j
}

// Join has a call that goes on under another Call-ID, too, keep its messages.
func (j *Journal) Join(callID string) {
	if j == nil {
		return
	}
	j.store.mu.Lock()
	defer j.store.mu.Unlock()
	j.joined = append(j.joined, callID)
	j.store.byCallID[callID] = j
}

// inProgress is the newest of the journals of a Call-ID that has not ended, nil if all have.
func inProgress(j *Journal) *Journal {
	for j != nil && j.over() {
		j = j.other
	}
	return j
}

func (j *Journal) over() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}

// Message notes a message in the journal of its Call-ID; in both, when we have called ourselves. Others are not kept.
func (s *Store) Message(callID string, sent, again bool, peer Peer, raw []byte, owned bool) {
	if s == nil {
		return
	}
	s.mu.RLock()
	j := s.byCallID[callID]
	s.mu.RUnlock()
	for ; j != nil; j = j.other {
		j.Message(sent, again, peer, raw, owned)
	}
}

// retire keeps the journal of a call that has ended, in place of the oldest ones.
func (s *Store) retire(j *Journal, refused bool) {
	s.bytes.Add(j.size())
	s.mu.Lock()
	if refused {
		s.refused = append(s.refused, j)
	} else {
		s.ended = append(s.ended, j)
	}
	for s.crowded() {
		s.dropOldest()
	}
	s.mu.Unlock()
	s.changed(j)
}

func (j *Journal) size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return int64(unsafe.Sizeof(*j)) + int64(j.bytes) + j.capture.size()
}

func (s *Store) crowded() bool {
	n := len(s.ended) + len(s.refused)
	return n > 0 && (n > s.o.Recent || s.bytes.Load() > s.o.MaxBytes || len(s.refused) > max(1, s.o.Recent/4))
}

// dropOldest lets go of one ended call: a refused one if those are too many, else the one that ended first.
func (s *Store) dropOldest() {
	from := &s.ended
	if len(s.ended) == 0 || len(s.refused) > max(1, s.o.Recent/4) || len(s.refused) > 0 && s.refused[0].endedBefore(s.ended[0]) {
		from = &s.refused
	}
	j := (*from)[0]
	(*from)[0] = nil
	*from = (*from)[1:]
	delete(s.byID, j.id)
	for _, callID := range j.joined {
		if s.byCallID[callID] == j {
			delete(s.byCallID, callID)
		}
	}
	if callID := j.call.SIPCallID; s.byCallID[callID] == j {
		if other := inProgress(j.other); other != nil {
			s.byCallID[callID] = other
		} else {
			delete(s.byCallID, callID)
		}
	}
	s.bytes.Add(-j.size())
	s.reuse(j)
}

// mostSpare bounds the entries that wait to be used again.
const mostSpare = 64

// reuse takes the entries of a journal that is forgotten. Readers have copies.
func (s *Store) reuse(j *Journal) {
	j.mu.Lock()
	entries := j.entries
	j.entries = nil
	j.mu.Unlock()
	if cap(entries) == firstEntries && len(s.spare) < mostSpare {
		clear(entries)
		s.spare = append(s.spare, entries[:0])
	}
}

// endedBefore compares two journals that are over, whose End does not change any more.
func (j *Journal) endedBefore(k *Journal) bool { return j.call.End.Before(k.call.End) }

// Journal finds that of a call; nil when it is not known.
func (s *Store) Journal(id string) *Journal {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id]
}

// Record is all that is known of a call.
type Record struct {
	Call    Call    `json:"call"`
	Entries []Entry `json:"entries"` // in order
	Points  []Point `json:"points"`
}

// Call returns the call with that ID in short.
func (s *Store) Call(id string) (Call, bool) {
	j := s.Journal(id)
	if j == nil {
		return Call{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.summary(), true
}

// Get returns all that is known of the call with that ID. What it returns does not change.
func (s *Store) Get(id string) (Record, bool) {
	j := s.Journal(id)
	if j == nil {
		return Record{}, false
	}
	j.mu.Lock()
	r := Record{Call: j.summary(), Entries: slices.Clone(j.entries), Points: slices.Clone(j.points.kept)}
	j.mu.Unlock()
	for i := range r.Entries {
		if e := &r.Entries[i]; e.Kind == KindMessage {
			wrong := e.Text
			e.Text, e.Raw = Title(e.Raw), s.o.Mask(e.Raw)
			if wrong != "" {
				e.Text += " (" + wrong + ")"
			}
		}
	}
	return r, true
}
