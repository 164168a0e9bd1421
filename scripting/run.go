package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

// lastWords is how long the deferred functions may take in all, and on_hangup after them.
const lastWords = 5 * time.Second

// maxRegistered bounds the timers, subscriptions and deferred functions of a call, each.
const maxRegistered = 100

// run is a script at work: for one call, from the INVITE to the end of on_hangup, or outside a call (trial, on_load,
// on_unload). It belongs to one goroutine, that of Engine.Serve; only the queue is filled by others.
type run struct {
	engine     *Engine
	generation *Generation
	script     *script
	logger     *slog.Logger // nil until something is logged
	state      *sandbox.State
	modules    map[string]lua.LValue // what require returned; nil while a file runs
	lines      lineCount
	trial      bool // only tried: nothing is logged
	loading    bool // the top level of a file runs
	queue      queue
	alarm      *time.Timer     // nil until something is due
	ended      <-chan struct{} // closed when the call has ended, or when what runs outside a call is given up

	// The rest is for a call.
	call    Call
	info    *Info          // nil until something of it is asked for
	object  *lua.LUserData // the call as the script sees it
	vars    *lua.LTable    // call.vars
	started time.Time
	timers  timers
	ringing timer // of ring{every=}
	limit   timer // of limit

	refusal       int      // the final response when the script ends without one; 0 = 480
	headers       []Header // of set_header, for the next message
	typed         []*Event // digits that nobody has read
	secrets       []string // digits that no text of the script may show, each with what stands for it
	subscriptions []*subscription
	deferred      []*lua.LFunction
	recordings    []Recording // all of the call
	settled       []any       // what came of them
	foreground    Recording   // of record; nil = none goes on
	background    Recording   // of record_start
	verdict       Verdict

	handling bool      // a handler runs
	finished bool      // the call was ended from here
	by       By        // why, when not by the script's wish
	failure  error     // a handler went over a limit
	closing  bool      // the call is over: deferred functions, on_hangup
	budget   time.Time // when their time is up
}

// newRun prepares a script to run outside a call.
func (e *Engine) newRun(g *Generation, s *script) *run {
	r := &run{engine: e, generation: g, script: s}
	r.state = sandbox.NewState(e.library.shared, e.options.Limits, r)
	r.queue.wake = make(chan struct{}, 1)
	return r
}

// load runs the top level of the script, which defines its functions.
func (r *run) load() error {
	r.loading = true
	defer func() { r.loading = false }()
	return r.state.Do(r.script.chunk)
}

// newCall prepares a script to serve a call.
func (e *Engine) newCall(ctx context.Context, g *Generation, s *script, c Call) *run {
	r := e.newRun(g, s)
	r.call, r.ended = c, ctx.Done()
	r.started = time.Now()
	r.ringing.index, r.limit.index = -1, -1
	r.object = e.library.newCall(r)
	return r
}

// log is where the lines of the script go.
func (r *run) log() *slog.Logger {
	if r.logger == nil {
		r.logger = r.newLogger()
	}
	return r.logger
}

func (r *run) newLogger() *slog.Logger {
	log := r.engine.log.With("script", r.script.name, "generation", r.generation.Number)
	if r.call != nil {
		log = log.With("call", r.call.ID())
	}
	return log
}

// callHandler is a log handler that lets the lines of some calls through whatever their level.
type callHandler interface {
	EnabledFor(call string, level slog.Level) bool
}

// logs tells whether lines of a level are written. It makes no logger: most calls write nothing.
func (r *run) logs(level slog.Level) bool {
	if h, ok := r.engine.log.Handler().(callHandler); ok && r.call != nil {
		return h.EnabledFor(r.call.ID(), level)
	}
	return r.engine.log.Enabled(context.Background(), level)
}

// said is what the INVITE said.
func (r *run) said() *Info {
	if r.info == nil {
		info := r.call.Info()
		r.info = &info
	}
	return r.info
}

// serve runs the script from the INVITE to the end of on_hangup.
func (r *run) serve(o *Outcome) {
	defer r.close()
	r.call.Notify(r.queue.push)
	r.conclude(r.protect(r.main), o)
}

// conclude runs what comes after the call, and tells what came of it. It is a function of its own, as dispatch is.
//
//go:noinline
func (r *run) conclude(err error, o *Outcome) {
	if r.failure != nil {
		err = r.failure
	}
	r.settle(err)
	_ = r.protect(func() error { r.lastRites(err); return nil }) // a panic is logged
	r.judge()
	*o = Outcome{
		Script: r.script.name, Generation: r.generation.Number, Ending: r.ending(), Verdict: r.verdict, Vars: r.recorded(), Err: err,
		Used: r.state.Usage(),
	}
}

// close ends what is left of the script.
func (r *run) close() {
	if r.alarm != nil {
		r.alarm.Stop()
	}
	r.state.Close()
}

// Keep shows the sandbox the values of the script that are held here, so that they count as the script's memory.
func (r *run) Keep(visit func(lua.LValue)) {
	if r.vars != nil {
		visit(r.vars)
	}
	for _, v := range r.modules {
		if v != nil {
			visit(v)
		}
	}
	for _, t := range r.timers.scripts {
		visit(t.fn)
	}
	for _, s := range r.subscriptions {
		visit(s.fn)
	}
	for _, fn := range r.deferred {
		visit(fn)
	}
}

// main is the script's own time: the top-level chunk, on_call, then events as long as there is something to wait for.
func (r *run) main() error {
	if err := r.load(); err != nil {
		return err
	}
	onCall, ok := r.handler("on_call")
	if !ok {
		return fmt.Errorf("%s: does not define on_call(call)", r.script.path)
	}
	if r.over() {
		return nil // a CANCEL was faster: on_hangup is all that runs
	}
	if err := r.invoke(onCall, r.object); err != nil {
		return err
	}
	for !r.over() && r.expects() {
		if !r.serveEvent() && !r.serveTimer() {
			r.block(nil, time.Time{})
		}
	}
	return nil
}

// protect makes a panic an error of this call alone.
func (r *run) protect(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log().Error("panic", "error", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return fn()
}
