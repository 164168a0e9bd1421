package transaction

// nextClientNonInvite is the non-INVITE client transaction of RFC 3261 figure 6. Pairs without an entry change
// nothing.
//
//	state       | 1xx              | 2xx, 300–699     | E      | F
//	------------+------------------+------------------+--------+----------------------
//	trying      | pass, proceeding | pass, terminated | repeat | timed out, terminated
//	proceeding  | pass             | pass, terminated | repeat | timed out, terminated
//
// Completed and Timer K are left out: all they do is to absorb copies of the final response, and a response that
// matches no transaction is dropped as well.
func nextClientNonInvite(s state, e event) (state, action) {
	if s != trying && s != proceeding {
		return s, nothing
	}
	switch e {
	case provisional:
		return proceeding, pass
	case success, failure:
		return terminated, pass
	case timerRetransmit:
		return s, repeat
	case timerTimeout:
		return terminated, timedOut
	}
	return s, nothing
}
