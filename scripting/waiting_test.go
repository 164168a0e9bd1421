//go:build unix

package scripting

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/media"
)

// holdingCall plays without end, and tells when it rings.
type holdingCall struct {
	benchCall
	begun func()
}

func (c *holdingCall) Ring([]Header) error { c.begun(); return nil }

func (c *holdingCall) Play(media.Source) (Playback, error) { return endless{}, nil }

func (c *holdingCall) Echo(media.EchoOptions) (Playback, error) { return endless{}, nil }

type endless struct{ Playback }

func (endless) Done() <-chan struct{}    { return nil }
func (endless) Stop()                    {}
func (endless) Result() media.PlayResult { return media.PlayResult{Status: media.PlayClosed} }

// TestWaitingCallsAreSmall: a call with a script of 100 lines takes no more than 20 KB, stack included, in whichever verb it waits.
// The race detector's frames take more.
func TestWaitingCallsAreSmall(t *testing.T) {
	const calls = 1000
	most := int64(20 << 10)
	if raceEnabled {
		most = 40 << 10
	}
	for _, verb := range []string{
		`wait("hangup")`, `sleep("10m")`, `read_digit()`, `tone(440)`, `play("a.wav", { barge = true })`, `gather{ prompt = "a.wav" }`,
		`echo()`, `start(440):wait()`,
	} {
		t.Run(verb, func(t *testing.T) {
			script := strings.Replace(hundredLines(), "call:wait('hangup')", "call:ring() call:"+verb, 1)
			e, _ := newEngine(t, Options{FS: files("default.lua", script), SoundsFS: files("a.wav", string(wavOf(t, time.Second)))})
			if _, err := e.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var served, begun sync.WaitGroup
			before := inUse()
			begun.Add(calls)
			for range calls {
				c := &holdingCall{benchCall{state: StateAnswered}, begun.Done}
				served.Go(func() { e.Serve(ctx, "default", c) }) // ends with ctx
			}
			begun.Wait()
			each := (inUse() - before) / calls
			t.Logf("%d bytes", each)
			if each > most {
				t.Errorf("%d bytes, want no more than %d", each, most)
			}
			cancel()
			served.Wait()
		})
	}
}

// inUse is what heap and stacks take once nothing is left that is garbage.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
