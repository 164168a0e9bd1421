package scripting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"offhook/media"
	"offhook/scripting/hours"
	"offhook/scripting/route"
	"offhook/scripting/sandbox"
)

// Options configure an Engine.
type Options struct {
	// Dir is the folder of the scripts.
	Dir string
	// FS holds the scripts to begin with when Dir does not exist.
	FS fs.FS
	// Sounds is the folder that call:play may read; "" = none.
	Sounds string
	// SoundsFS holds the sounds that Sounds lacks; nil = none.
	SoundsFS fs.FS
	// Recordings is the folder that recordings go to, made with the first of them; "" = none.
	Recordings string
	// Config answers config.get in the script of that name; nil = nothing is configured.
	Config func(script, key string) (value any, ok bool)
	// Limits of what a script may use; the zero value is sandbox's default.
	Limits sandbox.Limits
	// ErrorCode is the final response when a script fails before it answered; 0 = 500.
	ErrorCode int
	// HTTP makes the requests of http.get and http.post; nil = a client that no host is allowed to.
	HTTP HTTP
	// Store keeps the values of kv; nil = in memory, until the engine is gone. Whoever made it closes it, after Engine.Close.
	Store Store
	// Metrics takes the figures of metrics.inc and metrics.observe; nil = they go nowhere.
	Metrics Metrics
	// EnvAllow names the environment variables that env.get may read: "TZ", or "APP_*" for all that begin so.
	EnvAllow []string
	// Environ looks an environment variable up; nil = os.LookupEnv.
	Environ func(name string) (value string, ok bool)
	// Now is the wall clock of time.now, time.match and time.format; nil = time.Now. Verbs and timers do not ask it.
	Now func() time.Time
	// Check has the last word on new scripts that have passed all other checks: their own tests, perhaps. scripts holds their
	// files, tests included. nil = no more checks. An error, which may be Findings, refuses the scripts.
	Check func(ctx context.Context, scripts fs.FS) error
	// AllowImpair lets scripts spoil the RTP of their calls with call:impair.
	AllowImpair bool
	// AllowFaults lets scripts spoil the messages of their calls with call:fault and send others with call:send_raw.
	AllowFaults bool
	// Observe learns of what scripts do in calls, in order, on the goroutine of each call; nil = nobody does.
	Observe func(Observation)
	// ObserveVerbs leaves out the functions that stay within the script, as json.decode: a script may call those often.
	ObserveVerbs bool
	// Log gets the lines of scripts and of the engine; nil = nowhere.
	Log *slog.Logger
}

// Engine holds the current generation of the scripts and serves calls with them.
type Engine struct {
	options Options
	log     *slog.Logger
	library *library
	words   *vocabulary // of the static checks; nil = none, in tests of what happens in calls
	sounds  *sounds

	// Of all calls: what was compiled, the metrics that cannot be taken, and what is done for calls that do not wait for it any more.
	regexps    memo[boundedRegexp]
	hours      memo[hours.Spec]
	zones      memo[*time.Location]
	rules      memo[*route.Table]
	badMetrics sync.Map // name → true
	awaited    sync.WaitGroup

	loading sync.Mutex // one Load or Rollback at a time
	seen    snapshot   // what the folder held when it was looked at last; under loading
	missed  string     // why it could not be read, when Watch looked last; under loading

	mu      sync.Mutex
	current *Generation
	history []Record // the oldest first
	refused snapshot // the last that was
	changes Changes
}

// New makes an engine. It has no scripts until Load was called.
func New(o Options) (*Engine, error) {
	if o.Dir == "" && o.FS == nil {
		return nil, fmt.Errorf("scripting: neither a folder nor embedded scripts")
	}
	o = o.withDefaults()
	o.ErrorCode = cmp.Or(o.ErrorCode, 500)
	if o.ErrorCode < 400 || o.ErrorCode > 699 {
		return nil, fmt.Errorf("scripting: error code %d is not a final SIP error", o.ErrorCode)
	}
	ref := NewReference()
	library, err := newLibrary(ref)
	if err != nil {
		return nil, fmt.Errorf("scripting: %w", err)
	}
	e := &Engine{options: o, log: o.Log, library: library, words: newVocabulary(ref, library.shared)}
	e.sounds = &sounds{folder(o.Sounds), o.SoundsFS, folder(o.Recordings), media.NewCache(0), newDownloads(o.HTTP, &e.awaited)}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// Generation is the current one, nil before the first Load.
func (e *Engine) Generation() *Generation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.current
}

