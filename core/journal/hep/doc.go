// Package hep sends SIP messages to Homer, and others who speak the Homer Encapsulation Protocol 3, over UDP. Append makes the
// packets, from values alone. A Sender's goroutine sends them: who has a message hands it over and never waits.
//
//	core ── Trace ──> Sender.Send ──(bounded queue)──> goroutine ── mask, Append, UDP ──> Homer
package hep
