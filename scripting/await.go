package scripting

import (
	"context"
	"fmt"
	"runtime/debug"
)

// await does something that takes time, on a goroutine of its own, while the script waits as in a verb: events and timers are
// served, and the end of the call unwinds it. ctx is done when the script does not wait any more; fn is then left to
// itself, and Engine.Close waits for it.
func await[T any](r *run, a *arguments, fn func(ctx context.Context) (T, error)) (value T, err error) {
	if r.over() {
		r.unwind(a.LState) // before it begins what nobody would undo
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	var got T
	var failed error
	r.engine.awaited.Go(func() { // ends with fn, which ctx ends
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.newLogger().Error("panic", "error", p, "stack", string(debug.Stack()))
				failed = fmt.Errorf("internal error: %v", p)
			}
		}()
		got, failed = fn(ctx)
	})
	r.wait(a.LState, pause{done: done, timeout: forever})
	return got, failed
}
