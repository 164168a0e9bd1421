// Package core is the user agent server (RFC 3261): it takes INVITEs, gives
// each call to a Handler on a goroutine of its own, and keeps the dialog, the
// offer and answer, the retransmissions and the media session of the call true
// while the handler decides what happens next. It knows no scripts.
//
//	transport ──> transaction ──> Server (transaction.User) ──> Call ──> media.Session
//	              (shard locked)     one file for each verb        ^
//	                                                               | Ring, Answer, Play, Hangup …
//	                                               Handler.ServeCall(ctx, call), its own goroutine
//
// A call lives in the shard of its Call-ID, and that shard's lock is the call's
// lock: messages, timers and the methods of Call change it one at a time, so a
// race such as CANCEL against 200 is decided once. No method of Call blocks;
// what takes time is waited for on a channel (Confirmed, Done of a playback or of a
// request on its way, the context of the call) or reported as an Event.
//
// Goroutines: one for each call, which runs the Handler and ends when it
// returns, after the call has ended. Close ends all calls and waits for them.
package core
