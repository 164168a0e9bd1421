package journal

import (
	"slices"
	"sync"
)

// A Subscription learns which calls have changed. Changes of one call that nobody has taken yet are one.
type Subscription struct {
	// C gets a value when there is something to Take. It is never closed.
	C <-chan struct{}

	store *Store
	wake  chan struct{}
	mu    sync.Mutex
	ids   map[string]struct{}
	order []string
}

// Subscribe begins to notice changes: calls that begin, get an entry, or end. Close ends it.
func (s *Store) Subscribe() *Subscription {
	wake := make(chan struct{}, 1)
	sub := &Subscription{C: wake, wake: wake, store: s, ids: map[string]struct{}{}}
	s.resubscribe(func(all []*Subscription) []*Subscription { return append(all, sub) })
	return sub
}

// Take returns the IDs of the calls that have changed since it was called last, in the order of their first change.
func (sub *Subscription) Take() []string {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	ids := sub.order
	sub.order = nil
	clear(sub.ids)
	return ids
}

// Close ends the subscription.
func (sub *Subscription) Close() {
	sub.store.resubscribe(func(all []*Subscription) []*Subscription {
		return slices.DeleteFunc(all, func(s *Subscription) bool { return s == sub })
	})
}

// resubscribe replaces the list, which is read without a lock.
func (s *Store) resubscribe(change func([]*Subscription) []*Subscription) {
	s.subscribing.Lock()
	defer s.subscribing.Unlock()
	var all []*Subscription
	if now := s.subscriptions.Load(); now != nil {
		all = slices.Clone(*now)
	}
	if all = change(all); len(all) == 0 {
		s.subscriptions.Store(nil)
		return
	}
	s.subscriptions.Store(&all)
}

// changed tells those who subscribe.
func (s *Store) changed(j *Journal) {
	all := s.subscriptions.Load()
	if all == nil {
		return
	}
	for _, sub := range *all {
		sub.changed(j.id)
	}
}

func (sub *Subscription) changed(id string) {
	sub.mu.Lock()
	if _, known := sub.ids[id]; !known {
		sub.ids[id] = struct{}{}
		sub.order = append(sub.order, id)
	}
	sub.mu.Unlock()
	select {
	case sub.wake <- struct{}{}:
	default:
	}
}
