package transaction

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestTimersRunInOrderWithTheShardLocked(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		s := b.Shard("call-1")
		var got []string
		note := func(name string) func() {
			return func() {
				if s.mu.TryLock() {
					t.Error("a timer ran without the lock")
				}
				got = append(got, name)
			}
		}
		start := time.Now()
		b.locked(func() {
			s.AfterFunc(2*time.Second, note("b"))
			s.AfterFunc(2*time.Second, note("c"))
			s.AfterFunc(time.Second, note("a"))
			s.AfterFunc(3*time.Second, func() {
				got = append(got, time.Since(start).String())
				s.AfterFunc(0, note("e"))
				note("d")()
			})
			if len(got) != 0 {
				t.Error("ran inside AfterFunc")
			}
		})
		b.sleep(time.Minute)
		if want := []string{"a", "b", "c", "3s", "d", "e"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestStoppedTimerDoesNotRun(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		s := b.Shard("call-1")
		never := func() { t.Error("a stopped timer ran") }
		var again *Timer
		runs := 0
		b.locked(func() {
			first := s.AfterFunc(time.Second, never)
			second := s.AfterFunc(2*time.Second, never)
			// It is due at the same instant as second, and runs before it.
			s.AfterFunc(time.Second, func() { second.Reset(time.Second); second.Stop() })
			if !first.Stop() || first.Stop() {
				t.Error("Stop must be true once")
			}
			again = s.AfterFunc(time.Second, func() { runs++ })
			again.Reset(5 * time.Second)
		})
		b.sleep(4 * time.Second)
		b.locked(func() {
			if runs != 0 {
				t.Error("Reset left the first instant in place")
			}
		})
		b.sleep(time.Second)
		b.locked(func() {
			if runs != 1 || again.Stop() {
				t.Errorf("ran %d times, want once, and be done then", runs)
			}
			again.Reset(time.Second)
		})
		b.sleep(time.Second)
		b.locked(func() {
			if runs != 2 {
				t.Error("did not run again after Reset")
			}
			(*Timer)(nil).Stop()
		})
	})
}

func TestPanicInATimerLeavesTheOthers(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		ran := false
		b.locked(func() {
			s := b.Shard("call-1")
			s.AfterFunc(time.Second, func() { panic("of the test") })
			s.AfterFunc(time.Second, func() { ran = true })
		})
		b.sleep(time.Second)
		if st := b.Stats(); st.Panics != 1 || !ran {
			t.Errorf("%d panics counted, other timer ran: %v", st.Panics, ran)
		}
	})
}

func TestNothingRunsAfterClose(t *testing.T) {
	run(t, "UDP", func(t *testing.T, b *bench) {
		s := b.Shard("call-1")
		never := func() { t.Error("ran after Close") }
		var before *Timer
		b.locked(func() { before = s.AfterFunc(time.Second, never) })
		b.invite()
		b.Close()
		b.locked(func() {
			if before.Stop() {
				t.Error("a timer survived Close")
			}
			s.AfterFunc(time.Second, never)
			before.Reset(time.Second)
		})
		b.wire.take()
		b.receive(request("INVITE", branch1, ""))
		b.tu.expect(t)
		b.sleep(time.Minute)
		b.wire.expect(t)
	})
}

// Many timers, set, moved and stopped at random, run exactly when they should.
func TestTimersAtRandom(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, "UDP", func(t *testing.T, b *bench) {
				random := rand.New(rand.NewPCG(seed, 1))
				s := b.Shard("call-1")
				due := make(map[int]time.Time)
				var timers []*Timer
				for i := range 300 {
					b.locked(func() {
						d := time.Duration(random.IntN(5000)) * time.Millisecond
						due[i] = time.Now().Add(d)
						timers = append(timers, s.AfterFunc(d, func() {
							if !time.Now().Equal(due[i]) {
								t.Errorf("timer %d ran at %v, was due at %v", i, time.Now(), due[i])
							}
							delete(due, i)
						}))
						switch j := random.IntN(len(timers)); random.IntN(4) {
						case 0:
							if timers[j].Stop() {
								delete(due, j)
							}
						case 1:
							timers[j].Reset(d)
							due[j] = time.Now().Add(d)
						}
					})
					b.sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				}
				b.sleep(time.Minute)
				if len(due) != 0 {
					t.Errorf("%d timers did not run", len(due))
				}
			})
		})
	}
}

func TestTimersDefaults(t *testing.T) {
	d := Timers{}.withDefaults()
	if d != (Timers{500 * time.Millisecond, 4 * time.Second}) || d.Timeout() != 32*time.Second {
		t.Errorf("defaults %+v, timeout %v", d, d.Timeout())
	}
	own := Timers{T1: 10 * time.Millisecond, T2: 40 * time.Millisecond}
	if own.withDefaults() != own || own.Next(10*time.Millisecond) != 20*time.Millisecond || own.Next(30*time.Millisecond) != own.T2 {
		t.Error("given values were changed, or Next is not min(2·d, T2)")
	}
}
