package transaction

// nextServerInvite is the INVITE server transaction of RFC 3261 figure 7 with RFC 6026 figure 5. Pairs without an
// entry change nothing; a status without "send" is refused.
//
//	state       | INVITE  | 1xx  | 2xx            | 300–699         | ACK         | G      | H            | I, L
//	------------+---------+------+----------------+-----------------+-------------+--------+--------------+-------------
//	proceeding  | repeat  | send | send, accepted | send, completed |             |        |              |
//	completed   | repeat  |      |                |                 | confirmed   | repeat | terminated   |
//	confirmed   |         |      |                |                 |             |        |              | terminated
//	accepted    |         |      | send           |                 | pass        |        |              | terminated
//
// In accepted a copy of the INVITE is absorbed without an answer (RFC 6026 §7.1): the TU repeats the 2xx. An ACK
// with the INVITE's own branch, as RFC 2543 elements and some others send it for a 2xx, is the TU's.
func nextServerInvite(s state, e event) (state, action) {
	switch s {
	case proceeding:
		switch e {
		case requestCopy:
			return s, repeat
		case provisional:
			return s, send
		case success:
			return accepted, send
		case failure:
			return completed, send
		}
	case completed:
		switch e {
		case requestCopy, timerRetransmit:
			return s, repeat
		case ackRequest:
			return confirmed, nothing
		case timerTimeout:
			return terminated, nothing
		}
	case confirmed:
		if e == timerEnd {
			return terminated, nothing
		}
	case accepted:
		switch e {
		case success:
			return s, send
		case ackRequest:
			return s, pass
		case timerEnd:
			return terminated, nothing
		}
	}
	return s, nothing
}
