package sandbox

import "time"

// Limits bound what a script may use. A zero field means its default, so that Limits{} is a sensible sandbox.
type Limits struct {
	// Slice is the time a script may compute between two waits (State.Resume begins a new slice); 0 = 50 ms. Time in
	// which other goroutines ran does not count.
	Slice time.Duration
	// Instructions is how many VM instructions, and steps of library functions, fit in a slice; 0 = 5,000,000.
	Instructions int
	// Memory is how many bytes the values that a script can reach may take, by estimate; 0 = 1 MiB. It is looked at
	// now and then: garbage does not count, and a script may be beyond it for some milliseconds.
	Memory int
	// StringLen is the length of the longest string in bytes; 0 = 256 KiB. Making a longer one is an error.
	StringLen int
	// PatternSteps is how many steps one search for a pattern may take, on top of four for each byte it looks through;
	// 0 = 200,000. More is an error.
	PatternSteps int
	// Nesting is how deep pcall, xpcall and coroutine.resume may be nested in each other; 0 = 32. More is an error.
	Nesting int
	// Coroutines is how many unfinished coroutines a state may have; 0 = 64. More is an error.
	Coroutines int
	// CallDepth is how deep the functions of one coroutine may call each other, rounded up to a multiple of 8; 0 = 64, at
	// most 4,096. More is an error, "stack overflow".
	CallDepth int

	// Source is the size of the largest file in bytes; 0 = 128 KiB.
	Source int
	// Depth is how deep blocks and expressions of a file may be nested, a chain of elseif or of operators included;
	// 0 = 200.
	Depth int
}

// withDefaults fills in the zero fields.
func (l Limits) withDefaults() Limits {
	def := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	if l.Slice <= 0 {
		l.Slice = 50 * time.Millisecond
	}
	def(&l.Instructions, 5_000_000)
	def(&l.Memory, 1<<20)
	def(&l.StringLen, 256<<10)
	def(&l.PatternSteps, 200_000)
	def(&l.Nesting, 32)
	def(&l.Coroutines, 64)
	def(&l.CallDepth, 64)
	l.CallDepth = min(l.CallDepth, 4096)
	def(&l.Source, 128<<10)
	def(&l.Depth, 200)
	return l
}
