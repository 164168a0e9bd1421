//go:build unix

package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"offhook/media"
)

// hundredLines is a script of the size that people write: a menu with a table of branches.
func hundredLines() string {
	var b strings.Builder
	b.WriteString("local menu = {}\nlocal greeting = 'welcome'\n")
	for i := range 19 {
		fmt.Fprintf(&b, "menu['%d'] = function(call, digit)\n  log.debug('chosen', { digit = digit, n = %d })\n  if digit == '%d' then call:mark('menu', { n = %d }) end\n  return greeting .. digit\nend\n", i, i, i, i)
	}
	b.WriteString("function on_call(call)\n  call:wait('hangup')\nend\nfunction on_dtmf(call, digit) menu[digit](call, digit) end\n")
	return b.String()
}

func benchEngine(b *testing.B, script string) *Engine {
	b.Helper()
	return benchFolder(b, "default.lua", script)
}

// benchFolder is an engine with these files: names and texts.
func benchFolder(b *testing.B, pairs ...string) *Engine {
	b.Helper()
	e, err := New(Options{FS: files(pairs...), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := e.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkCall is a call's start and end on the script's side. cpu-ns/op is what all processors spent on it, which a machine
// that is busy with other things changes less.
func BenchmarkCall(b *testing.B) {
	for name, script := range map[string]string{
		"empty":    "function on_call(call) end",
		"100lines": strings.Replace(hundredLines(), "call:wait('hangup')", "", 1),
		"hangup":   "function on_call(call) end function on_hangup(call, info) log.debug(info.by) end",
	} {
		b.Run(name, func(b *testing.B) {
			e := benchEngine(b, script)
			b.ReportAllocs()
			used := processorTime(b)
			for b.Loop() {
				e.Serve(context.Background(), "default", &benchCall{state: StateIncoming})
			}
			b.ReportMetric(float64(processorTime(b)-used)/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVerb is a verb with an option table.
func BenchmarkVerb(b *testing.B) {
	const rounds = 1000
	e := benchEngine(b, fmt.Sprintf("function on_call(call) for i = 1, %d do call:ring{ headers = nil } end end", rounds))
	b.ReportAllocs()
	for b.Loop() {
		e.Serve(context.Background(), "default", &benchCall{state: StateIncoming})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rounds, "ns/verb")
}

// BenchmarkLoad is a reload of 100 lines, from the files to the swap.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	e, err := New(Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	script := hundredLines()
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		write(b, dir, "default.lua", fmt.Sprintf("%s-- %d\n", script, n))
		b.StartTimer()
		if _, err := e.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWaiting is what a call that waits takes: heap and stack, of a script of 100 lines.
func BenchmarkWaiting(b *testing.B) {
	const calls = 5000
	e := benchEngine(b, hundredLines())
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var served, waiting sync.WaitGroup
		waiting.Add(calls)
		for range calls {
			c := &benchCall{state: StateIncoming, notified: waiting.Done}
			served.Go(func() { e.Serve(ctx, "default", c) })
		}
		waiting.Wait()
		time.Sleep(200 * time.Millisecond) // let them reach the wait: a benchmark, not a test
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/calls, "heap-B/call")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/calls, "stack-B/call")
		cancel()
		served.Wait()
	}
}

// benchCall is a call that costs as little as can be.
type benchCall struct {
	Call
	state    State
	notified func()
}

func (c *benchCall) Serving(string, uint64)             {}
func (c *benchCall) ID() string                         { return "c" }
func (c *benchCall) Info() Info                         { return Info{} }
func (c *benchCall) Stats() media.Stats                 { return media.Stats{} }
func (c *benchCall) State() State                       { return c.state }
func (c *benchCall) Ring([]Header) error                { return nil }
func (c *benchCall) Reject(int, string, []Header) error { c.state = StateEnded; return nil }
func (c *benchCall) Hangup(HangupOptions) error         { c.state = StateEnded; return nil }
func (c *benchCall) Codec() string                      { return "PCMU" }
func (c *benchCall) Ending() Ending                     { return Ending{By: ByScript} }
func (c *benchCall) Notify(func(Event)) {
	if c.notified != nil {
		c.notified()
	}
}

// BenchmarkCheck is the static checks of 100 lines.
func BenchmarkCheck(b *testing.B) {
	e := benchEngine(b, hundredLines())
	s := e.Generation().snapshot
	parsed, wrong := e.parse(s)
	if wrong != nil {
		b.Fatal(wrong)
	}
	b.ReportAllocs()
	for b.Loop() {
		if found := e.words.check(parsed, texts(s), []string{"default.lua"}); found != nil {
			b.Fatal(found)
		}
	}
}
