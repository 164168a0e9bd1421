package scripttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// Options say what to run. FS and World are required.
type Options struct {
	// FS holds the scripts, and their tests beside them. It must not change.
	FS fs.FS
	// Match picks tests by "default_test.lua: the name"; nil = all.
	Match *regexp.Regexp
	// World makes the world of one test, in its bubble.
	World func(Listener) (World, error)
	// Scripting is how scripts run: their limits, settings and sounds. Where they come from, and what they reach outside
	// their call, is the tests' own.
	Scripting scripting.Options
	// Limits of a test; zero fields are larger than those of scripts.
	Limits sandbox.Limits
	// Parallel is how many tests run at once; 0 = as many as there are processors.
	Parallel int
}

// ErrNoTests tells that there is no test, or none that Options.Match picks.
var ErrNoTests = errors.New("no tests")

// runner is a Run at work; it does not change once the tests run.
type runner struct {
	Options
	library *library
	scripts *scripting.Engine // with the scripts loaded; each test has a Fork of it
}

// Run runs the tests of a folder. It returns an error when there are none (ErrNoTests), when the scripts do not load
// (scripting.Findings), or when ctx ended before all tests did, whose results it returns, too; that a test failed is in the Report.
func Run(ctx context.Context, o Options) (Report, error) {
	began := time.Now()
	r := &runner{Options: o}
	r.Limits = withDefaults(o.Limits)
	var err error
	if r.library, err = newLibrary(); err != nil {
		return Report{}, err
	}
	if err := r.load(ctx); err != nil {
		return Report{}, err
	}
	defer r.scripts.Close()
	files, results, err := r.find()
	if err != nil {
		return Report{}, err
	}
	tasks := r.pick(files)
	if len(tasks)+len(results) == 0 {
		return Report{}, ErrNoTests
	}
	results = append(results, r.all(ctx, tasks)...)
	slices.SortStableFunc(results, Result.compare)
	return Report{Results: results, Elapsed: time.Since(began)}, ctx.Err()
}

// withDefaults gives tests room that calls do not get. Only instructions count: within a bubble, no time passes while Lua runs.
func withDefaults(l sandbox.Limits) sandbox.Limits {
	def := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	if l.Slice <= 0 {
		l.Slice = time.Hour
	}
	def(&l.Instructions, 50_000_000)
	def(&l.Memory, 64<<20)
	def(&l.StringLen, 4<<20)
	def(&l.CallDepth, 200)
	return l
}

// load loads the scripts once, so that what is wrong with them is told once, too.
func (r *runner) load(ctx context.Context) (err error) {
	o := r.scripting()
	o.HTTP = offline{}
	if r.scripts, err = scripting.New(o); err != nil {
		return err
	}
	_, err = r.scripts.Load(ctx)
	return err
}

// scripting is how an engine runs the scripts, with nothing outside.
func (r *runner) scripting() scripting.Options {
	o := r.Scripting
	o.Dir, o.FS = "", r.FS
	o.HTTP, o.Store, o.Metrics, o.Now, o.Observe, o.Log = nil, nil, nil, nil, nil, nil
	return o
}

// task is one test to run.
type task struct {
	file  *testFile
	index int
}

func (r *runner) pick(files []*testFile) (tasks []task) {
	for _, f := range files {
		for i, d := range f.tests {
			if r.Match == nil || r.Match.MatchString(fmt.Sprintf("%s: %s", f.path, d.name)) {
				tasks = append(tasks, task{f, i})
			}
		}
	}
	return tasks
}

// all runs tests in parallel. Those that ctx leaves no time for have no result.
func (r *runner) all(ctx context.Context, tasks []task) (results []Result) {
	parallel := r.Parallel
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	next := make(chan task)
	var mu sync.Mutex // of results
	var workers sync.WaitGroup
	for range min(parallel, len(tasks)) {
		workers.Go(func() { // ends when next is closed
			for k := range next {
				result := r.test(ctx, k)
				mu.Lock()
				results = append(results, result)
				mu.Unlock()
			}
		})
	}
	for _, k := range tasks {
		if ctx.Err() != nil {
			break
		}
		next <- k
	}
	close(next)
	workers.Wait()
	return results
}
