// Package scripttest runs tests of call scripts: Lua files NAME_test.lua beside the scripts, which place calls and say what
// the caller must see and hear.
//
// Nothing is mocked on the server's side. A test has a scripting.Engine and a World, which is a real user agent server with
// callers in memory; what is virtual is time. Each test runs in a testing/synctest bubble of its own, whose clock moves on
// when all its goroutines wait, so that a call of 30 seconds takes milliseconds, and always the same way.
//
//	NAME_test.lua ──> test(name, fn) ──> bubble: sandbox.State ── t:call ──> World ── INVITE … RTP ──┐
//	                                        ^                                                      v
//	                   Result, timeline <── conversation <── Listener ── messages, RTP, script ── server
//
// Goroutines: Run has as many as tests run at once, and waits for them. A test's own goroutine runs its Lua state, and nothing
// else does; those of the server, the callers and the scripts have ended when its bubble ends.
package scripttest
