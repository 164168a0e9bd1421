package core_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/media"
)

// flow is a call as it usually goes: what the server's side does, and the caller's.
type flow struct {
	name    string
	options coretest.CallOptions
	serve   func(context.Context, *core.Call)
	call    func(*coretest.Caller)
}

func flows() []flow {
	answer := func(ctx context.Context, c *core.Call) {
		_ = c.Ring(nil)
		sleep(ctx, 100*time.Millisecond)
		if c.Answer(core.AnswerOptions{}) == nil {
			_, _ = c.Play(media.Silence(0))
		}
		<-ctx.Done()
	}
	bye := func(c *coretest.Caller) { time.Sleep(2 * time.Second); c.Bye() }
	nothing := func(*coretest.Caller) {}
	after := func(then func(context.Context, *core.Call)) func(context.Context, *core.Call) {
		return func(ctx context.Context, c *core.Call) {
			if c.Answer(core.AnswerOptions{}) == nil {
				wait(ctx, c.Confirmed())
				then(ctx, c)
			}
		}
	}
	return []flow{
		{"answer", coretest.CallOptions{}, answer, bye},
		{"delayed offer", coretest.CallOptions{NoOffer: true}, answer, bye},
		{"cancel", coretest.CallOptions{}, func(ctx context.Context, c *core.Call) { _ = c.Ring(nil); <-ctx.Done() },
			func(c *coretest.Caller) { time.Sleep(time.Second); c.Cancel() }},
		{"reject", coretest.CallOptions{}, func(ctx context.Context, c *core.Call) {
			sleep(ctx, 300*time.Millisecond)
			_ = c.Reject(486, "", nil)
		}, nothing},
		{"re-INVITE", coretest.CallOptions{}, answer, func(c *coretest.Caller) {
			for _, do := range []func(){c.Hold, c.Resume, func() { c.Info("application/dtmf", "1") }, func() { c.Bye() }} {
				time.Sleep(time.Second)
				do()
			}
		}},
		{"PRACK", coretest.CallOptions{Headers: core.Headers{{Name: "Require", Value: "100rel"}}}, func(ctx context.Context, c *core.Call) {
			_ = c.Progress(183, nil)
			sleep(ctx, time.Second)
			_ = c.Answer(core.AnswerOptions{})
			<-ctx.Done()
		}, func(c *coretest.Caller) { time.Sleep(3 * time.Second); c.Bye() }},
		{"hold", coretest.CallOptions{}, after(func(ctx context.Context, c *core.Call) {
			for _, on := range []bool{true, false} {
				if p, err := c.Hold(on, nil); err == nil {
					wait(ctx, p.Done())
				}
				sleep(ctx, time.Second)
			}
		}), nothing},
		{"transfer", coretest.CallOptions{}, after(func(ctx context.Context, c *core.Call) {
			if p, err := c.Transfer("sip:b@192.0.2.9", core.TransferOptions{}); err == nil {
				wait(ctx, p.Done())
			}
		}), nothing},
		{"session timer", coretest.CallOptions{Headers: core.Headers{{Name: "Supported", Value: "timer"}, {Name: "Session-Expires", Value: "4;refresher=uas"}}},
			answer, func(c *coretest.Caller) { time.Sleep(5 * time.Second); c.Bye() }},
	}
}

func sleep(ctx context.Context, d time.Duration) { wait(ctx, time.After(d)) }

func wait[T any](ctx context.Context, done <-chan T) {
	select {
	case <-ctx.Done():
	case <-done:
	}
}

// A mutation is what happens to one message of a call: what is delivered of it now, and what later.
type mutation struct {
	name string
	do   func(l *badLink, raw []byte, later func(time.Duration)) (now []byte)
}

func mutations() []mutation {
	delayed := func(d time.Duration) mutation {
		return mutation{"delayed by " + d.String(), func(_ *badLink, _ []byte, later func(time.Duration)) []byte { later(d); return nil }}
	}
	doubled := func(d time.Duration) mutation {
		return mutation{"again after " + d.String(), func(_ *badLink, raw []byte, later func(time.Duration)) []byte { later(d); return raw }}
	}
	cut := func(name string, at func(size int) int) mutation {
		return mutation{"cut " + name, func(_ *badLink, raw []byte, _ func(time.Duration)) []byte { return raw[:at(len(raw))] }}
	}
	return []mutation{
		{"lost", func(*badLink, []byte, func(time.Duration)) []byte { return nil }},
		{"lost with its copies", func(l *badLink, raw []byte, _ func(time.Duration)) []byte { l.never = append(l.never, raw); return nil }},
		{"overtaken by the next", func(l *badLink, _ []byte, later func(time.Duration)) []byte { l.held = later; return nil }},
		doubled(0), doubled(time.Millisecond), doubled(10 * time.Second),
		delayed(700 * time.Millisecond), delayed(40 * time.Second),
		cut("in its first line", func(int) int { return 10 }), cut("in its header", func(size int) int { return size / 2 }), cut("at its end", func(size int) int { return size - 3 }),
	}
}

