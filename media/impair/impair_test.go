package impair

import (
	"math"
	"reflect"
	"testing"
	"time"
)

const ptime = 20 * time.Millisecond

// run sends n packets.
func run(o Options, n int) []Fate {
	p := New(o)
	fates := make([]Fate, n)
	for i := range fates {
		fates[i] = p.Next(time.Duration(i)*ptime, ptime)
	}
	return fates
}

func TestNothing(t *testing.T) {
	for i, f := range run(Options{Seed: 7}, 1000) {
		if f != (Fate{At: time.Duration(i) * ptime}) {
			t.Fatalf("packet %d: %+v", i, f)
		}
	}
}

func TestHarmless(t *testing.T) {
	if !(Options{Seed: 7, Burst: 3}).Harmless() {
		t.Error("a seed does harm")
	}
	for _, o := range []Options{{Loss: 0.1}, {Duplicate: 0.1}, {Reorder: 0.1}, {Delay: 1}, {Jitter: 1}} {
		if o.Harmless() {
			t.Errorf("%+v does none", o)
		}
	}
}

func TestShares(t *testing.T) {
	const n = 200000
	for _, c := range []struct {
		name                       string
		o                          Options
		lost, run, doubled, passed float64 // run: mean length of runs of losses
	}{
		{"random loss", Options{Loss: 0.1}, 0.1, 1 / 0.9, 0, 0},
		{"loss in bursts", Options{Loss: 0.05, Burst: 4}, 0.05, 4, 0, 0},
		{"heavy loss in bursts", Options{Loss: 0.5, Burst: 10}, 0.5, 10, 0, 0},
		{"duplicates", Options{Duplicate: 0.2}, 0, 0, 0.2, 0},
		{"reordered", Options{Reorder: 0.05}, 0, 0, 0, 0.05},
		{"all lost", Options{Loss: 1}, 1, n, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lost, runs, doubled, passed float64
			before := false
			for _, f := range run(c.o, n) {
				if f.Lost {
					lost++
					if !before {
						runs++
					}
				}
				if f.Duplicated {
					doubled++
				}
				if f.Reordered {
					passed++
				}
				before = f.Lost
			}
			check(t, "lost", lost/n, c.lost)
			check(t, "length of runs", lost/max(runs, 1), c.run)
			check(t, "doubled", doubled/n, c.doubled)
			check(t, "reordered", passed/n, c.passed)
		})
	}
}

// check allows 5 %, some five standard deviations.
func check(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.05*want {
		t.Errorf("%s %.4f, want %.4f", name, got, want)
	}
}

// TestDelayAndJitter checks the mean difference that RFC 3550 §A.8 measures, and that nothing is overtaken.
func TestDelayAndJitter(t *testing.T) {
	for _, jitter := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond} {
		fates := run(Options{Delay: 100 * time.Millisecond, Jitter: jitter}, 100000)
		var sum time.Duration
		for i := 1; i < len(fates); i++ {
			if fates[i].At < fates[i-1].At {
				t.Fatalf("jitter %v: packet %d overtakes", jitter, i)
			}
			if late := fates[i].At - time.Duration(i)*ptime; late < 100*time.Millisecond || late > 100*time.Millisecond+3*jitter {
				t.Fatalf("jitter %v: packet %d is %v late", jitter, i, late)
			}
			sum += (fates[i].At - fates[i-1].At - ptime).Abs()
		}
		check(t, "jitter of "+jitter.String(), float64(sum)/float64(len(fates)-1), float64(jitter))
	}
}

func TestReorderedIsOvertakenByOne(t *testing.T) {
	fates := run(Options{Reorder: 0.01, Delay: time.Second}, 10000)
	n := 0
	for i := 1; i+2 < len(fates); i++ {
		if !fates[i].Reordered || fates[i-1].Reordered || fates[i+1].Reordered || fates[i+2].Reordered {
			continue
		}
		n++
		if fates[i].At <= fates[i+1].At || fates[i].At >= fates[i+2].At {
			t.Fatalf("packet %d comes at %v, the next two at %v and %v", i, fates[i].At, fates[i+1].At, fates[i+2].At)
		}
	}
	if n < 50 {
		t.Errorf("%d packets looked at", n)
	}
}

// TestSeed checks that a seed repeats itself, that others differ, and that it loses the same packets beside other options.
func TestSeed(t *testing.T) {
	o := Options{Loss: 0.2, Duplicate: 0.1, Reorder: 0.1, Jitter: 5 * time.Millisecond, Seed: 42}
	first := run(o, 1000)
	if !reflect.DeepEqual(first, run(o, 1000)) {
		t.Error("the same seed, another pattern")
	}
	other := o
	other.Seed = 43
	if reflect.DeepEqual(first, run(other, 1000)) {
		t.Error("another seed, the same pattern")
	}
	for i, f := range run(Options{Loss: 0.2, Seed: 42}, 1000) {
		if f.Lost != first[i].Lost {
			t.Fatalf("packet %d: lost %v alone, %v beside other options", i, f.Lost, first[i].Lost)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		o  Options
		ok bool
	}{
		{Options{}, true},
		{Options{Loss: 1, Duplicate: 1, Reorder: 1, Burst: 1}, true},
		{Options{Loss: 0.9, Burst: 9}, true},
		{Options{Delay: time.Second, Jitter: time.Second}, true},
		{Options{Loss: 1.01}, false},
		{Options{Loss: -0.1}, false},
		{Options{Loss: math.NaN()}, false},
		{Options{Duplicate: 2}, false},
		{Options{Reorder: -1}, false},
		{Options{Burst: -1}, false},
		{Options{Loss: 0.95, Burst: 3}, false},
		{Options{Delay: -1}, false},
		{Options{Jitter: -1}, false},
		{Options{Delay: 6 * time.Second}, false},
		{Options{Jitter: 1<<62 - 1}, false},
	} {
		if err := c.o.Check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
