package scripting

import (
	"context"
	"io/fs"
	"log/slog"
)

// Options configure an Engine.
type Options struct {
	// Dir is the folder of the scripts.
	Dir string
	// FS holds the scripts to begin with when Dir does not exist.
	FS fs.FS
	// Sounds is the folder that call:play may read; "" = none.
	Sounds string
	// Config answers config.get in the script of that name; nil = nothing is configured.
	Config func(script, key string) (value any, ok bool)
	// ErrorCode is the final response when a script fails before it answered; 0 = 500.
	ErrorCode int
	// Log gets the lines of scripts and of the engine; nil = nowhere.
	Log *slog.Logger
}

// Engine holds the current generation of the scripts and serves calls with them.
type Engine struct{}

// New makes an engine. It has no scripts until Load was called.
func New(o Options) (*Engine, error) { panic("scripting: not yet") }

// Load reads, compiles and tries the scripts, and makes them the current generation. When anything about them is wrong
// the current generation stays, and the error has file:line:column. Scripts that did not change stay the generation they are.
func (e *Engine) Load(ctx context.Context) (*Generation, error) { panic("scripting: not yet") }

// Watch loads the scripts whenever their folder changes, until ctx ends. It returns nil then; it returns at once, with
// an error, when there is no folder to watch.
func (e *Engine) Watch(ctx context.Context) error { panic("scripting: not yet") }

// Generation is the current one, nil before the first Load.
func (e *Engine) Generation() *Generation { panic("scripting: not yet") }

// Serve runs a script for one call, on the calling goroutine, until the call has ended and on_hangup has run. The call
// has always ended when it returns. ctx is done when the call has ended.
func (e *Engine) Serve(ctx context.Context, script string, c Call) Outcome {
	panic("scripting: not yet")
}

// Close runs on_unload of the current generation. All calls have ended before.
func (e *Engine) Close() error { panic("scripting: not yet") }

// Outcome is what came of a call, from the script's side.
type Outcome struct {
	Script     string
	Generation uint64
	Ending     Ending
	Err        error // the script failed; nil otherwise. It has file:line.
}
