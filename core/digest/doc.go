// Package digest is the arithmetic of SIP digest authentication (RFC 3261 §22,
// RFC 7616, RFC 8760) for both ends: values in, values out. It knows no messages,
// opens nothing and starts nothing; the time is an argument.
//
//	401, WWW-Authenticate: SHA-512-256     <── Server.Challenges
//	     WWW-Authenticate: SHA-256
//	     WWW-Authenticate: MD5
//	Client.Answer ──> Authorization: …     ──> Server.Verify: Right, Stale, Replayed, Wrong
//
// The response values are computed by github.com/icholy/digest; header fields
// are read here, because peers write them in more ways than that library takes.
// MD5-sess is not spoken.
package digest
