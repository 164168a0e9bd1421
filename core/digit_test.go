package core_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// digits answers, and notes the digits that come.
type digits struct {
	mu   sync.Mutex
	came []string
}

func (d *digits) ServeCall(ctx context.Context, c *core.Call) {
	c.Notify(func(e core.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if e.Kind == core.EventDigit {
			d.came = append(d.came, fmt.Sprintf("%c:%s", e.Digit, e.Via))
		}
	})
	_ = c.Answer(core.AnswerOptions{})
	<-ctx.Done()
}

// TestDigitsOnce: a press that comes as sound and in another way is one event.
func TestDigitsOnce(t *testing.T) {
	say := func(c *coretest.Caller, keys string) {
		src, _ := media.Digits(keys, 100*time.Millisecond, 100*time.Millisecond, -10)
		clip, err := src.Clip(media.PCMU, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Speak(context.Background(), clip)
	}
	info := func(c *coretest.Caller, digit string) {
		c.Info("application/dtmf-relay", "Signal="+digit+"\r\nDuration=100\r\n")
	}
	for _, c := range []struct {
		name   string
		inband media.Inband
		dtmf   bool // the caller offers telephone-event
		do     func(*coretest.Caller)
		want   string
	}{
		{"sound", media.InbandAuto, false, func(c *coretest.Caller) { say(c, "12") }, "1:inband 2:inband"},
		{"sound of one who offers telephone-event", media.InbandAuto, true, func(c *coretest.Caller) { say(c, "12") }, ""},
		{"sound of one who offers telephone-event, wanted", media.InbandOn, true, func(c *coretest.Caller) { say(c, "12"); _ = c.Press(context.Background(), "3", 0, 0); say(c, "4") }, "1:inband 2:inband 3:rfc4733"},
		{"not wanted", media.InbandOff, false, func(c *coretest.Caller) { say(c, "12") }, ""},
		{"sound, then INFO of the same press", media.InbandAuto, false, func(c *coretest.Caller) { say(c, "1w"); info(c, "1"); say(c, "1"); info(c, "1") }, "1:inband 1:info"},
		{"INFO, then sound of the same press", media.InbandAuto, false, func(c *coretest.Caller) { info(c, "1"); say(c, "1"); info(c, "2"); say(c, "2") }, "1:info 2:info"},
		{"INFO long after the sound of another press", media.InbandAuto, false, func(c *coretest.Caller) { say(c, "1"); time.Sleep(2 * time.Second); info(c, "1") }, "1:inband 1:info"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, d := coretest.NewNetwork(), &digits{}
				defer n.Close()
				s := core.New(core.Options{Media: n.Media(), Log: discard(), Handler: d, DTMF: true, Inband: c.inband})
				defer s.Close()
				caller := n.Call(s, coretest.CallOptions{NoDTMF: !c.dtmf})
				time.Sleep(time.Second)
				c.do(caller)
				time.Sleep(time.Second)
				caller.Bye()
				synctest.Wait()
				d.mu.Lock()
				defer d.mu.Unlock()
				if got := strings.Join(d.came, " "); got != c.want {
					t.Errorf("digits %s, want %s", got, c.want)
				}
			})
		})
	}
}
