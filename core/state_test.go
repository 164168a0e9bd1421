package core

import "testing"

// TestStates is the table of next, every pair of it.
func TestStates(t *testing.T) {
	const no = State(99)
	table := map[State][4]State{ // provisional, 200, ACK, end
		Incoming:  {Early, Accepted, no, Ended},
		Early:     {Early, Accepted, no, Ended},
		Accepted:  {no, no, Confirmed, Ended},
		Confirmed: {no, no, no, Ended},
		Ended:     {no, no, no, no},
	}
	for from, row := range table {
		for e, want := range row {
			got, ok := next(from, event(e))
			if want == no {
				if ok || got != from {
					t.Errorf("%d with event %d: %d, %t, want it impossible", from, e, got, ok)
				}
			} else if !ok || got != want {
				t.Errorf("%d with event %d: %d, %t, want %d", from, e, got, ok, want)
			}
		}
	}
}
