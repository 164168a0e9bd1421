// Package sandbox runs Lua scripts that nobody has checked: each in a small state of its own, within limits, on top of
// github.com/yuin/gopher-lua.
//
// It compiles (with cures for the upstream compiler's bugs), gives states a base library that is shared and read-only,
// counts what they do, and ends those that do too much. It knows no calls, no files and no clock but time.Now: what
// scripts can do in the world is registered by the embedder, in Options.Globals and through State.SetGlobal.
//
//	Compile ──> Chunk ───────┐ (shared, immutable)
//	NewShared ─> Shared ─────┤
//	                         ▼
//	            NewState ─> State ── Do, Call ──> script ──> the embedder's Go functions (which may block)
//	                                     ▲                        │ Owner, StateOf, Unwind, Spend, Charge
//	                                     └── error ── Error, LimitError, ErrUnwound, InternalError
//
// Goroutines: a State belongs to the goroutine that uses it; Do and Call run the script there and return when it is
// done. The coroutines of a script are goroutines (of iter.Pull), of which exactly one runs at any time, so a Go
// function may block, and a script may yield, anywhere: in pcall, an iterator, a metamethod, a comparison of
// table.sort. They end with their function, or in State.Close, which unwinds and waits for those that are left.
//
// Scripts are ended by a panic that their pcall does not catch. So Go functions called from Lua must not hold a lock
// while they call back into Lua, unless a defer releases it, and must not recover.
package sandbox
