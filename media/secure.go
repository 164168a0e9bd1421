package media

import (
	"errors"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// replayWindow is how far back a packet may come late, in packets; RFC 3711 §3.3.2 wants 64 or more.
const replayWindow = 128

// errNoKey keeps packets from leaving in the clear when the keys are unusable.
var errNoKey = errors.New("no SRTP key")

// secure protects the packets of one session by SRTP. It is used with the session's lock held.
type secure struct {
	crypto  Crypto
	out, in *srtp.Context // nil: the key is unusable, and nothing passes
	rtp     rtp.Header    // scratch
	rtcp    rtcp.Header
	sealed  [inboxOctets]byte
}

// newSecure makes what protects by c; nil for plain RTP. What before did with the same key goes on, so that packets are
// counted on and no key stream is used twice.
func newSecure(c Crypto, before *secure) *secure {
	if c.Suite == NoSuite {
		return nil
	}
	s := &secure{crypto: c}
	if before != nil && before.crypto.Suite == c.Suite {
		if before.crypto.Send == c.Send {
			s.out = before.out
		}
		if before.crypto.Receive == c.Receive {
			s.in = before.in
		}
	}
	if s.out == nil {
		s.out = newContext(c.Suite, c.Send)
	}
	if s.in == nil {
		s.in = newContext(c.Suite, c.Receive, srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	}
	return s
}

// newContext is nil for a key of the wrong length.
func newContext(suite Suite, key MasterKey, o ...srtp.ContextOption) *srtp.Context {
	if len(key) != suite.KeyLen() {
		return nil
	}
	a := suites[suite]
	c, err := srtp.CreateContext([]byte(key[:a.key]), []byte(key[a.key:]), a.profile, o...)
	if err != nil {
		return nil
	}
	return c
}

// sealRTP encrypts a packet. The result is valid until the next call.
func (s *secure) sealRTP(b []byte) ([]byte, error) {
	if s.out == nil {
		return nil, errNoKey
	}
	return s.out.EncryptRTP(s.sealed[:0], b, &s.rtp)
}

func (s *secure) sealRTCP(b []byte) ([]byte, error) {
	if s.out == nil {
		return nil, errNoKey
	}
	return s.out.EncryptRTCP(s.sealed[:0], b, &s.rtcp)
}

// openRTP decrypts a packet in place. It refuses what is not authentic, or comes again.
func (s *secure) openRTP(b []byte) ([]byte, bool) {
	if s.in == nil {
		return nil, false
	}
	b, err := s.in.DecryptRTP(b, b, &s.rtp)
	return b, err == nil
}

func (s *secure) openRTCP(b []byte) ([]byte, bool) {
	if s.in == nil {
		return nil, false
	}
	b, err := s.in.DecryptRTCP(b, b, &s.rtcp)
	return b, err == nil
}

// sendRTP protects a packet, if that was agreed, and sends it when it is due.
func (s *Session) sendRTP(b []byte, due instant) (err error) {
	if s.tap != nil {
		remote, _ := s.destinations()
		at := time.Now()
		if due != 0 {
			at = at.Add(due.sub(s.driver.now()))
		}
		s.tap(Tapped{b, true, remote, at})
	}
	if s.secure != nil {
		if b, err = s.secure.sealRTP(b); err != nil {
			return err
		}
	}
	return s.convey(b, due)
}

func (s *Session) sendRTCP(b []byte) (err error) {
	if s.secure != nil {
		if b, err = s.secure.sealRTCP(b); err != nil {
			return err
		}
	}
	if s.params.Mux {
		return s.wire.sendRTP(b, 0)
	}
	return s.wire.sendRTCP(b)
}

// open undoes what protects a received packet; false: it is to be dropped.
func (s *Session) open(b []byte, control bool) ([]byte, bool) {
	if s.secure == nil {
		return b, true
	}
	ok := false
	if control {
		b, ok = s.secure.openRTCP(b)
	} else {
		b, ok = s.secure.openRTP(b)
	}
	if !ok {
		s.unauthentic++
	}
	return b, ok
}
