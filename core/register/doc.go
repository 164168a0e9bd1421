// Package register decides when to REGISTER, where and for how long (RFC 3261
// §10.2, RFC 5626 §4.5). It is pure: what came of an attempt and the time go in,
// what to do next comes out. It opens nothing, waits for nothing and knows no
// messages; core sends and waits.
//
//	           2xx                          2xx: before it runs out, again
//	Trying ───────────> Registered ─┬───────────────────────> Registered
//	 │  ^                           │ failure: the next registrar at once, after the last of the list a wait
//	 │  └── the wait is over        v
//	 └─ failure ──> Failed <──(the binding has run out)── Registered
package register
