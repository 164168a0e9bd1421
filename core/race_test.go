package core_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/transaction"
	"offhook/media"
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

// hasty does one of a few things at once.
func hasty(ctx context.Context, c *core.Call) {
	go c.Notify(func(core.Event) {}) // ends at once
	_ = c.Ring(nil)
	switch rand.IntN(4) {
	case 0:
		_ = c.Reject(486, "", nil)
	case 1:
		_ = c.Answer(core.AnswerOptions{})
		_ = c.Hangup(core.HangupOptions{})
	default:
		_ = c.Answer(core.AnswerOptions{})
		_, _ = c.Play(media.Silence(0))
		_, _, _ = c.Stats(), c.Codec(), c.Ending()
		<-ctx.Done()
	}
}

// TestCallsAtOnce has many callers and handlers busy at the same time on a real
// clock, for the race detector, and closes the server while some still are.
func TestCallsAtOnce(t *testing.T) {
	n := coretest.NewNetwork()
	s := core.New(core.Options{
		Media: n.Media(), Log: discard(), Handler: handlerFunc(hasty), DTMF: true, MaxCalls: 1000,
		Timers: transaction.Timers{T1: 2 * time.Millisecond, T2: 8 * time.Millisecond},
	})
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for k := range 25 {
				c := n.Call(s, coretest.CallOptions{NoACK: k%5 == 0, NoOffer: k%7 == 0})
				for range (i + k) % 4 {
					runtime.Gosched()
					c.Info("application/dtmf", "5")
				}
				switch (i + k) % 3 {
				case 0:
					c.Cancel()
				case 1:
					c.Hold()
				}
				_, _ = s.Stats(), c.State()
				c.Bye()
			}
		})
	}
	callers.Wait()
	s.Close()
	if st := s.Stats(); st.Active != 0 || s.Dialogs() != 0 || st.Answered == 0 || st.Transaction.Panics != 0 {
		t.Errorf("%d dialogs, %+v", s.Dialogs(), st)
	}
	n.Close()
	if left := sessions(n); left != 0 {
		t.Errorf("%d RTP sessions left", left)
	}
}
