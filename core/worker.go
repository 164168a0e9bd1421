package core

import (
	"context"
	"sync"
)

// maxIdle bounds the goroutines that wait for a call.
const maxIdle = 64

// workers are the goroutines that calls run on, one each. One whose call has
// ended waits for the next: a handler needs more stack than a new goroutine
// has, and to grow it for each call costs a tenth of all that a short call does.
type workers struct {
	calls   chan served
	closing chan struct{}
	once    sync.Once
	idle    chan struct{} // a token for each goroutine that waits
	running sync.WaitGroup
}

type served struct {
	ctx  context.Context
	call *Call
}

func newWorkers() *workers {
	return &workers{calls: make(chan served), closing: make(chan struct{}), idle: make(chan struct{}, maxIdle)}
}

// serve runs a call on a goroutine that waits, else on a new one.
func (w *workers) serve(ctx context.Context, c *Call) {
	next := served{ctx, c}
	select {
	case w.calls <- next:
	default:
		w.running.Go(func() { w.work(next) }) // ends when enough others wait, and by close
	}
}

func (w *workers) work(next served) {
	for {
		next.call.run(next.ctx)
		next = served{} // what waits holds no call
		select {
		case w.idle <- struct{}{}:
		default:
			return
		}
		select {
		case next = <-w.calls:
			<-w.idle
		case <-w.closing:
			return
		}
	}
}

// close ends the goroutines and waits for them. Their calls have ended.
func (w *workers) close() {
	w.once.Do(func() { close(w.closing) })
	w.running.Wait()
}
