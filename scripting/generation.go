package scripting

import (
	"maps"
	"slices"
	"time"

	"offhook/scripting/sandbox"
)

// Generation is a snapshot of the scripts, compiled. It does not change; a call keeps the one it began with.
type Generation struct {
	Number uint64    // counts up from 1
	Loaded time.Time // when it became the current one
	Hash   string    // of names and contents, short
	Origin string    // the folder, or "embedded"
	Files  []string  // all files of the snapshot but tests, slash-separated, sorted

	snapshot snapshot
	chunks   map[string]*sandbox.Chunk // by file
	scripts  map[string]*script        // by name: the files right in the folder

	// Of the engine, under its mutex:
	users   int  // calls that run on it
	retired bool // no call will begin on it any more
}

// script is a file that calls can be given to.
type script struct {
	name  string // "default"
	path  string // "default.lua"
	chunk *sandbox.Chunk
}

// Scripts names the scripts that calls can be given to, sorted.
func (g *Generation) Scripts() []string { return slices.Sorted(maps.Keys(g.scripts)) }

// Has reports whether there is a script of that name.
func (g *Generation) Has(name string) bool { return g.scripts[name] != nil }

// all returns the scripts in the order of their names.
func (g *Generation) all() []*script {
	all := make([]*script, 0, len(g.scripts))
	for _, name := range g.Scripts() {
		all = append(all, g.scripts[name])
	}
	return all
}
