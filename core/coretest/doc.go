// Package coretest is the far end of a core.Server in memory: a Caller places a
// call, keeps every message with its time, and sends and hears RTP; a Scenario is
// a call flow as text that is played against a server. There are no sockets, and
// time is whatever time.Now says, so both run on a virtual clock (testing/synctest)
// as well as on a real one. Nothing here depends on package testing.
//
//	Caller ──Deliver──> core.Server        Caller.Press ──Inject──> media.Engine
//	   ^────transport.Flow────┘               ^──────── Network ────────┘
//
// The Caller reads and writes SIP with a few lines of its own, so that a fault of
// the parser that the server uses does not hide itself.
//
// Goroutines: a Caller has one while it has something to react to (an ACK, the
// 200 to a BYE, a callback); it ends by itself, and Network.Close waits for it.
package coretest
