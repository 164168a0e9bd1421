// Package journal keeps what happened in each call, in order: SIP messages with their bytes, states, what the script did and
// on which line, what was sent and heard, marks, verdicts and errors. The call record, the ladder, the console and the trace
// files are views of it. It knows neither SIP transactions nor Lua: who does writes here what there is to tell.
//
//	core ── messages, states, media ──┐
//	scripting ── verbs, lines, marks ─┼─> Journal, one per call ─ Store ─┬─ List, Get, Subscribe: console, offhook calls
//	                                  │   (bounded; its own mutex)       └─ Options.Ended: record
//
// A Journal is written from any goroutine and never waits. Ended calls are kept until newer ones take their place. The
// package starts no goroutine.
package journal
