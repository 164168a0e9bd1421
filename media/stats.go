package media

import "time"

// Stats is what a session sent and received so far.
type Stats struct {
	Sent     Sent
	Received Reception
	// RoundTrip is the latest round trip that RTCP reports tell (RFC 3550 §6.4.1); 0 = unknown.
	RoundTrip time.Duration
	// RemoteLost and RemoteJitter are the far end's latest report about what we send.
	RemoteLost   int64
	RemoteJitter time.Duration
}

// Sent counts what left the session.
type Sent struct {
	Packets uint64
	Bytes   uint64 // payload octets, without headers and padding: the sender's octet count of RFC 3550 §6.4.1
	Skipped uint64 // frames left out because the pacer woke more than three frames late
	Errors  uint64 // packets that the kernel refused to send
	Reports uint64 // RTCP packets sent
}

// Reception counts what came in, over all synchronisation sources that the session heard.
type Reception struct {
	Packets uint64
	Bytes   uint64        // payload octets
	Lost    int64         // RFC 3550 §A.3: expected less received; negative when packets were duplicated
	LossPct float64       // Lost in percent of the packets expected; never negative
	Jitter  time.Duration // RFC 3550 §A.8, of the current source
	Invalid uint64        // datagrams that were not RTP, or RTP of a source that is not yet valid (RFC 3550 §A.1)
	Reports uint64        // RTCP packets received
	Last    time.Time     // arrival of the latest valid packet; zero = none came
}
