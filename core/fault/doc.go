// Package fault decides what goes wrong on purpose with the messages of one call: which of those that we send are dropped,
// delayed, doubled or edited, and which of those that come are taken as if they had not. It works on bytes, has no clock,
// no lock and no goroutine: core/transaction asks a Set with the call's shard locked, and does what it says.
//
//	core.Call.Fault ──Arm──> Set <──Send, Ignores── transaction.Shard ──> flow
//
// The state machines above know nothing of it: what a rule drops they have sent, what it ignores has not come.
package fault