// badLink does something to some of the messages.
type badLink struct {
	at map[int]mutation // by the number of the message

	mu    sync.Mutex
	count int
	never [][]byte            // what is lost each time
	held  func(time.Duration) // delivers what waits for the next message
}

func (l *badLink) carry(raw []byte, _ bool, deliver func([]byte)) {
	now, held := l.pass(raw, func(d time.Duration) { time.AfterFunc(d, func() { deliver(raw) }) })
	if now != nil {
		deliver(now)
	}
	if held != nil {
		held(0) // by a timer: whoever sends this one may hold a lock
	}
}

// pass says what of a message is delivered now, and what else has waited for that.
func (l *badLink) pass(raw []byte, later func(time.Duration)) (now []byte, held func(time.Duration)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, l.held = l.held, nil
	m, bad := l.at[l.count]
	l.count++
	switch {
	case slices.ContainsFunc(l.never, func(n []byte) bool { return bytes.Equal(n, raw) }):
		return nil, held
	case bad:
		return m.do(l, raw, later), held
	}
	return raw, held
}

func (l *badLink) passed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// TestMutations makes each of the usual calls with each mutation of each of its
// messages. The invariant: whatever happens, the call ends, nothing of it is
// left, and the counters add up.
func TestMutations(t *testing.T) {
	for _, f := range flows() {
		t.Run(f.name, func(t *testing.T) {
			usual := mutated(t, f, nil)
			t.Logf("%d messages", usual)
			if usual < 4 {
				t.Fatalf("a call of %d messages", usual)
			}
			for i := range usual {
				for _, m := range mutations() {
					mutated(t, f, map[int]mutation{i: m})
					if t.Failed() {
						t.Fatalf("message %d: %s", i, m.name)
					}
				}
			}
		})
	}
}

// TestManyMutations has up to four at once, at random.
func TestManyMutations(t *testing.T) {
	all, kinds := flows(), mutations()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 5))
		f, at := all[random.IntN(len(all))], map[int]mutation{}
		for range 2 + random.IntN(3) {
			at[random.IntN(12)] = kinds[random.IntN(len(kinds))]
		}
		if mutated(t, f, at); t.Failed() {
			t.Fatalf("seed %d: %s: %v", seed, f.name, at)
		}
	}
}

// mutated makes one call over a bad link, and returns how many messages it had
// until the caller had done its part.
func mutated(t *testing.T, f flow, at map[int]mutation) (messages int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, link := coretest.NewNetwork(), &badLink{at: at}
		var served []core.Ending
		var mu sync.Mutex
		s := core.New(core.Options{
			Media: n.Media(), DTMF: true, Log: discard(), CallTimeout: time.Minute, MinSession: 2 * time.Second,
			Handler: handlerFunc(func(ctx context.Context, c *core.Call) {
				f.serve(ctx, c)
				_ = c.Hangup(core.HangupOptions{})
				mu.Lock()
				defer mu.Unlock()
				served = append(served, c.Ending())
			}),
		})
		o := f.options
		o.Link = link.carry
		c := n.Call(s, o)
		f.call(c)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		messages = link.passed()
		checkBaseline(t, s, n)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		n.Close()
		answered := int64(0)
		for _, e := range served {
			if e.Code/100 == 2 {
				answered++
			}
			if e.Cause == nil || e.Code == 0 {
				t.Errorf("a call has the ending %+v", e)
			}
		}
		if st := s.Stats(); st.Answered != answered || st.Total != int64(len(served)) || st.Failed > st.Total {
			t.Errorf("counted %d calls, %d answered, %d failed; there were %d, %d answered", st.Total, st.Answered, st.Failed, len(served), answered)
		}
		if len(at) == 0 && (len(served) != 1 || !c.State().Ended) {
			t.Errorf("without a mutation: %v, %+v", served, c.State())
		}
		if t.Failed() {
			for _, m := range c.Messages() {
				t.Logf("%v %t %s  %s", m.At.Sub(c.Messages()[0].At), m.Sent, m.Start, m.Header("CSeq"))
			}
		}
	})
	return messages
}
