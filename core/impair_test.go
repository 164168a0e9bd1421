package core_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// TestImpair has a call lose a tenth of what it sends.
func TestImpair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		failed := make(chan error, 2)
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
			failed <- c.Impair(media.Impairment{Loss: 0.1})
			if err := c.Answer(core.AnswerOptions{}); err != nil {
				t.Error(err)
				return
			}
			<-c.Confirmed()
			failed <- c.Impair(media.Impairment{Loss: 0.1, Seed: 3})
			if _, err := c.Play(media.Silence(20 * time.Second)); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
		})})
		defer s.Close()
		caller := n.Call(s, coretest.CallOptions{To: "100"})
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if err := <-failed; !errors.Is(err, core.ErrNoMedia) {
			t.Errorf("before the answer: %v", err)
		}
		if err := <-failed; err != nil {
			t.Error(err)
		}
		if heard := caller.Heard(); heard < 860 || heard > 940 {
			t.Errorf("%d packets of 1000 were heard, want 900", heard)
		}
		caller.Bye()
	})
}
