package core_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// TestCallsLeaveNothing makes 2000 calls, one after the other, that end in four
// ways. A call weighs some 10 KB while it lasts; what is left of it must not even
// be a pointer. What calls leave grows in every round; what the runtime and other
// tests do at the same time does not: one round of five without growth is enough.
func TestCallsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, DTMF: true, Log: discard(), CallTimeout: 5 * time.Second})
		defer n.Close()
		defer s.Close()
		calls := func(count int) {
			for i := range count {
				oneCall(t, n, s, i)
			}
			checkBaseline(t, s, n)
		}
		calls(500) // maps and pools come to their size
		var grown int64
		var more int
		for range 5 {
			before, goroutines := heap(), runtime.NumGoroutine()
			calls(2000)
			grown, more = int64(heap())-int64(before), runtime.NumGoroutine()-goroutines
			if grown <= 20_000 && more <= 0 {
				return
			}
		}
		t.Errorf("the heap has grown by %d bytes and %d goroutines in the last 2000 of 10,500 calls", grown, more)
	})
}

// oneCall is a call that ends in one of four ways.
func oneCall(t *testing.T, n *coretest.Network, s *core.Server, i int) {
	t.Helper()
	c := n.Call(s, coretest.CallOptions{NoOffer: i%8 == 0})
	if i%4 == 0 {
		c.Cancel() // the answer may be faster
	}
	synctest.Wait()
	switch {
	case i%4 == 1:
		c.Hold()
		synctest.Wait()
		c.Bye()
	case i%4 == 2:
		time.Sleep(6 * time.Second) // the call's limit
	case !c.State().Ended:
		c.Bye()
	}
	synctest.Wait()
	if state := c.State(); !state.Ended {
		t.Fatalf("call %d: %+v", i, state)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	for range 3 { // pools let go in the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestPortsComeBack makes more calls than the engine has ports.
func TestPortsComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		if err := occupy(n.Media(), 2); err != nil {
			t.Fatal(err)
		}
		play := playing{}
		s := core.New(core.Options{Media: n.Media(), Handler: play, Log: discard()})
		defer s.Close()
		for i := range 20 {
			time.Sleep(5 * time.Second) // the ports' quarantine
			a, b, third := n.Call(s, coretest.CallOptions{}), n.Call(s, coretest.CallOptions{}), n.Call(s, coretest.CallOptions{})
			synctest.Wait()
			time.Sleep(time.Second)
			synctest.Wait()
			refused := 0
			for _, c := range []*coretest.Caller{a, b, third} {
				switch state := c.State(); {
				case state.Status == 503:
					refused++
				case !state.Answered || c.Heard() < 49:
					t.Fatalf("round %d: %+v, %d packets", i, state, c.Heard())
				}
				c.Bye()
			}
			if refused != 1 {
				t.Fatalf("round %d: %d calls refused, want 1", i, refused)
			}
		}
	})
}

// playing answers and sends silence until the end.
type playing struct{}

func (playing) ServeCall(ctx context.Context, c *core.Call) {
	if c.Answer(core.AnswerOptions{}) != nil {
		return
	}
	if _, err := c.Play(media.Silence(0)); err != nil {
		return
	}
	<-ctx.Done()
}
