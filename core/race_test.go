package core_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

// TestCancelAgainstAnswer lets CANCEL and 200 race on a real clock. Whoever wins,
// the INVITE gets one kind of final response, and both sides agree on it.
func TestCancelAgainstAnswer(t *testing.T) {
	n := coretest.NewNetwork()
	answered := make(chan error, 1)
	start := make(chan struct{})
	s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
		_ = c.Ring(nil)
		<-start
		answered <- c.Answer(core.AnswerOptions{})
		<-ctx.Done()
	})})
	won := map[int]int{}
	for i := range 300 {
		start = make(chan struct{})
		c := n.Call(s, coretest.CallOptions{})
		if !c.Await(time.Second, func(c *coretest.Caller) bool { return c.State().Status == 180 }) {
			t.Fatalf("call %d: no 180", i)
		}
		var both sync.WaitGroup
		both.Go(func() { close(start) })
		both.Go(func() { c.Cancel() })
		both.Wait()
		err := <-answered
		finals := map[int]int{}
		for _, m := range c.Messages() {
			if m.Method() == "INVITE" && m.Status() >= 200 {
				finals[m.Status()]++
			}
		}
		code := 487
		if err == nil {
			code = 200
		}
		if len(finals) != 1 || finals[code] == 0 {
			t.Fatalf("call %d: Answer says %v, the finals are %v", i, err, finals)
		}
		won[code]++
		if code == 200 {
			c.Bye()
		}
		<-c.Done()
	}
	t.Logf("won: %v", won)
	s.Close()
	n.Close()
}

// handlerFunc is a function as core.Handler.
type handlerFunc func(context.Context, *core.Call)

func (h handlerFunc) ServeCall(ctx context.Context, c *core.Call) { h(ctx, c) }
