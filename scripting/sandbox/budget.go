package sandbox

import (
	"fmt"
	"runtime"
	"time"
)

const (
	// lookEvery is how many instructions run between two looks at the clock: about 2 µs.
	lookEvery = 128
	// lookFirst is how many run before the first look of a slice, as each may turn out to be slow.
	lookFirst = 16
	// yieldEvery is how many looks pass between two offers of the processor to other goroutines. It is what makes
	// the verbs of other calls punctual while a script computes: Go itself preempts after 10 ms only.
	yieldEvery = 4
	// measureEvery is how many instructions may run between two looks at the memory.
	measureEvery = 16384
	// maxGap is how much time between two looks counts as the script's at first. More is taken for time in which other
	// goroutines or processes ran, unless it goes on when the looks come closer: then twice as much counts each time.
	maxGap = time.Millisecond
	// slowGap is a gap so long that the instructions in it may have allocated much.
	slowGap = 500 * time.Microsecond
)

// budget is what a script has left and has used. gopher-lua calls Done of its context before every instruction, so
// the budget is that context, counts down there, and has a look at the clock, the memory and the other goroutines now
// and then. It never has a value or a deadline.
type budget struct {
	state *State
	left  int // instructions until the next look
	step  int // instructions between two looks: fewer when they are slow, so that their time is seen
	slow  int // looks in a row that were more than maxGap apart
	looks int

	begin        time.Time     // of the state
	last         time.Duration // since begin: when time was counted last
	time         time.Duration // used in this slice
	instructions int           // used in this slice
	before       Usage         // of the slices before

	unmeasured int // instructions since the last look at the memory
	charged    int // bytes made by library functions since then
	memory     int // bytes at that look
}

// Done counts one instruction. It ends the script, by a panic, when there is nothing left.
func (b *budget) Done() <-chan struct{} {
	if b.left--; b.left <= 0 {
		b.look()
	}
	return nil
}

func (b *budget) Err() error                  { return nil }
func (b *budget) Deadline() (time.Time, bool) { return time.Time{}, false }
func (b *budget) Value(any) any               { return nil }

// spend counts work of library functions.
func (b *budget) spend(instructions int) {
	if b.left -= instructions; b.left <= 0 {
		b.look()
	}
}

// charge counts bytes that library functions made.
func (b *budget) charge(bytes int) {
	if b.charged += bytes; b.charged > b.state.limits.Memory/2 {
		b.look()
	}
}

// renew begins a new slice.
func (b *budget) renew() {
	b.account()
	b.before.Time += b.time
	b.before.Instructions += b.instructions
	b.time, b.instructions = 0, 0
	b.step, b.left = lookFirst, lookFirst
	b.last = time.Since(b.begin)
}

// account counts the instructions since the last time it did.
func (b *budget) account() {
	n := b.step - b.left
	b.instructions += n
	b.unmeasured += n
	b.left = b.step
}

// look counts what was used since the last look, and ends the script if that is too much.
func (b *budget) look() {
	s := b.state
	if s.fault != nil {
		panic(escape{s.fault})
	}
	b.account()
	gap := b.gap()
	b.time += min(gap, maxGap<<b.slow)
	b.pace(gap)
	if b.unmeasured > measureEvery || b.charged > s.limits.Memory/2 || gap > slowGap {
		s.Measure()
		b.time += min(b.gap(), maxGap)
	}
	switch {
	case b.time > s.limits.Slice:
		s.kill(LimitTime, s.limits.Slice.String())
	case b.instructions > s.limits.Instructions:
		s.kill(LimitInstructions, fmt.Sprintf("%d instructions", s.limits.Instructions))
	case b.memory > s.limits.Memory:
		s.kill(LimitMemory, fmt.Sprintf("%d bytes", s.limits.Memory))
	}
	if b.looks++; b.looks%yieldEvery == 0 || gap > maxGap/8 {
		runtime.Gosched()
		b.last = time.Since(b.begin)
	}
}

// gap is the time since time was counted last.
func (b *budget) gap() time.Duration {
	now := time.Since(b.begin)
	gap := now - b.last
	b.last = now
	return gap
}

// pace makes the looks come closer while they are further apart than the time that counts.
func (b *budget) pace(gap time.Duration) {
	if gap > maxGap {
		b.step = max(b.step/4, 1)
		b.slow = min(b.slow+1, 5)
	} else {
		b.slow = 0
	}
	if gap < maxGap/8 {
		b.step = min(2*b.step, lookEvery)
	}
	b.left = b.step
}

// kill ends the script for good.
func (s *State) kill(limit Limit, max string) {
	file, line := position(s.current)
	s.fault = &LimitError{Limit: limit, Max: max, File: file, Line: line}
	panic(escape{s.fault})
}

// escape is the panic that ends a script and that its pcall does not catch.
type escape struct{ err error }

// escaped tells whether a recovered panic is an escape. Any other is passed on.
func escaped(thrown any) *escape {
	if thrown == nil {
		return nil
	}
	end, ok := thrown.(escape)
	if !ok {
		panic(thrown)
	}
	return &end
}
