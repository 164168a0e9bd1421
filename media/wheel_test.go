package media

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestWheelServesInOrder compares the wheel with the plain rule: each session in the first slot at or after its deadline.
func TestWheelServesInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var w wheel
	w.turned = 1000
	want := map[*Session]int64{}
	for range 500 {
		s := &Session{deadline: instant(1000*int64(wheelSlot) + rng.Int64N(int64(longestPtime)))}
		w.insert(s)
		want[s] = max(slotOf(s.deadline), 1001)
	}
	served := 0
	for w.count > 0 && served < 5000 {
		n := w.next()
		for s := w.take(n); s != nil; {
			next := s.next
			if want[s] != n {
				t.Fatalf("session with deadline slot %d served in slot %d", want[s], n)
			}
			if served++; served < 4500 {
				s.deadline += instant(rng.Int64N(int64(longestPtime)))
				w.insert(s)
				want[s] = max(slotOf(s.deadline), n+1)
			}
			s = next
		}
	}
	if served < 4500 || w.count != 0 {
		t.Fatalf("served %d, %d left", served, w.count)
	}
}

func TestWheelSpreadsNewSessions(t *testing.T) {
	var w wheel
	for range slotShare {
		w.place(new(Session))
	}
	if w.sizes[1] != slotShare {
		t.Errorf("the first %d sessions do not share a slot", slotShare)
	}
	for range 10*placeSlots - slotShare {
		w.place(new(Session))
	}
	for n := int64(1); n <= placeSlots; n++ {
		if w.sizes[n] != 10 {
			t.Errorf("slot %d holds %d sessions, want 10", n, w.sizes[n])
		}
	}
	if late := time.Duration(placeSlots) * wheelSlot; late+longestSleep > 20*time.Millisecond {
		t.Errorf("a new session may wait %v", late+longestSleep)
	}
}
