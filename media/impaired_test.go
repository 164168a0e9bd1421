package media

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// impairedCall plays for a minute to another session over a bad network, and returns what both counted and the sequence
// numbers in the order in which they came, counted from the first one sent.
func impairedCall(t *testing.T, o Impairment) (sent Sent, received Stats, order []uint16) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := linked(t, testParams(), testParams(), func(packet []byte) []byte { return packet })
		if err := s[0].Impair(o); err != nil {
			t.Fatal(err)
		}
		first := s[0].sender.sequence
		var mu sync.Mutex
		s[1].Capture(func(r Received) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, r.Sequence-first)
		})
		p, err := s[0].Play(Silence(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-p.Done()
		if d := time.Since(began); d != time.Minute {
			t.Errorf("a minute took %v", d)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		sent, received = s[0].Stats().Sent, s[1].Stats()
	})
	return sent, received, order
}

func TestImpair(t *testing.T) {
	const n = 3000
	for _, c := range []struct {
		name          string
		o             Impairment
		lostPct, dups float64
		jitter        time.Duration
		ordered       bool
	}{
		{"nothing", Impairment{Seed: 1}, 0, 0, 0, true},
		{"loss", Impairment{Loss: 0.1, Seed: 1}, 10, 0, 0, true},
		{"burst loss", Impairment{Loss: 0.1, Burst: 5, Seed: 1}, 10, 0, 0, true},
		{"duplicates", Impairment{Duplicate: 0.1, Seed: 1}, 0, 10, 0, true},
		{"reorder", Impairment{Reorder: 0.05, Seed: 1}, 0, 0, 0, false},
		{"delay", Impairment{Delay: 300 * time.Millisecond, Seed: 1}, 0, 0, 0, true},
		{"jitter", Impairment{Jitter: 5 * time.Millisecond, Seed: 1}, 0, 0, 5 * time.Millisecond, true},
		{"all but jitter", Impairment{Loss: 0.1, Duplicate: 0.1, Reorder: 0.05, Delay: time.Second, Seed: 1}, 10, 9, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent, received, order := impairedCall(t, c.o)
			if sent.Packets != n || sent.Errors != 0 || sent.Skipped != 0 {
				t.Errorf("sent %+v", sent)
			}
			unique := slices.Compact(slices.Sorted(slices.Values(order)))
			lost, dups := 100*float64(n-len(unique))/n, 100*float64(len(order)-len(unique))/n
			tolerance := 2.0
			if c.o.Burst > 1 {
				tolerance = 4 // some sixty bursts
			}
			if math.Abs(lost-c.lostPct) > tolerance || math.Abs(dups-c.dups) > 2 || int(sent.Dropped) != n-len(unique) {
				t.Errorf("%.1f %% lost (%d dropped), %.1f %% twice; want %g and %g", lost, sent.Dropped, dups, c.lostPct, c.dups)
			}
			if c.dups == 0 && math.Abs(received.Received.LossPct-c.lostPct) > tolerance {
				t.Errorf("the far end measures %.1f %% lost", received.Received.LossPct)
			}
			if got := slices.IsSorted(order); got != c.ordered {
				t.Errorf("in order: %v", got)
			}
			// The estimate of A.8 is a running mean over some 16 packets: it sways.
			if got := received.Received.Jitter; c.ordered && (got-c.jitter).Abs() > c.jitter/2 {
				t.Errorf("the far end measures a jitter of %v, want %v", got, c.jitter)
			}
		})
	}
}

// TestImpairRepeats checks that a seed is a pattern.
func TestImpairRepeats(t *testing.T) {
	o := Impairment{Loss: 0.1, Burst: 2, Duplicate: 0.1, Reorder: 0.1, Jitter: 3 * time.Millisecond, Delay: 50 * time.Millisecond, Seed: 9}
	_, _, first := impairedCall(t, o)
	_, _, second := impairedCall(t, o)
	if !slices.Equal(first, second) {
		t.Error("the same seed, another pattern")
	}
	o.Seed++
	if _, _, other := impairedCall(t, o); slices.Equal(first, other) {
		t.Error("another seed, the same pattern")
	}
}

// TestImpairTimes compares when packets leave with when the path says.
func TestImpairTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		if err := p.session.Impair(Impairment{Delay: 33 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		p.sleep(7 * time.Millisecond)
		p.await(p.play(time.Second))
		if err := p.session.Impair(Impairment{}); err != nil { // the last two are still on their way
			t.Fatal(err)
		}
		p.sleep(time.Second)
		if len(p.rtp) != 50 {
			t.Fatalf("%d packets", len(p.rtp))
		}
		p.wantStream(p.rtp, testPtime)
		if late := p.rtp[0].at - 7*time.Millisecond; late < 33*time.Millisecond || late > 53*time.Millisecond {
			t.Errorf("the first packet after %v", late)
		}
		p.play(100 * time.Millisecond)
		p.sleep(time.Second)
		if len(p.rtp) != 55 {
			t.Errorf("%d packets after the impairment", len(p.rtp))
		}
	})
}

// TestImpairHoldsNoMoreThanItMay floods the queue.
func TestImpairHoldsNoMoreThanItMay(t *testing.T) {
	q := &impaired{}
	for i := range mostHeld {
		if !q.hold(instant(mostHeld-i), []byte{byte(i)}) {
			t.Fatalf("packet %d is refused", i)
		}
	}
	if q.hold(1, nil) {
		t.Error("too many are held")
	}
	for i := range mostHeld {
		if b, ok := q.next(mostHeld); !ok || b[0] != byte(mostHeld-1-i) {
			t.Fatalf("packet %d: %v %v", i, b, ok)
		}
	}
	if _, ok := q.next(mostHeld); ok {
		t.Error("one too many comes out")
	}
}

func TestImpairErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		if err := p.session.Impair(Impairment{Loss: 2}); err == nil || !strings.Contains(err.Error(), "loss: 200 %") {
			t.Errorf("error %v", err)
		}
		p.session.Close()
		if err := p.session.Impair(Impairment{}); err == nil {
			t.Error("a closed session is impaired")
		}
	})
}
