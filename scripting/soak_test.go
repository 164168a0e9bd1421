package scripting

import (
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

// shelf is a folder in memory whose script is replaced in one instant.
type shelf struct{ files atomic.Pointer[fstest.MapFS] }

func (s *shelf) put(script string) {
	s.files.Store(&fstest.MapFS{"default.lua": {Data: []byte(script)}})
}

func (s *shelf) Open(name string) (fs.File, error) { return s.files.Load().Open(name) }

// attempt is the script of the n-th reload: every second one makes a generation, whose calls end with a code of its own; the
// others are wrong in turn for the parser, the static checks, the dry run and on_load.
func attempt(n int) string {
	if n%2 == 1 {
		wrong := []string{"function on_call(", onCall("call:rign()"), rejects + "error('oh')", rejects + "function on_load() error('oh') end"}
		return fmt.Sprintf("-- %d\n%s", n, wrong[n/2%len(wrong)])
	}
	return fmt.Sprintf("function on_load() end function on_unload() end\n%s", onCall(fmt.Sprintf("call:ring() call:sleep('1ms') call:reject(%d)", codeOf(uint64(n/2)+1))))
}

func codeOf(generation uint64) int { return 400 + int(generation%300) }

// settled is the heap and the goroutines once nothing is left that is garbage.
func settled() (heap int64, goroutines int) {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), runtime.NumGoroutine()
}

// TestManyReloadsUnderCalls: 10,000 reloads, every second one broken, while calls come as fast as they can be served. Each
// call gets one whole generation, and neither memory nor goroutines grow.
func TestManyReloadsUnderCalls(t *testing.T) {
	reloads, callers := 10_000, 4
	if testing.Short() {
		reloads = 1_000
	}
	folder := &shelf{}
	folder.put(attempt(0))
	e, err := New(Options{FS: folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	serve := func() {
		oldest := e.Generation().Number
		ctx, c := newFakeCall()
		o := e.Serve(ctx, "default", c)
		if newest := e.Generation().Number; o.Err != nil || o.Generation < oldest || o.Generation > newest || o.Ending.Code != codeOf(o.Generation) {
			t.Errorf("harmed: %+v, between generations %d and %d", o, oldest, newest)
		}
		calls.Add(1)
	}
	// reload makes the attempts up to the last while calls are served, and returns when all have ended.
	reload := func(first, last int) {
		stop := make(chan struct{})
		var served sync.WaitGroup
		for range callers {
			served.Go(func() { // ends with stop
				for !isClosed(stop) {
					serve()
				}
			})
		}
		for n := first; n <= last; n++ {
			folder.put(attempt(n))
			if _, err := e.Load(t.Context()); (err == nil) != (n%2 == 0) {
				t.Errorf("attempt %d: %v", n, err)
				break
			}
		}
		close(stop)
		served.Wait()
	}
	began := time.Now()
	reload(1, reloads/10)
	heap, goroutines := settled()
	reload(reloads/10+1, reloads)
	grown, more := settled()
	t.Logf("%d reloads and %d calls in %v (%.0f calls/s, %.2f ms a reload); heap %d KB after a tenth, %d KB at the end; %d goroutines, then %d",
		reloads, calls.Load(), time.Since(began).Round(time.Millisecond), float64(calls.Load())/time.Since(began).Seconds(),
		float64(time.Since(began).Milliseconds())/float64(reloads), heap>>10, grown>>10, goroutines, more)
	if grown > heap+256<<10 {
		t.Errorf("the heap grew by %d KB", (grown-heap)>>10)
	}
	if more > goroutines {
		t.Errorf("%d goroutines, then %d", goroutines, more)
	}
	if n := e.Generation().Number; n != uint64(reloads/2)+1 || len(e.History()) != 2*historyLength {
		t.Errorf("generation %d, %d records", n, len(e.History()))
	}
}
