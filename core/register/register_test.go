package register

import (
	"testing"
	"time"
)

// step is one attempt: which registrar and expiry it asks for, what comes of it, how
// long the wait is after it (without chance: the longest one) and the state then.
type step struct {
	registrar int
	expires   time.Duration
	result    Result
	wait      time.Duration
	state     State
}

func TestNext(t *testing.T) {
	const s, m, h = time.Second, time.Minute, time.Hour
	ok := func(expires time.Duration) Result { return Result{Status: 200, Expires: expires} }
	none, refused := Result{}, Result{Status: 403}
	for _, tt := range []struct {
		name       string
		registrars int
		steps      []step
	}{
		{"an hour, refreshed at nine tenths", 1, []step{
			{0, h, ok(h), 54 * m, Registered}, {0, h, ok(h), 54 * m, Registered}}},
		{"the registrar's expiry counts", 1, []step{
			{0, h, ok(10 * m), 9 * m, Registered}, {0, h, ok(2 * m), 80 * s, Registered}, {0, h, ok(m), 30 * s, Registered}}},
		{"an expiry of 0 is none", 1, []step{{0, h, ok(0), 30 * s, Failed}}},
		{"423", 1, []step{
			{0, h, Result{Status: 423, MinExpires: 2 * h}, 0, Trying}, {0, 2 * h, ok(2 * h), 108 * m, Registered}, {0, 2 * h, ok(2 * h), 108 * m, Registered}}},
		{"423 again and again", 1, []step{
			{0, h, Result{Status: 423, MinExpires: 2 * h}, 0, Trying}, {0, 2 * h, Result{Status: 423, MinExpires: 3 * h}, 30 * s, Failed}}},
		{"423 that asks for no more", 1, []step{{0, h, Result{Status: 423, MinExpires: m}, 30 * s, Failed}}},
		{"423 that asks for ever", 1, []step{{0, h, Result{Status: 423, MinExpires: 1000 * h}, 30 * s, Failed}}},
		{"the wait doubles", 1, []step{
			{0, h, none, 30 * s, Failed}, {0, h, none, m, Failed}, {0, h, refused, 2 * m, Failed}, {0, h, none, 4 * m, Failed},
			{0, h, none, 8 * m, Failed}, {0, h, none, 16 * m, Failed}, {0, h, none, 30 * m, Failed}, {0, h, none, 30 * m, Failed},
			{0, h, ok(h), 54 * m, Registered}, {0, h, none, 30 * s, Registered}}},
		{"the next registrar at once", 3, []step{
			{0, h, none, 0, Trying}, {1, h, refused, 0, Trying}, {2, h, ok(h), 54 * m, Registered},
			{2, h, none, 0, Registered}, {0, h, ok(h), 54 * m, Registered}}},
		{"a whole round", 2, []step{{0, h, none, 0, Trying}, {1, h, none, 30 * s, Failed}, {0, h, none, 0, Failed}, {1, h, none, m, Failed}}},
		{"Retry-After", 2, []step{
			{0, h, Result{Status: 503, Retry: 5 * m}, 0, Trying}, {1, h, none, 5 * m, Failed}, {0, h, none, 0, Failed}, {1, h, none, m, Failed}}},
		{"Retry-After of a day", 1, []step{{0, h, Result{Status: 503, Retry: 24 * h}, h, Failed}}},
		{"a binding outlives failures", 1, []step{
			{0, h, ok(m), 30 * s, Registered}, {0, h, none, 30 * s, Registered}, {0, h, none, m, Failed}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, now := New(Options{Registrars: tt.registrars, Random: func() float64 { return 0 }}), time.Unix(1e9, 0)
			longest := New(Options{Registrars: tt.registrars, Random: func() float64 { return 1 }})
			for i, s := range tt.steps {
				if r.Registrar() != s.registrar || r.Expires() != s.expires {
					t.Fatalf("attempt %d: registrar %d for %v, want %d for %v", i+1, r.Registrar(), r.Expires(), s.registrar, s.expires)
				}
				shortest, wait := r.Next(now, s.result), longest.Next(now, s.result)
				if s.state == Registered && s.result.Expires > 0 {
					shortest, wait = wait, shortest // chance makes a refresh earlier
				}
				if wait != s.wait {
					t.Fatalf("attempt %d: the wait is %v at the most, want %v", i+1, wait, s.wait)
				}
				if shortest > wait || shortest < wait/2 {
					t.Fatalf("attempt %d: the wait is %v at the least and %v at the most", i+1, shortest, wait)
				}
				if got := r.State(now); got != s.state {
					t.Fatalf("attempt %d: %s, want %s", i+1, got, s.state)
				}
				now = now.Add(wait)
			}
		})
	}
}

// A binding ends by itself.
func TestRunsOut(t *testing.T) {
	r, now := New(Options{Registrars: 1, Random: func() float64 { return 0 }}), time.Unix(1e9, 0)
	r.Next(now, Result{Status: 200, Expires: time.Minute})
	if got := r.State(now.Add(59 * time.Second)); got != Registered {
		t.Errorf("%s before its end", got)
	}
	if got := r.State(now.Add(time.Minute)); got != Failed {
		t.Errorf("%s at its end", got)
	}
	if got := r.Until(); !got.Equal(now.Add(time.Minute)) {
		t.Errorf("until %v", got)
	}
}
