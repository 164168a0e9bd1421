package sandbox

import (
	"errors"
	"testing"
	"time"
)

// fuzzCPU is maxCPU as it is with coverage counters in all code and other fuzzing beside; TestHostile holds the seeds to maxCPU.
const fuzzCPU = 3 * maxCPU

// FuzzScript: whatever a script is, it ends soon, with no panic and no error of ours.
func FuzzScript(f *testing.F) {
	for _, h := range hostile {
		f.Add(h.source)
	}
	for _, c := range cures {
		f.Add(c.source)
	}
	for _, v := range verbPlaces {
		f.Add(v.source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		var took time.Duration
		for range 3 { // what else the machine does costs processor time, too: of its caches, and of the other goroutines here
			before := processorTime()
			_, err := run(t, source, Limits{})
			if internal := (*InternalError)(nil); errors.As(err, &internal) {
				t.Fatalf("%v\n%s", err, internal.Stack)
			}
			if took = processorTime() - before; took <= fuzzCPU || raceEnabled {
				return
			}
		}
		t.Errorf("took %v of processor time", took)
	})
}
