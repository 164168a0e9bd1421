package media

import (
	"math/bits"
	"time"
)

const (
	// wheelSlot is the grain of deadlines: at 20 ms ptime the sessions of a shard spread over 40 slots.
	wheelSlot = 500 * time.Microsecond
	// wheelSlots times wheelSlot is 64 ms: one turn holds the longest ptime, so a slot never holds a later turn's sessions.
	wheelSlots = 128
	// placeSlots bounds how far ahead a new session is placed (10 ms), to keep its first packet within 20 ms.
	placeSlots = 20
	// slotShare sessions are served within some 50 µs.
	slotShare = 8
)

// wheel is a timing wheel of sessions in intrusive lists: insertion, removal and the search for the next deadline cost the
// same for one session and for thousands, and nothing is allocated. Slots are numbered from the start of time; the list of
// slot n is n mod wheelSlots. All sessions are in the slots turned+1 to turned+wheelSlots, so a list holds one slot's only.
type wheel struct {
	turned int64 // the latest slot that was emptied
	count  int
	heads  [wheelSlots]*Session
	sizes  [wheelSlots]int32
	filled [wheelSlots / 64]uint64 // one bit for each list that is not empty
}

// slotOf is the first slot that begins at or after t.
func slotOf(t instant) int64 { return (int64(t) + int64(wheelSlot) - 1) / int64(wheelSlot) }

// insert puts s into the slot of its deadline, or into the next one to come if that has passed.
func (w *wheel) insert(s *Session) {
	n := min(max(slotOf(s.deadline), w.turned+1), w.turned+wheelSlots)
	w.count++
	i := n % wheelSlots
	s.next, w.heads[i] = w.heads[i], s
	w.sizes[i]++
	w.filled[i/64] |= 1 << (i % 64)
}

// place chooses a slot among those soon to come for a new session, and inserts it there: one that others share, so that a
// few sessions cost few wake-ups, as long as they are not so many that the last waits for the first; then the emptiest.
func (w *wheel) place(s *Session) {
	best := w.turned + 1
	for n := best + 1; n <= w.turned+placeSlots; n++ {
		if better(w.load(n), w.load(best)) {
			best = n
		}
	}
	s.deadline = instant(best * int64(wheelSlot))
	w.insert(s)
}

// load is how many sessions one that is placed in slot n will meet there, now and once it has begun to play: then it is served
// lead before it is due.
func (w *wheel) load(n int64) int32 {
	const period = int64(defaultPtime / wheelSlot)
	playing := n + period - int64(lead/wheelSlot)%period
	if playing > w.turned+period {
		playing -= period
	}
	if playing == n {
		return w.sizes[n%wheelSlots]
	}
	return w.sizes[n%wheelSlots] + w.sizes[playing%wheelSlots]
}

// better reports whether a slot of a sessions is to be preferred to one of b.
func better(a, b int32) bool {
	if a < slotShare && b < slotShare {
		return a > b
	}
	return a < b
}

// take empties slot n, before which there must be no sessions, and returns its list.
func (w *wheel) take(n int64) *Session {
	i := n % wheelSlots
	s := w.heads[i]
	w.turned = n
	w.count -= int(w.sizes[i])
	w.heads[i], w.sizes[i] = nil, 0
	w.filled[i/64] &^= 1 << (i % 64)
	return s
}

// next is the first slot after w.turned that holds sessions; the wheel must not be empty.
func (w *wheel) next() int64 {
	for ahead := int64(1); ahead <= wheelSlots; {
		i := (w.turned + ahead) % wheelSlots
		if b := w.filled[i/64] >> (i % 64); b != 0 {
			return w.turned + ahead + int64(bits.TrailingZeros64(b))
		}
		ahead += 64 - i%64
	}
	return w.turned + wheelSlots
}
