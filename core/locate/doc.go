// Package locate finds the servers of a SIP URI (RFC 3263).
//
//	host, port, transport ──> a number? ────────────────────────────────────> address
//	                          a port?   ──────────────────> A, AAAA ────────> addresses
//	                          else      NAPTR ──> SRV ────> A, AAAA ────────> addresses, best first
//	                                      └ none ─> SRV of each transport
//	                                                  └ none ─> A, AAAA
//
// What it does: asks the servers of /etc/resolv.conf for NAPTR and SRV records,
// and the system for addresses, so that /etc/hosts and search domains count;
// orders by priority and, anew each time, by weight (RFC 2782); keeps what it
// learnt as long as its TTL says, within limits; bounds how many look-ups run at
// once, because a peer chooses the names. It connects to nothing: failover is
// the caller's, who gets all servers.
//
// It starts no goroutine and blocks up to the deadline of its context, so it
// must not be called with a shard locked; Known is for there.
package locate
