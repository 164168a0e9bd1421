package scripting

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// Findings are all the things wrong with a folder of scripts. Each begins with file:line:column or file:line, as far as known.
type Findings []error

// Error gives the first of them.
func (f Findings) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", f[0], len(f)-1)
}

// Unwrap returns all of them.
func (f Findings) Unwrap() []error { return f }

// Load reads, compiles and tries the scripts, and makes them the current generation. When anything about them is wrong
// the current one stays; the error is Findings, or tells why the folder cannot be read. Scripts that did not change
// stay the generation they are.
func (e *Engine) Load(ctx context.Context) (*Generation, error) {
	e.loading.Lock()
	defer e.loading.Unlock()
	s, err := e.read()
	if err != nil {
		return nil, fmt.Errorf("read scripts: %w", err)
	}
	current := e.Generation()
	if current != nil && current.Hash == s.hash() && current.Origin == s.origin {
		return current, nil
	}
	g, err := e.compile(s)
	if err == nil {
		err = e.try(ctx, g)
	}
	if err != nil {
		return nil, err
	}
	e.swap(g)
	return g, nil
}

// read takes a snapshot of the folder. The embedded scripts take its place only before there is any generation: a folder that
// is gone for a moment is no reason to change what calls get.
func (e *Engine) read() (snapshot, error) {
	if e.options.Dir != "" {
		s, err := readFolder(e.options.Dir)
		if !errors.Is(err, fs.ErrNotExist) || e.options.FS == nil || e.Generation() != nil || exists(e.options.Dir) {
			return s, err
		}
	}
	if e.options.FS == nil {
		return snapshot{}, errors.New("no folder")
	}
	return read(e.options.FS, "embedded")
}

// Names lists the scripts that calls could be given to, sorted, without running any of them. origin is where they are.
func (e *Engine) Names() (names []string, origin string, err error) {
	s, err := e.read()
	if err != nil {
		return nil, "", fmt.Errorf("read scripts: %w", err)
	}
	for _, f := range s.files {
		if name, ok := f.script(); ok {
			names = append(names, name)
		}
	}
	return names, s.origin, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// compile makes a generation of a snapshot.
func (e *Engine) compile(s snapshot) (*Generation, error) {
	g := &Generation{
		Hash: s.hash(), Origin: s.origin, Loaded: time.Now(),
		chunks: map[string]*sandbox.Chunk{}, scripts: map[string]*script{},
	}
	if current := e.Generation(); current != nil {
		g.Number = current.Number
	}
	g.Number++
	var wrong Findings
	for _, f := range s.files {
		if isTest(f.path) {
			continue
		}
		chunk, err := sandbox.Compile(f.path, f.text, e.options.Limits)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		g.Files = append(g.Files, f.path)
		g.chunks[f.path] = chunk
		if name, ok := f.script(); ok {
			g.scripts[name] = &script{name, f.path, chunk}
		}
	}
	if wrong == nil && len(g.scripts) == 0 {
		wrong = append(wrong, fmt.Errorf("no scripts in %s: write default.lua", s.origin))
	}
	if wrong != nil {
		return nil, wrong
	}
	return g, nil
}

// try runs every file of a generation outside a call, as the beginning of a call would, looks for the entry points, and
// at last runs on_load.
func (e *Engine) try(ctx context.Context, g *Generation) error {
	var wrong Findings
	tried := map[string]bool{}
	for _, s := range g.all() {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := e.newRun(g, s)
		r.trial = true
		if err := r.protect(r.tryScript); err != nil {
			wrong = append(wrong, err)
		}
		r.close()
		tried[s.path] = true
		for path := range r.modules {
			tried[path] = true
		}
	}
	for _, path := range g.Files {
		if !tried[path] {
			r := e.newRun(g, &script{path, path, g.chunks[path]})
			r.trial = true
			if err := r.protect(r.load); err != nil {
				wrong = append(wrong, err)
			}
			r.close()
		}
	}
	if wrong != nil {
		return wrong
	}
	return e.once(ctx, g, "on_load")
}

// tryScript runs the top level of a script and looks at the handlers it defines.
func (r *run) tryScript() error {
	if err := r.load(); err != nil {
		return err
	}
	if _, ok := r.handler("on_call"); !ok {
		return fmt.Errorf("%s: does not define on_call(call)", r.script.path)
	}
	known := handlerNames()
	for _, name := range r.state.Globals() {
		if strings.HasPrefix(name, "on_") && !slices.Contains(known, name) {
			return fmt.Errorf("%s: no handler is called %s%s", r.script.path, name, suggest(name, known))
		}
		if slices.Contains(known, name) {
			if _, ok := r.state.Global(name).(*lua.LFunction); !ok {
				return fmt.Errorf("%s: %s is not a function", r.script.path, name)
			}
		}
	}
	return nil
}

// once runs on_load or on_unload of all scripts of a generation, outside any call. What waits in it is given up with ctx.
func (e *Engine) once(ctx context.Context, g *Generation, name string) error {
	var wrong Findings
	for _, s := range g.all() {
		r := e.newRun(g, s)
		r.ended = ctx.Done()
		err := r.protect(func() error {
			if err := r.load(); err != nil {
				return err
			}
			if fn, ok := r.handler(name); ok {
				return r.invoke(fn)
			}
			return nil
		})
		r.close()
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
	}
	if wrong != nil {
		return wrong
	}
	return ctx.Err()
}
