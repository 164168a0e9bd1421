package kv

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
)

// stores runs a test on every implementation: the embedded ones in a bubble whose clock it owns, Redis on the real one.
func stores(t *testing.T, test func(t *testing.T, s Store)) {
	embedded(t, test)
	t.Run("redis", func(t *testing.T) { test(t, newRemote(t, RedisOptions{URL: startRedis(t).url})) })
}

func embedded(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, NewMemory()) })
	})
	t.Run("bolt", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kv.db")
		synctest.Test(t, func(t *testing.T) {
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s)
		})
	})
}

func want(t *testing.T, s Store, key string, value any) {
	t.Helper()
	got, ok, err := s.Get(key)
	if err != nil || ok != (value != nil) || !reflect.DeepEqual(got, value) {
		t.Errorf("%s = %v (%v, %v), want %v", key, got, ok, err, value)
	}
}

func TestValuesComeBack(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		for i, v := range []any{"text", "", 1.5, true, false, []any{1.0, "a"}, map[string]any{"a": map[string]any{"b": []any{}}}} {
			key := fmt.Sprint("k", i)
			if err := s.Set(key, v, 0); err != nil {
				t.Fatal(err)
			}
			want(t, s, key, v)
		}
		want(t, s, "none", nil)
		if existed, err := s.Delete("k0"); !existed || err != nil {
			t.Errorf("Delete = %v, %v", existed, err)
		}
		if existed, err := s.Delete("k0"); existed || err != nil {
			t.Errorf("second Delete = %v, %v", existed, err)
		}
		want(t, s, "k0", nil)
	})
}

func TestTTL(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(s.Set("a", "x", time.Second))
		check(s.Set("b", "x", time.Second))
		check(s.Set("b", "y", 0)) // the new value has no end
		time.Sleep(900 * time.Millisecond)
		want(t, s, "a", "x")
		n, err := s.Incr("n", 1, time.Second)
		check(err)
		time.Sleep(200 * time.Millisecond)
		want(t, s, "a", nil)
		want(t, s, "b", "y")
		if n2, err := s.Incr("n", 1, time.Hour); n != 1 || n2 != 2 || err != nil { // keeps its first deadline
			t.Errorf("Incr = %v, then %v, %v", n, n2, err)
		}
		time.Sleep(900 * time.Millisecond)
		want(t, s, "n", nil)
		if n, err := s.Incr("n", 5, 0); n != 5 || err != nil {
			t.Errorf("Incr of a dead key = %v, %v, want 5", n, err)
		}
	})
}

func TestIncrIsAtomic(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		var wg sync.WaitGroup
		seen := make([]float64, 200)
		for i := range seen {
			wg.Go(func() {
				n, err := s.Incr("n", 1, 0)
				if err != nil {
					t.Error(err)
				}
				seen[i] = n
			})
		}
		wg.Wait()
		want(t, s, "n", 200.0)
		unique := map[float64]bool{}
		for _, n := range seen {
			unique[n] = true
		}
		if len(unique) != 200 {
			t.Errorf("200 Incr saw %d numbers", len(unique))
		}
	})
}

func TestErrors(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		if err := s.Set("s", "text", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Incr("s", 1, 0); !errors.Is(err, ErrNotNumber) {
			t.Errorf("Incr of a string: %v", err)
		}
		if err := s.Set("", 1, 0); !errors.Is(err, ErrKey) {
			t.Errorf("empty key: %v", err)
		}
		if _, _, err := s.Get(strings.Repeat("k", MaxKey+1)); !errors.Is(err, ErrKey) {
			t.Errorf("long key: %v", err)
		}
		if err := s.Set("k", strings.Repeat("v", MaxValue), 0); !errors.Is(err, ErrValue) {
			t.Errorf("long value: %v", err)
		}
		if err := s.Set("k", math.NaN(), 0); !errors.Is(err, ErrValue) {
			t.Errorf("NaN: %v", err)
		}
		if err := s.Set("big", math.MaxFloat64, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Incr("big", math.MaxFloat64, 0); !errors.Is(err, ErrValue) {
			t.Errorf("overflow: %v", err)
		}
		want(t, s, "big", math.MaxFloat64)
	})
}

func TestDeadKeysAreRemoved(t *testing.T) {
	embedded(t, func(t *testing.T, s Store) {
		for i := range 1000 {
			if err := s.Set(fmt.Sprint("dead", i), 1, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		for i := range 400 {
			if err := s.Set(fmt.Sprint("live", i), 1, 0); err != nil {
				t.Fatal(err)
			}
		}
		if n := size(t, s); n != 400 {
			t.Errorf("%d keys are kept, want the 400 that live", n)
		}
	})
}

func size(t *testing.T, s Store) (n int) {
	switch s := s.(type) {
	case *memory:
		return len(s.records)
	case *bolt:
		err := s.db.View(func(tx *bbolt.Tx) error {
			n = tx.Bucket(valuesBucket).Stats().KeyN
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestFileSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kv.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("k", "v", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path+": another process has it open") {
		t.Errorf("second Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want(t, s, "k", "v")
}

func BenchmarkBoltIncr(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "kv.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	b.SetParallelism(200)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Incr("n", 1, 0); err != nil {
				b.Error(err)
			}
		}
	})
}
