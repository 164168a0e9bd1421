//go:build unix

package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkStartsPerSecond is the processor that the scripts' side takes of 1,000 calls that start and end each second, each
// with a script of 100 lines: %core is of one core.
func BenchmarkStartsPerSecond(b *testing.B) {
	const rate, burst = 1000, 10
	e := benchEngine(b, strings.Replace(hundredLines(), "call:wait('hangup')", "call:ring() call:sleep('100ms')", 1))
	var calls sync.WaitGroup
	used := processorTime(b)
	next := time.Now()
	for b.Loop() { // a second each
		for range rate / burst {
			next = next.Add(time.Second * burst / rate)
			time.Sleep(time.Until(next)) // a pace, not a wait for something
			for range burst {
				calls.Go(func() { e.Serve(context.Background(), "default", &benchCall{state: StateIncoming}) })
			}
		}
	}
	calls.Wait()
	b.ReportMetric(100*float64(processorTime(b)-used)/float64(b.N)/float64(time.Second), "%core")
}

// BenchmarkRunaway is how late the verbs of 20 calls come while other scripts loop without end and are cut off at their
// limit, one after the other: how long after the 10 ms of its sleep a script has called its next verb.
func BenchmarkRunaway(b *testing.B) {
	for _, runaways := range []int{0, 1, 2} {
		b.Run(fmt.Sprint(runaways), func(b *testing.B) {
			e := benchFolder(b,
				"default.lua", "function on_call(call) for i = 1, 50 do call:sleep('10ms') call:ring() end end",
				"runaway.lua", "function on_call(call) while true do end end")
			stop := make(chan struct{})
			var background sync.WaitGroup
			for range runaways {
				background.Go(func() { // ends with stop
					for !isClosed(stop) {
						e.Serve(context.Background(), "runaway", &benchCall{state: StateIncoming})
					}
				})
			}
			var late []time.Duration
			for b.Loop() {
				late = append(late, lateness(e, 20)...)
			}
			close(stop)
			background.Wait()
			slices.Sort(late)
			for _, percent := range []int{50, 99} {
				b.ReportMetric(late[len(late)*percent/100].Seconds()*1000, fmt.Sprintf("p%d-ms", percent))
			}
		})
	}
}

// lateness serves calls whose script sleeps for 10 ms before each ring, and tells how late each came.
func lateness(e *Engine, calls int) (late []time.Duration) {
	var mu sync.Mutex
	var served sync.WaitGroup
	for range calls {
		served.Go(func() {
			c := &ringTimes{benchCall: benchCall{state: StateIncoming}, last: time.Now()}
			e.Serve(context.Background(), "default", c)
			mu.Lock()
			defer mu.Unlock()
			late = append(late, c.late...)
		})
	}
	served.Wait()
	return late
}

// ringTimes notes when its script rings.
type ringTimes struct {
	benchCall
	last time.Time
	late []time.Duration
}

func (c *ringTimes) Ring([]Header) error {
	c.late = append(c.late, time.Since(c.last)-10*time.Millisecond)
	c.last = time.Now()
	return nil
}

// BenchmarkWatchToLive is the time from a change of a file of 100 lines until calls get it.
func BenchmarkWatchToLive(b *testing.B) {
	dir := b.TempDir()
	write(b, dir, "default.lua", hundredLines())
	loaded := make(chan struct{}, 1)
	e, err := New(Options{Dir: dir, Log: slog.New(&loadedHandler{slog.DiscardHandler, loaded})})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := e.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var watching sync.WaitGroup
	watching.Go(func() { // ends with ctx
		if err := e.Watch(ctx); err != nil {
			b.Error(err)
		}
	})
	n, longest := 0, time.Duration(0)
	for b.Loop() {
		n++
		changed := time.Now()
		write(b, dir, "default.lua", fmt.Sprintf("%s-- %d\n", hundredLines(), n))
		<-loaded
		longest = max(longest, time.Since(changed))
	}
	b.ReportMetric(longest.Seconds()*1000, "max-ms")
	cancel()
	watching.Wait()
}

// loadedHandler tells of the line that the engine logs when scripts have come to life.
type loadedHandler struct {
	slog.Handler
	loaded chan<- struct{}
}

func (h *loadedHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *loadedHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "scripts loaded" {
		h.loaded <- struct{}{}
	}
	return nil
}
