package digest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A nonce proves by itself that we made it, for which realm and when; nothing is
// kept for one that nobody answers:
//
//	base64url( milliseconds since 1970, 8 bytes | random, 8 bytes | HMAC-SHA256 of both and the realm, 16 bytes )
const nonceSize, nonceSum = 32, 16

// nonceID tells nonces apart.
type nonceID [16]byte

func (id nonceID) made() time.Time { return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]))) }

// newNonce makes a nonce for a realm.
func (s *Server) newNonce(now time.Time, realm string) string {
	var id nonceID
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixMilli()))
	rand.Read(id[8:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(s.signed(id, realm))
}

// readNonce is false for a nonce that we have not made.
func (s *Server) readNonce(nonce, realm string) (id nonceID, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceSize {
		return id, false
	}
	copy(id[:], b)
	return id, hmac.Equal(b, s.signed(id, realm))
}

// signed is a nonce as bytes.
func (s *Server) signed(id nonceID, realm string) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write(id[:])
	h.Write([]byte(realm))
	return append(id[:len(id):len(id)], h.Sum(nil)[:nonceSum]...)
}
