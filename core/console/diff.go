package console

import "strings"

// DiffLine is a line of a comparison of two texts.
type DiffLine struct {
	Op   string `json:"op"`            // " " in both, "+" in the new one, "-" in the old one, "…" some are left out
	Old  int    `json:"old,omitempty"` // line numbers, from 1
	New  int    `json:"new,omitempty"`
	Text string `json:"text"`
}

const (
	diffContext = 3    // lines around a change
	mostEdits   = 1000 // beyond, texts count as wholly different
)

// diff compares two texts line by line, by the shortest way from one to the other (Myers 1986).
func diff(before, after string) []DiffLine {
	a, b := lines(before), lines(after)
	first := 0 // what both begin with needs no search
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
	}
	var all []DiffLine
	for i := range first {
		all = append(all, DiffLine{" ", i + 1, i + 1, a[i]})
	}
	for _, l := range edits(a[first:], b[first:]) {
		if l.Old > 0 {
			l.Old += first
		}
		if l.New > 0 {
			l.New += first
		}
		all = append(all, l)
	}
	return nearChanges(all)
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// edits finds the way from a to b. reach[d][k] is how far down a one gets on diagonal k with d edits.
func edits(a, b []string) []DiffLine {
	reach := []map[int]int{}
	for d := 0; d <= min(len(a)+len(b), mostEdits); d++ {
		now := map[int]int{}
		for k := -d; k <= d; k += 2 {
			x := step(reach, d, k)
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			now[k] = x
			if x >= len(a) && x-k >= len(b) {
				return walkBack(append(reach, now), a, b)
			}
		}
		reach = append(reach, now)
	}
	return replaced(a, b)
}

// step is where diagonal k is entered with the d-th edit: from the one above (a line more in b) or from the one below.
func step(reach []map[int]int, d, k int) int {
	if d == 0 {
		return 0
	}
	last := reach[d-1]
	if k == -d || k != d && last[k-1] < last[k+1] {
		return last[k+1]
	}
	return last[k-1] + 1
}

func walkBack(reach []map[int]int, a, b []string) []DiffLine {
	var back []DiffLine
	x, y := len(a), len(b)
	for d := len(reach) - 1; d >= 0; d-- {
		k := x - y
		from := step(reach, d, k)
		for x > from && y > 0 && x > 0 {
			back = append(back, DiffLine{" ", x, y, a[x-1]})
			x, y = x-1, y-1
		}
		if d == 0 {
			break
		}
		if last := reach[d-1]; k == -d || k != d && last[k-1] < last[k+1] {
			back = append(back, DiffLine{"+", 0, y, b[y-1]})
			y--
		} else {
			back = append(back, DiffLine{"-", x, 0, a[x-1]})
			x--
		}
	}
	all := make([]DiffLine, 0, len(back))
	for i := len(back) - 1; i >= 0; i-- {
		all = append(all, back[i])
	}
	return all
}

func replaced(a, b []string) (all []DiffLine) {
	for i, text := range a {
		all = append(all, DiffLine{"-", i + 1, 0, text})
	}
	for i, text := range b {
		all = append(all, DiffLine{"+", 0, i + 1, text})
	}
	return all
}

// nearChanges leaves out what is far from any change.
func nearChanges(all []DiffLine) (near []DiffLine) {
	keep := make([]bool, len(all))
	for i, l := range all {
		if l.Op == " " {
			continue
		}
		for j := max(0, i-diffContext); j < min(len(all), i+diffContext+1); j++ {
			keep[j] = true
		}
	}
	for i, l := range all {
		switch {
		case keep[i]:
			near = append(near, l)
		case i == 0 || keep[i-1]:
			near = append(near, DiffLine{Op: "…"})
		}
	}
	return near
}
