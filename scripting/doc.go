// Package scripting answers calls with Lua scripts: it loads them as generations, watches their folder, and drives each
// call by what its script says.
//
// It knows no SIP: a call is the Call interface, which the user agent implements and whose methods never block. It sends
// no media itself: it makes media.Source values and hands them to the call. The language and its limits are in
// scripting/sandbox.
//
//	          Load, Watch                        Serve(ctx, script, call)
//	folder ──────────────> Generation ──────────────> run ── verbs ──> Call
//	          read, check,  ▲  (immutable snapshot)     │ <── events ──
//	          compile, dry  │                           └── on_call, handlers, on_hangup
//	          run, swap     └── Rollback: one of the History, as a new one
//
// Goroutines: Serve runs a call's script on the goroutine that calls it, and nothing else ever enters that call's Lua
// state. Watch blocks until its context ends; the goroutines of its file watcher end before it returns. The engine
// starts none of its own.
package scripting
