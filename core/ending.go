package core

import (
	"errors"
	"time"
)

// Causes with which the context of a call is cancelled.
var (
	ErrRemoteHangup = errors.New("the peer hung up")
	ErrCancelled    = errors.New("the caller gave up")
	ErrLocalHangup  = errors.New("hung up")
	ErrNoAck        = errors.New("no ACK came for the 200")
	ErrLimit        = errors.New("the call reached its longest duration")
	ErrMediaTimeout = errors.New("no RTP came")
	ErrHandler      = errors.New("the handler failed")
	ErrOperator     = errors.New("an operator hung up")
	ErrShutdown     = errors.New("the server shut down")
	ErrRefused      = errors.New("the peer refused") // outgoing calls
)

// What can be wrong with a method of a call.
var (
	ErrEnded         = errors.New("the call has ended")
	ErrAnswered      = errors.New("the call is answered")
	ErrNotAnswered   = errors.New("the call is not answered")
	ErrNoCommonCodec = errors.New("no common codec")
	ErrNoMedia       = errors.New("the call has no media session")
	ErrStatus        = errors.New("status code is out of range")
	ErrURI           = errors.New("not a URI")
)

// Ending is how a call ended.
type Ending struct {
	Cause    error         // one of the causes; nil while the call goes on
	Code     int           // final response to the INVITE
	Reason   string        // text of the Reason header field (RFC 3326) or phrase of the final response
	Q850     int           // its cause of Q.850; 0: none
	Duration time.Duration // from the 200 to the end; 0 when not answered
}

// By names who or what ended the call, as scripts and records do.
func (e Ending) By() string {
	switch e.Cause {
	case ErrRemoteHangup:
		return "caller"
	case ErrCancelled:
		return "cancel"
	case ErrNoAck:
		return "no_ack"
	case ErrLimit:
		return "limit"
	case ErrMediaTimeout:
		return "media_timeout"
	case ErrHandler:
		return "error"
	case ErrOperator:
		return "operator"
	case ErrShutdown:
		return "shutdown"
	}
	return "script"
}
