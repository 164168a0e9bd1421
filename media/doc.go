// Package media runs RTP sessions (RFC 3550, RFC 3551): it opens their ports, sends what a Source gives, measures what
// comes in and reports by RTCP. It protects both by SRTP (RFC 3711) with keys that others agree on, finds out where the far
// end really is, and can play a bad network.
//
// It knows nothing of SIP, SDP or scripts, and mixes no sound.
//
//	Open ──> Session ── Play, SendDTMF, Configure ──> sender ──┐        ┌──> outbox ──> postman ──> socket (or deliver)
//	            │                                              shard ───┤
//	            ├── Stats, Event, Capture <── receiver, rtcp ──┤        └─── socket (or Inject)
//	            └── Record, Echo, Listen  <── jitter buffer <──┘
//	                   └──> crew: files, measurements
//
// Protocol logic (sender, receiver, reports) is pure: bytes and an instant in, bytes and values out. Two drivers run it:
// the shards (shard.go), and the virtual driver, ordinary timers for tests in a testing/synctest bubble (virtual.go).
//
// A shard is a goroutine that serves sessions at absolute deadlines. On Linux it makes the packets of a stream 40 ms before they
// are due, and its postman, a thread that Go's scheduler and collector know nothing of, sends them when they are
// (outbox_linux.go): so neither a busy script nor a collection is heard. What is stopped, interrupted or held meanwhile is
// taken back (recall.go). The goroutines are the shards': the first session starts them, Engine.Close
// ends them and waits. So are a few more, the crew's, from the first recording on: they do what a pacing thread must not, and a slow
// disk costs a recording, never the pace. A session has no goroutine, no timer and no ticker of its own, and a packet costs no allocation.
package media
