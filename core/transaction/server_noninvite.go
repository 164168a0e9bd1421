package transaction

// nextServerNonInvite is the non-INVITE server transaction of RFC 3261 figure 8. Pairs without an entry change
// nothing; a status without "send" is refused.
//
//	state       | copy    | 1xx              | 2xx, 300–699    | timeout      | J
//	------------+---------+------------------+-----------------+--------------+------------
//	trying      |         | send, proceeding | send, completed | terminated   |
//	proceeding  | repeat  | send             | send, completed | terminated   |
//	completed   | repeat  |                  |                 |              | terminated
//
// The timeout ends a request that the TU has not answered in 64·T1: the client has given up and an answer would
// only do harm (RFC 4320 §4.2).
func nextServerNonInvite(s state, e event) (state, action) {
	switch s {
	case trying, proceeding:
		switch e {
		case requestCopy:
			if s == proceeding {
				return s, repeat
			}
		case provisional:
			return proceeding, send
		case success, failure:
			return completed, send
		case timerTimeout:
			return terminated, nothing
		}
	case completed:
		switch e {
		case requestCopy:
			return s, repeat
		case timerEnd:
			return terminated, nothing
		}
	}
	return s, nothing
}
