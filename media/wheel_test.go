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
	const sessions = 240
	for range sessions - slotShare {
		w.place(new(Session))
	}
	// The slots beyond meet the same sessions as the first ones, once they play.
	slots := min(placeSlots, int64(max(lead, defaultPtime-lead)/wheelSlot))
	for n := int64(1); n <= slots; n++ {
		if int64(w.sizes[n]) != sessions/slots {
			t.Errorf("slot %d holds %d sessions, want %d", n, w.sizes[n], sessions/slots)
		}
	}
	if late := time.Duration(placeSlots) * wheelSlot; late+longestSleep > 20*time.Millisecond {
		t.Errorf("a new session may wait %v", late+longestSleep)
	}
}

// TestWheelSpreadsStreams lets sessions that come one after the other play: from their second frame on they are served lead
// before it is due.
func TestWheelSpreadsStreams(t *testing.T) {
	const sessions, period = 800, int64(defaultPtime / wheelSlot)
	var w wheel
	begun := map[*Session]bool{}
	for n := int64(1); n <= 2*sessions+2*period; n++ {
		if n%2 == 0 && n <= 2*sessions {
			w.place(new(Session))
		}
		for w.count > 0 && w.next() <= n {
			for s := w.take(w.next()); s != nil; {
				next := s.next
				s.deadline = s.deadline.add(defaultPtime)
				if !begun[s] {
					begun[s], s.deadline = true, s.deadline.add(-lead)
				}
				w.insert(s)
				s = next
			}
		}
		w.turned = n
	}
	for n := w.turned + 1; n <= w.turned+period; n++ {
		if got := w.sizes[n%wheelSlots]; got > sessions/int32(period)*2 {
			t.Errorf("%d sessions in one slot of %d, of %d in all", got, period, sessions)
		}
	}
}
