package scripttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// longestClock is how much time may pass for the calls of one test: a test that never ends has an end.
const longestClock = 24 * time.Hour

// trial is one test at work, in its bubble. Its goroutine runs the Lua state; the Listener's methods run on others.
type trial struct {
	runner   *runner
	file     *testFile
	state    *sandbox.State
	declared []declared
	printed  []string
	modules  modules

	engine *scripting.Engine
	world  World
	began  time.Time
	passed time.Duration   // on the clock of the calls, in all
	ctx    context.Context // of what callers do in the background; ends with the test
	speech sync.WaitGroup  // of that
	outer  context.Context // of Run, from outside the bubble: only its Err may be asked

	expectation *Failure   // the last one that was not met
	stories     []Timeline // of a test that failed

	mu         sync.Mutex // guards what follows, and what conversations say that it does
	begun      bool       // the scripts are loaded
	settings   map[string]any
	stubs      []stub
	clock      clock
	calls      []*conversation
	nextScript string                   // of the call that is being placed
	nextTrunk  string                   // its trunk
	byCall     map[string]*conversation // by Call-ID
	byID       map[string]*conversation // by the server's name of the call
	changed    chan struct{}            // closed at the next change
}

// test runs one test.
func (r *runner) test(ctx context.Context, k task) Result {
	d := k.file.tests[k.index]
	result := Result{File: k.file.path, Line: d.line, Name: d.name}
	began := time.Now()
	t := &trial{runner: r, file: k.file, outer: ctx}
	var err error
	if trouble := bubble(func() { err = t.perform(k.index) }); trouble != nil {
		err = errors.Join(err, fmt.Errorf("internal error: %w", trouble))
	}
	result.Elapsed, result.Clock, result.Printed = time.Since(began), t.passed, t.printed
	if err != nil {
		result.Failure = failureOf(err, t.expectation)
		result.Failure.Calls = t.stories
	}
	return result
}

// perform is the test, from the making of its world to the end of its last goroutine.
func (t *trial) perform(index int) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	t.ctx, t.began = ctx, time.Now()
	t.byCall, t.byID, t.changed = map[string]*conversation{}, map[string]*conversation{}, make(chan struct{})
	defer func() { t.passed = time.Since(t.began) }()
	defer t.speech.Wait()
	defer cancel()
	if t.engine, err = t.runner.scripts.Fork(ctx, t.scripting()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.engine.Close()) }()
	t.mu.Lock()
	t.begun = true
	t.mu.Unlock()
	if t.world, err = t.runner.World(t); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.world.Close()) }()
	return t.run(index)
}

// run runs the test's function, in a state that has run all of its file.
func (t *trial) run(index int) error {
	t.state = sandbox.NewState(t.runner.library.shared, t.runner.Limits, t)
	defer t.state.Close()
	if err := t.state.Do(t.file.chunk); err != nil {
		return err
	}
	if index >= len(t.declared) || t.declared[index].name != t.file.tests[index].name {
		return fmt.Errorf("%s: declares other tests each time it runs", t.file.path)
	}
	if _, err := t.state.Call(t.declared[index].fn, t.runner.library.newTest(t)); err != nil {
		t.mu.Lock()
		t.tell() // before what ends the calls
		t.mu.Unlock()
		t.end()
		return err
	}
	t.end()
	return t.scriptError()
}

// tell keeps what happened in the calls so far; t.mu is held.
func (t *trial) tell() {
	for i, c := range t.calls {
		t.stories = append(t.stories, c.story(i+1))
	}
}

// scripting is how the engine of this test runs scripts.
func (t *trial) scripting() scripting.Options {
	o := t.runner.scripting()
	o.Observe, o.HTTP, o.Now, o.Config = t.observe, t, t.now, t.setting
	return o
}

// setting answers config.get: first what the test has set.
func (t *trial) setting(script, key string) (any, bool) {
	t.mu.Lock()
	value, ok := t.settings[key]
	t.mu.Unlock()
	if ok || t.runner.Scripting.Config == nil {
		return value, ok
	}
	return t.runner.Scripting.Config(script, key)
}

// lastWords is how long the scripts of calls that have ended may take: on_hangup and deferred functions have 5 s each.
const lastWords = 15 * time.Second

// end hangs up what is left, and waits for the scripts.
func (t *trial) end() {
	for _, c := range t.calls {
		if !c.over() {
			c.hangup()
		}
	}
	t.await(lastWords, func() bool {
		for _, c := range t.calls {
			if !c.finished() {
				return false
			}
		}
		return true
	})
}

// scriptError is what a script failed with, in a call whose record the test has not looked at.
func (t *trial) scriptError() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range t.calls {
		if len(c.errors) > 0 && !c.examined {
			t.tell()
			return fmt.Errorf("script failed in call %d: %s", i+1, c.errors[0])
		}
	}
	return nil
}

// await waits until ok says so, which is asked with t.mu held, at once and after each change, and at last when within has
// passed. It runs on the test's goroutine.
func (t *trial) await(within time.Duration, ok func() bool) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		settle()
		t.mu.Lock()
		done, changed := ok(), t.changed
		t.mu.Unlock()
		if done || t.outer.Err() != nil {
			return done
		}
		select {
		case <-changed:
		case <-timer.C:
			settle()
			t.mu.Lock()
			defer t.mu.Unlock()
			return ok()
		}
	}
}

// pass lets time pass.
func (t *trial) pass(d time.Duration) {
	const step = time.Minute
	for ; d > step && t.outer.Err() == nil; d -= step {
		time.Sleep(step)
	}
	time.Sleep(d)
	settle()
}

// change tells that something changed; t.mu is held.
func (t *trial) change() {
	close(t.changed)
	t.changed = make(chan struct{})
}
