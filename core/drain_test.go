package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

// TestSecondDrainEndsAll drains twice: the second one has no patience, as the
// second signal has not, and the first one returns with it.
func TestSecondDrainEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		s := core.New(core.Options{Media: n.Media(), Handler: answering{}, Log: discard()})
		a, b := n.Call(s, coretest.CallOptions{}), n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		first := make(chan error, 1)
		go func() { first <- s.Drain(context.Background()) }()
		time.Sleep(time.Hour)
		select {
		case err := <-first:
			t.Fatalf("drained with two calls: %v", err)
		default:
		}
		if !s.Stats().Draining {
			t.Error("the server does not say that it drains")
		}
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Drain(now); !errors.Is(err, core.ErrShutdown) || !strings.Contains(err.Error(), "2 calls") {
			t.Errorf("error %v, want that 2 calls were ended", err)
		}
		if err := <-first; err != nil {
			t.Errorf("first drain: %v", err)
		}
		for _, c := range []*coretest.Caller{a, b} {
			<-c.Done()
			if !c.State().ByServer {
				t.Errorf("%+v, want a BYE of the server", c.State())
			}
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}

// TestCloseWaitsForHandlers closes while a handler is still busy with its end.
func TestCloseWaitsForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		done := false
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			<-ctx.Done()
			time.Sleep(3 * time.Second)
			if !errors.Is(context.Cause(ctx), core.ErrShutdown) {
				t.Errorf("cause %v, want ErrShutdown", context.Cause(ctx))
			}
			done = true
		})})
		n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		began := time.Now()
		s.Close()
		if !done || time.Since(began) != 3*time.Second {
			t.Errorf("closed after %v, handler done: %t", time.Since(began), done)
		}
	})
}

// TestHeldEventsAreBounded floods a call whose handler does not listen yet.
func TestHeldEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		listen := make(chan struct{})
		events := 0
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			_ = c.Answer(core.AnswerOptions{})
			<-listen
			c.Notify(func(core.Event) { events++ })
		})})
		defer s.Close()
		c := n.Call(s, coretest.CallOptions{})
		synctest.Wait()
		for range 1000 {
			c.Info("text/plain", "x")
		}
		close(listen)
		synctest.Wait()
		if events != 256 {
			t.Errorf("%d events held, want 256", events)
		}
	})
}
