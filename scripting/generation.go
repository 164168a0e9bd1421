package scripting

import "time"

// Generation is an immutable snapshot of the scripts, compiled. A call keeps the one it began with.
type Generation struct {
	Number uint64    // counts up from 1
	Loaded time.Time // when it became the current one
	Hash   string    // of names and contents, short
	Origin string    // the folder, or "embedded"
	Files  []string  // all files of the snapshot, slash-separated, sorted
}

// Scripts names the scripts that calls can be given to, sorted.
func (g *Generation) Scripts() []string { panic("scripting: not yet") }
