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
// A call is what its handler holds on to, not one dialog: when the peer transfers us
// (REFER, see following), the call goes on in the dialog of a new INVITE of ours, with
// the media session and all that plays, as a person does whom a telephone transfers.
// A new call for the new far end would begin its script anew. An INVITE that asks to
// take the place of a call (Replaces) is a new call, for it is the caller's doing and
// the script may want to know who it is now; the old one ends as hung up by its caller.
//
// Goroutines: one for each call, which runs the Handler and ends when it
// returns, after the call has ended. Close ends all calls and waits for them.
package core
