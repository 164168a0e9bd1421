package scripting

import (
	"fmt"
	"time"

	"offhook/scripting/sandbox"
)

// compile makes a generation of a snapshot, and looks at it without running it.
func (e *Engine) compile(s snapshot) (*Generation, error) {
	g := &Generation{
		Hash: s.hash(), Origin: s.origin, Loaded: time.Now(), Number: e.next(),
		snapshot: s, chunks: map[string]*sandbox.Chunk{}, scripts: map[string]*script{},
	}
	parsed, wrong := e.parse(s)
	for _, f := range s.scripts() {
		g.Files = append(g.Files, f.path)
	}
	if e.words != nil {
		wrong = append(wrong, e.words.check(parsed, texts(s), g.Files)...)
	}
	for _, syntax := range parsed {
		path := syntax.Name()
		chunk, err := syntax.Compile()
		if err != nil {
			wrong = append(wrong, findingOf(path, err))
			continue
		}
		g.chunks[path] = chunk
		if name, ok := (source{path: path}).script(); ok {
			g.scripts[name] = &script{name, path, chunk}
		}
	}
	if wrong == nil && len(g.scripts) == 0 {
		wrong = append(wrong, &Finding{Message: fmt.Sprintf("no scripts in %s: write default.lua", s.origin)})
	}
	wrong.sort()
	return g, wrong.orNil()
}

// parse parses all scripts of a snapshot that are programs.
func (e *Engine) parse(s snapshot) (parsed []*sandbox.Syntax, wrong Findings) {
	for _, f := range s.scripts() {
		syntax, err := sandbox.Parse(f.path, f.text, e.options.Limits)
		if err != nil {
			wrong = append(wrong, findingOf(f.path, err))
			continue
		}
		parsed = append(parsed, syntax)
	}
	return parsed, wrong
}

func texts(s snapshot) map[string]string {
	texts := make(map[string]string, len(s.files))
	for _, f := range s.files {
		texts[f.path] = f.text
	}
	return texts
}
