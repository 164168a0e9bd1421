package scripting

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// Load reads, checks and tries the scripts, and makes them the current generation. When anything about them is wrong
// the current one stays; the error is Findings, or tells why the folder cannot be read. Scripts that did not change
// stay the generation they are.
func (e *Engine) Load(ctx context.Context) (*Generation, error) {
	e.loading.Lock()
	defer e.loading.Unlock()
	s, err := e.read()
	if err != nil {
		err = fmt.Errorf("read scripts: %w", err)
		e.noteRefusal(s, err)
		return nil, err
	}
	return e.load(ctx, s)
}

// load makes a snapshot of the folder the current generation, unless it is.
func (e *Engine) load(ctx context.Context, s snapshot) (*Generation, error) {
	e.seen = s
	if current := e.Generation(); current != nil && current.snapshot.same(s) {
		return current, nil
	}
	g, err := e.candidate(ctx, s, e.options.Check)
	if err != nil {
		e.noteRefusal(s, err)
		return nil, err
	}
	e.accept(g, Record{Outcome: OutcomeLoaded})
	return g, nil
}

// Check reads, checks and tries the scripts, as Load does, and leaves it at that: on_load does not run, nor Options.Check.
func (e *Engine) Check(ctx context.Context) error {
	s, err := e.read()
	if err != nil {
		return fmt.Errorf("read scripts: %w", err)
	}
	var wrong Findings
	for _, f := range s.files {
		if isTest(f.path) {
			if _, err := sandbox.Compile(f.path, f.text, e.options.Limits); err != nil {
				wrong = append(wrong, findingOf(f.path, err))
			}
		}
	}
	g, err := e.compile(s)
	if err == nil {
		err = e.try(ctx, g)
	}
	if all := (Findings)(nil); errors.As(err, &all) {
		wrong, err = append(wrong, all...), nil
	}
	wrong.sort()
	return errors.Join(err, wrong.orNil())
}

// candidate makes a generation of a snapshot that has passed everything, and has begun: its on_load has run.
func (e *Engine) candidate(ctx context.Context, s snapshot, check func(context.Context, fs.FS) error) (*Generation, error) {
	g, err := e.compile(s)
	if err == nil {
		err = e.try(ctx, g)
	}
	if err == nil && check != nil {
		err = checkWith(ctx, s, check)
	}
	if err == nil {
		err = e.begin(ctx, g)
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// checkWith runs Options.Check.
func checkWith(ctx context.Context, s snapshot, check func(context.Context, fs.FS) error) error {
	files, err := s.FS()
	if err != nil {
		return fmt.Errorf("check scripts: %w", err)
	}
	return check(ctx, files)
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

// try runs every file of a generation outside a call, as the beginning of a call would, and looks for the entry points.
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
			wrong = append(wrong, findingOf(s.path, err))
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
				wrong = append(wrong, findingOf(path, err))
			}
			r.close()
		}
	}
	return wrong.orNil()
}

// tryScript runs the top level of a script and looks at the handlers it defines.
func (r *run) tryScript() error {
	if err := r.load(); err != nil {
		return err
	}
	if _, ok := r.handler("on_call"); !ok {
		return errors.New("does not define on_call(call)")
	}
	known := handlerNames()
	for _, name := range r.state.Globals() {
		if slices.Contains(known, name) {
			if _, ok := r.state.Global(name).(*lua.LFunction); !ok {
				return fmt.Errorf("%s is not a function", name)
			}
		}
	}
	return nil
}

// begin runs on_load of all scripts. When one fails, or ctx ends, those that had begun end with on_unload.
func (e *Engine) begin(ctx context.Context, g *Generation) error {
	begun, wrong := e.once(ctx, g, g.all(), "on_load")
	err := wrong.orNil()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	if _, ended := e.once(context.WithoutCancel(ctx), g, begun, "on_unload"); ended != nil {
		e.log.Error("script failed", "generation", g.Number, "error", ended)
	}
	return err
}

// once runs on_load or on_unload of scripts of a generation, outside any call, and returns those in which it went well.
// What waits in it is given up with ctx.
func (e *Engine) once(ctx context.Context, g *Generation, scripts []*script, name string) (done []*script, wrong Findings) {
	for _, s := range scripts {
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
			f := findingOf(s.path, err)
			f.Message = name + ": " + f.Message
			wrong = append(wrong, f)
			continue
		}
		done = append(done, s)
	}
	return done, wrong
}
