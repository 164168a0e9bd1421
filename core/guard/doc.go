// Package guard decides which messages a server on the open Internet has to do
// with at all: by where they come from, how many, and what sends them.
//
//	source ──> denied? ──> trusted? ──────────────────────────> pass
//	                          └──> allowed? ──> banned? ──> rate ──> scanner? ──> pass
//	                                               ^                    │
//	                                               └──── a ban ─────────┴── suspicious too often
//
// And it tells, by how long work waits, whether there is time for more of it (Load).
//
// Sources of datagrams can be forged at will, so no table here grows with them:
// rates and suspicions live in tables of fixed size, bans in one with a cap, and
// networks that the operator trusts are never banned, whatever comes in their name.
//
// The package is pure: it starts no goroutine, opens no socket and has no clock.
// All its methods may be called from any goroutine.
package guard
