package scripttest

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// testFile is one file of tests, compiled, and the tests that it declares.
type testFile struct {
	path  string
	chunk *sandbox.Chunk
	tests []declared
}

// declared is one test(name, fn).
type declared struct {
	name string
	line int
	fn   *lua.LFunction // of the state that ran the file
}

// script is the one that calls go to when a test names none: NAME of NAME_test.lua.
func (f *testFile) script() string { return strings.TrimSuffix(path.Base(f.path), suffix) }

const suffix = "_test.lua"

// find compiles the files of tests below fsys, sorted by path. What is wrong with one is a Result.
func (r *runner) find() (files []*testFile, wrong []Result, err error) {
	err = fs.WalkDir(r.FS, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !strings.HasSuffix(name, suffix):
			return nil
		}
		text, err := fs.ReadFile(r.FS, name)
		if err != nil {
			return err
		}
		f := &testFile{path: name}
		if err := r.declare(f, string(text)); err != nil {
			wrong = append(wrong, Result{File: name, Name: "loads", Failure: failureOf(err, nil)})
			return nil
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read tests: %w", err)
	}
	return files, wrong, nil
}

// declare compiles a file and runs it once, to learn of its tests.
func (r *runner) declare(f *testFile, text string) (err error) {
	if f.chunk, err = sandbox.Compile(f.path, text, r.Limits); err != nil {
		return err
	}
	t := &trial{runner: r, file: f}
	t.state = sandbox.NewState(r.library.shared, r.Limits, t)
	defer t.state.Close()
	if err := t.state.Do(f.chunk); err != nil {
		return err
	}
	f.tests = t.declared
	return nil
}
