package transaction

// nextClientInvite is the INVITE client transaction of RFC 3261 figure 5 with RFC 6026 figure 7. Pairs without an
// entry change nothing.
//
//	state       | 1xx              | 2xx            | 300–699                 | A      | B                     | D, M
//	------------+------------------+----------------+-------------------------+--------+-----------------------+------------
//	calling     | pass, proceeding | pass, accepted | ACK and pass, completed | repeat | timed out, terminated |
//	proceeding  | pass             | pass, accepted | ACK and pass, completed |        | timed out, terminated |
//	completed   |                  |                | ACK                     |        |                       | terminated
//	accepted    |                  | pass           |                         |        |                       | terminated
//
// In proceeding, B is the 64·T1 that a cancelled INVITE is given to end (RFC 3261 §9.1); without a CANCEL no timer
// runs there. A transport error is no event: Send itself returns the first copy's, and a copy that cannot be sent
// counts as lost.
func nextClientInvite(s state, e event) (state, action) {
	switch s {
	case calling, proceeding:
		switch e {
		case provisional:
			return proceeding, pass
		case success:
			return accepted, pass
		case failure:
			return completed, sendACK | pass
		case timerTimeout:
			return terminated, timedOut
		case timerRetransmit:
			if s == calling {
				return s, repeat
			}
		}
	case completed:
		switch e {
		case failure:
			return s, sendACK
		case timerEnd:
			return terminated, nothing
		}
	case accepted:
		switch e {
		case success:
			return s, pass
		case timerEnd:
			return terminated, nothing
		}
	}
	return s, nothing
}
