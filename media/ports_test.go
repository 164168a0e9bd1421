package media

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPortPoolRange(t *testing.T) {
	for _, c := range []struct {
		name      string
		low, high int
		pairs     int // 0: an error
	}{
		{"even to odd", 10000, 10003, 2},
		{"even to even", 10000, 10002, 1},
		{"odd start", 10001, 10003, 1},
		{"one pair", 10000, 10001, 1},
		{"no odd neighbour", 10000, 10000, 0},
		{"odd and even", 10001, 10002, 0},
		{"upside down", 10002, 10000, 0},
		{"zero", 0, 10, 0},
		{"too high", 65000, 65536, 0},
		{"top", 65534, 65535, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := newPortPool(c.low, c.high, 0)
			if c.pairs == 0 {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, _, free := p.counts(time.Time{}); free != c.pairs {
				t.Fatalf("%d pairs, want %d", free, c.pairs)
			}
			for range c.pairs {
				got, err := p.take(time.Time{})
				if port := int(got.port); err != nil || port%2 != 0 || port < c.low || port+1 > c.high {
					t.Fatalf("port %d, error %v", port, err)
				}
			}
			if _, err := p.take(time.Time{}); !errors.Is(err, ErrNoPort) {
				t.Fatalf("error %v, want ErrNoPort", err)
			}
		})
	}
}

func TestPortPoolQuarantine(t *testing.T) {
	p, err := newPortPool(10000, 10003, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	a, _ := p.take(now)
	b, _ := p.take(now)
	p.put(b, now)
	p.put(a, now.Add(time.Second))
	if _, err := p.take(now.Add(1999 * time.Millisecond)); !errors.Is(err, ErrNoPort) {
		t.Fatalf("error %v before the quarantine is over, want ErrNoPort", err)
	}
	if got, err := p.take(now.Add(2 * time.Second)); got != b {
		t.Fatalf("got %v (%v), want %v, freed first", got, err, b)
	}
	if _, err := p.take(now.Add(2 * time.Second)); !errors.Is(err, ErrNoPort) {
		t.Fatalf("error %v, want ErrNoPort", err)
	}
	if got, err := p.take(now.Add(3 * time.Second)); got != a {
		t.Fatalf("got %v (%v), want %v", got, err, a)
	}
}

// keptWire counts how often it is closed.
type keptWire struct {
	wire
	closed *int
}

func (w keptWire) close() { *w.closed++ }

// TestPortPoolKeeps checks that a pair comes back with its sockets, within the limit, and that those nobody uses are closed.
func TestPortPoolKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := newPortPool(10000, 10009, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		p.keep = 2
		closed := 0
		var used [3]portPair
		for i := range used {
			used[i], _ = p.take(time.Now())
			used[i].wire = keptWire{closed: &closed}
		}
		for _, u := range used {
			p.put(u, time.Now())
		}
		if closed != 1 {
			t.Errorf("%d pairs were closed, want 1: two are kept", closed)
		}
		if got, _ := p.take(time.Now()); got.wire != nil {
			t.Error("the sockets of a pair in quarantine were handed out")
		}
		time.Sleep(time.Second)
		if got, _ := p.take(time.Now()); got != used[0] {
			t.Errorf("got %v, want %v with its sockets", got, used[0])
		}
		time.Sleep(2 * keepTime)
		synctest.Wait()
		if closed != 2 {
			t.Errorf("%d pairs were closed, want 2: nobody used the second for long", closed)
		}
		if _, _, free := p.counts(time.Now()); free != 3 {
			t.Errorf("%d pairs free, want 3", free)
		}
		p.put(used[0], time.Now())
		p.close()
		if closed != 3 || p.kept != 0 {
			t.Errorf("%d pairs were closed and %d kept after the pool was closed, want 3 and 0", closed, p.kept)
		}
	})
}

// TestPortPoolTurns checks that a freed pair comes back after all others: the quarantine of a quiet server is its whole range.
func TestPortPoolTurns(t *testing.T) {
	p, err := newPortPool(10000, 10199, 0)
	if err != nil {
		t.Fatal(err)
	}
	last := map[uint16]int{}
	for i := range 1000 {
		got, err := p.take(time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := last[got.port]; ok && i-before != 100 {
			t.Fatalf("port %d again after %d calls, want 100", got.port, i-before)
		}
		last[got.port] = i
		p.put(got, time.Time{})
	}
}