// Serve runs a script for one call, on the calling goroutine, until the call has ended and on_hangup has run. The call
// has always ended when it returns. ctx is done when the call has ended.
func (e *Engine) Serve(ctx context.Context, name string, c Call) Outcome {
	return e.Route(ctx, func(*Generation) string { return name }, c)
}

// Route is Serve with the script that pick chooses, from the generation that will run it. When pick returns "" there is
// no script for the call, which gets a 404; one that does not exist is a mistake of ours.
func (e *Engine) Route(ctx context.Context, pick func(*Generation) string, c Call) (o Outcome) {
	g := e.acquire()
	defer e.release(g)
	if r := e.dispatch(ctx, g, pick, c, &o); r != nil {
		r.serve(&o)
	}
	return o
}

// dispatch prepares the script that pick chooses; nil = none serves the call, which is refused. g may be nil. It is a function of its
// own, as what it needs of the stack is gone when the script waits.
//
//go:noinline
func (e *Engine) dispatch(ctx context.Context, g *Generation, pick func(*Generation) string, c Call, o *Outcome) *run {
	if g == nil {
		c.Serving("", 0)
		*o = e.refuse(c, nil, "", e.options.ErrorCode, errors.New("no scripts are loaded"))
		return nil
	}
	name := pick(g)
	c.Serving(name, g.Number)
	switch {
	case name == "":
		*o = e.refuse(c, g, name, 404, errors.New("no script answers this call"))
	case !g.Has(name):
		*o = e.refuse(c, g, name, e.options.ErrorCode, fmt.Errorf("generation %d has no script %q", g.Number, name))
	default:
		return e.newCall(ctx, g, g.scripts[name], c)
	}
	return nil
}

// refuse ends a call that no script serves; g may be nil.
func (e *Engine) refuse(c Call, g *Generation, name string, code int, err error) Outcome {
	info := c.Info()
	level := slog.LevelError
	if code == 404 {
		level = slog.LevelWarn // the caller's mistake
	}
	log := e.log.With("call", c.ID(), "script", name, "generation", number(g))
	log.Log(context.Background(), level, "call refused", "to", info.RequestURI.User, "status", code, "error", err)
	if err := c.Reject(code, "", nil); err != nil && !errors.Is(err, ErrEnded) {
		log.Error("reject", "code", code, "error", err)
	}
	return Outcome{Script: name, Generation: number(g), Ending: c.Ending(), Err: err}
}

// Close runs on_unload of the current generation and waits for what scripts began and left: a write to the store, say. All
// calls have ended before.
func (e *Engine) Close() error {
	e.swap(nil)
	e.awaited.Wait()
	return nil
}

// acquire returns the current generation for a call, which gives it back with release.
func (e *Engine) acquire() *Generation {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil {
		e.current.users++
	}
	return e.current
}

func (e *Engine) release(g *Generation) {
	if g == nil {
		return
	}
	e.mu.Lock()
	g.users--
	last := g.retired && g.users == 0
	e.mu.Unlock()
	if last {
		e.unload(g)
	}
}

// swap makes g the current generation. The one before ends with its last call.
func (e *Engine) swap(g *Generation) {
	e.mu.Lock()
	old := e.current
	e.current = g
	last := false
	if old != nil {
		old.retired = true
		last = old.users == 0
	}
	e.mu.Unlock()
	if last {
		e.unload(old)
	}
}

func (e *Engine) unload(g *Generation) {
	if _, err := e.once(context.Background(), g, g.all(), "on_unload"); err != nil {
		e.log.Error("script failed", "generation", g.Number, "error", err)
	}
}

// Outcome is what came of a call, from the script's side.
type Outcome struct {
	Script     string
	Generation uint64
	Ending     Ending
	Verdict    Verdict
	Vars       map[string]any // what the script left in call.vars: strings, numbers (float64) and booleans
	Used       sandbox.Usage  // time and memory; zero when no script ran
	Err        error          // the script failed; nil otherwise. It has file:line.
}
