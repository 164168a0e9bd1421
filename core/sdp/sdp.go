package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"offhook/media"
)

// Capabilities are what we can agree on.
type Capabilities struct {
	Codecs []media.Codec // allowed ones; the caller's order decides among them, ours when we offer
	DTMF   bool          // telephone-event (RFC 4733)
	Ptime  time.Duration // that we offer; 0: 20 ms
	SRTP   SRTP
}

// Local is our side of a description.
type Local struct {
	Address netip.Addr
	Port    int
	ID      uint64          // of the o= line, the same for the whole dialog
	Version uint64          // of the o= line, one more with each description that differs
	Refused uint64          // highest version of an offer that was refused: not used again
	Hold    bool            // we take nothing from the peer: it is on hold (RFC 3264 §8.4)
	Secret  media.MasterKey // random octets of any number that SRTP keys are made from, the same for the whole dialog
}

// next is l with a version that no description has had.
func (l Local) next() Local {
	l.Version = max(l.Version, l.Refused) + 1
	return l
}

// Negotiated is what an offer and its answer agreed on, as seen from here.
type Negotiated struct {
	Remote          netip.AddrPort // where RTP goes
	RemoteRTCP      netip.AddrPort // where RTCP goes (RFC 3605); the zero value: one port above Remote
	Codec           media.Codec
	PayloadType     uint8              // to send Codec with: the peer's number
	DTMFPayloadType uint8              // of telephone-event at the clock rate of Codec; 0: not agreed
	Offered         media.PayloadTypes // our numbers of the two, which the peer sends with; zero: its own
	Ptime           time.Duration      // that the peer wants to receive
	Send, Receive   bool
	Hold            bool // the peer took away our direction to send
	Mux             bool // RTCP on the RTP port (RFC 5761)
	Crypto          media.Crypto

	cryptoTag int // of the peer's a=crypto line
}

// ErrNoCommonCodec says that no stream of an offer can be answered.
var ErrNoCommonCodec = errors.New("no common codec")

// SyntaxError says what is wrong with a description.
type SyntaxError struct{ Problem string }

func (e *SyntaxError) Error() string { return "session description: " + e.Problem }

func syntaxError(format string, args ...any) error {
	return &SyntaxError{fmt.Sprintf(format, args...)}
}

// dtmfEvents are the events we take: the digits, *, #, A to D (RFC 4733 §3.2).
const dtmfEvents = "0-15"

// dtmfPayloadType is the number we offer telephone-event with; those after it are for further clock rates.
const dtmfPayloadType = 101

const (
	shortestPtime = 10 * time.Millisecond
	longestPtime  = 60 * time.Millisecond
	usualPtime    = 20 * time.Millisecond
)
