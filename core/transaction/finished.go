package transaction

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/transport"
)

// A tombstone is all that is left of a server transaction that has sent its final response. For 64·T1 it keeps late
// copies from becoming new requests; without it a copy of an INVITE that comes after the BYE would be a ghost call.
//
// That makes it the states whose only event is a copy: completed of a non-INVITE request (Timer J), and accepted
// (Timer L) and confirmed of an INVITE. The RFC lets confirmed end after T4 (Timer I, 0 on reliable transports); it
// is kept as long as the others, for the sake of merged requests too.
type tombstone struct {
	key, merged key
	deadline    time.Duration // since the layer's epoch
	next        *tombstone    // the one that ended after it
	tag         string        // To tag of the response: for ACK and CANCEL
	response    []byte        // non-INVITE over UDP: sent again for each copy; an INVITE's copies are only absorbed
	state       state
}

// bury leaves a tombstone for a transaction that has ended. Over a reliable transport no copy of a non-INVITE request
// can come (Timer J is 0), and a client that was told 503 may come again with the same request and another branch
// (RFC 3263 §4.3), which must not be taken for a merged one.
func (tx *Server) bury() {
	s := tx.shard
	if tx.status == sip.StatusServiceUnavailable {
		s.release(tx.merged)
		tx.merged = key{}
	}
	t := &tombstone{key: tx.key, merged: tx.merged, state: tx.state}
	if tx.method == sip.INVITE {
		// A clone, because the tag of a re-INVITE is a piece of its header.
		t.tag = strings.Clone(tx.tag)
	} else if tx.flow.Reliable() {
		s.release(tx.merged)
		return
	} else {
		t.response, tx.response = tx.response, nil
	}
	if len(s.finished) >= s.limits.Finished {
		s.unbury()
	}
	t.deadline = s.layer.now() + s.layer.timers.Timeout()
	s.finished[t.key] = t
	if s.newest == nil {
		s.oldest = t
	} else {
		s.newest.next = t
	}
	s.newest = t
	if s.sweep == nil {
		s.sweep = s.AfterFunc(s.layer.timers.Timeout(), s.sweepFinished)
	}
}

// unbury takes the oldest tombstone away.
func (s *Shard) unbury() {
	t := s.oldest
	delete(s.finished, t.key)
	s.release(t.merged)
	if s.oldest = t.next; s.oldest == nil {
		s.newest = nil
	}
}

// sweepFinished takes the expired tombstones away. It comes at most every 2·T1, with all that have gathered.
func (s *Shard) sweepFinished() {
	now := s.layer.now()
	for s.oldest != nil && s.oldest.deadline <= now {
		s.unbury()
	}
	if s.oldest != nil {
		s.sweep.Reset(max(s.oldest.deadline-now, 2*s.layer.timers.T1))
		return
	}
	s.sweep = nil
	// A Go map keeps the size of its largest hour; an empty one is the chance to give it back.
	s.finished = make(map[key]*tombstone)
	if len(s.merged) == 0 {
		s.merged = make(map[key]struct{})
	}
}

// copyOfFinished takes a late copy of a request. It is answered where it came from, with the same bytes.
func (s *Shard) copyOfFinished(t *tombstone, callID string, f transport.Flow) {
	s.stats.Absorbed++
	if t.response != nil {
		s.transmit(callID, nil, t.response, true, f)
	}
}
