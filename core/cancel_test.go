package core_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

// TestCancelledAtOnceIsServed: a CANCEL that comes on the heels of its INVITE, before the call's goroutine has begun, does not keep
// the call from its handler.
func TestCancelledAtOnceIsServed(t *testing.T) {
	const calls = 200
	synctest.Test(t, func(t *testing.T) {
		var served, cancelled atomic.Int64
		handler := handlerFunc(func(ctx context.Context, c *core.Call) {
			served.Add(1)
			<-ctx.Done()
			if errors.Is(context.Cause(ctx), core.ErrCancelled) && c.Ending().Code == 487 {
				cancelled.Add(1)
			}
		})
		n := coretest.NewNetwork()
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handler, MaxCalls: calls})
		for range calls {
			n.Call(s, coretest.CallOptions{}).Cancel()
		}
		time.Sleep(time.Minute) // of the bubble's clock
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		n.Close()
		if served.Load() != calls || cancelled.Load() != calls {
			t.Errorf("%d of %d were served, %d of them as cancelled", served.Load(), calls, cancelled.Load())
		}
	})
}
