package journal

import "bytes"

// Spoiled notes a message with which something is wrong on purpose, as Message does others. e has Sent, Again and Lost, Raw,
// which is copied, and as Text what is wrong: "dropped", "edited, delayed 2s", "ignored".
func (s *Store) Spoiled(callID string, e Entry, peer Peer) {
	s.mu.RLock()
	j := s.byCallID[callID]
	s.mu.RUnlock()
	for ; j != nil; j = j.other {
		j.spoiled(e, peer)
	}
}

func (j *Journal) spoiled(e Entry, peer Peer) {
	j.mu.Lock()
	if j.room(KindMessage, len(e.Raw)+len(e.Text)) {
		e.Kind, e.Peer = KindMessage, &peer
		if !e.Sent && j.masked && keyPress(e.Raw) {
			e.Raw = maskKey(e.Raw)
		} else {
			e.Raw = bytes.Clone(e.Raw)
		}
		j.add(e)
	}
	j.mu.Unlock()
	j.store.changed(j)
}
