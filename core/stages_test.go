package core_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

func TestStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := coretest.NewNetwork()
		defer n.Close()
		var early, last core.Stages
		s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: handlerFunc(func(_ context.Context, c *core.Call) {
			early = c.Stages()
			time.Sleep(time.Second)
			_ = c.Ring(nil)
			time.Sleep(2 * time.Second)
			_ = c.Ring(nil) // again: the first counts
			_ = c.Answer(core.AnswerOptions{})
			<-c.Confirmed()
			time.Sleep(time.Second)
			last = c.Stages()
		})})
		defer s.Close()
		<-n.Call(s, coretest.CallOptions{}).Done()
		if early.Trying <= 0 || early.Ringing != 0 || early.Answered != 0 || early.Confirmed != 0 {
			t.Errorf("at the beginning: %+v", early)
		}
		if last.Ringing != time.Second || last.Answered != 3*time.Second || last.Confirmed < last.Answered || last.Confirmed > last.Answered+time.Second {
			t.Errorf("at the end: %+v", last)
		}
	})
}
