package media

import (
	"errors"
	"testing"
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
				port, err := p.take(time.Time{})
				if err != nil || port%2 != 0 || int(port) < c.low || int(port)+1 > c.high {
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
		t.Fatalf("got %d (%v), want %d, freed first", got, err, b)
	}
	if _, err := p.take(now.Add(2 * time.Second)); !errors.Is(err, ErrNoPort) {
		t.Fatalf("error %v, want ErrNoPort", err)
	}
	if got, err := p.take(now.Add(3 * time.Second)); got != a {
		t.Fatalf("got %d (%v), want %d", got, err, a)
	}
}

// TestPortPoolTurns checks that a freed pair comes back after all others: the quarantine of a quiet server is its whole range.
func TestPortPoolTurns(t *testing.T) {
	p, err := newPortPool(10000, 10199, 0)
	if err != nil {
		t.Fatal(err)
	}
	last := map[uint16]int{}
	for i := range 1000 {
		port, err := p.take(time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := last[port]; ok && i-before != 100 {
			t.Fatalf("port %d again after %d calls, want 100", port, i-before)
		}
		last[port] = i
		p.put(port, time.Time{})
	}
}
