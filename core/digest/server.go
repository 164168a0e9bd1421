package digest

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/icholy/digest"
)

// Verdict is what Verify finds.
type Verdict uint8

// The verdicts. All but Right are answered with a challenge, Stale and Replayed
// with stale=true: the client has the password and need not ask its user again.
const (
	Missing  Verdict = iota // no credentials for this realm
	Right                   // of the user, fresh, and not seen before
	Stale                   // right, but for a nonce that is too old
	Replayed                // right, but the nonce count was used before
	Wrong                   // unknown user, wrong password, a nonce of somebody else, or not to be read
)

func (v Verdict) String() string {
	return [...]string{"no credentials", "right", "stale nonce", "replayed", "wrong credentials"}[v]
}

// User is one who may authenticate, with what stands for the password by algorithm.
type User struct {
	Name, Realm string
	HA1         map[Algorithm]string // hex
}

// NewUser is a user with a password, for algorithms.
func NewUser(name, realm, password string, algorithms []Algorithm) User {
	u := User{name, realm, map[Algorithm]string{}}
	for _, a := range algorithms {
		u.HA1[a] = a.HA1(name, realm, password)
	}
	return u
}

// nonceLife is how long a nonce is good for.
const nonceLife = 5 * time.Minute

// maxNonces bounds what is remembered of nonces that were used. Only who has a
// password makes an entry.
const maxNonces = 4096

// Server challenges and verifies. Its methods may be called from any goroutine.
type Server struct {
	key    [32]byte
	opaque string

	mu    sync.Mutex
	used  map[nonceID]*window
	order []nonceID // of used, the oldest first
	lost  time.Time // nonces made until then may have been forgotten
}

// NewServer makes a Server with a key of its own: no other one takes its nonces.
func NewServer() *Server {
	s := &Server{used: map[nonceID]*window{}}
	rand.Read(s.key[:]) // it never fails
	var opaque [8]byte
	rand.Read(opaque[:])
	s.opaque = hex.EncodeToString(opaque[:])
	return s
}

// Challenges are the values of the WWW-Authenticate header fields of a 401, one for
// each algorithm of the user, the strongest first (RFC 8760 §2.3).
func (s *Server) Challenges(now time.Time, u User, stale bool) []string {
	var values []string
	nonce := s.newNonce(now, u.Realm)
	for _, a := range strongest {
		if u.HA1[a] != "" {
			c := digest.Challenge{Realm: u.Realm, Nonce: nonce, Opaque: s.opaque, Stale: stale, Algorithm: a.String(), QOP: []string{"auth"}}
			values = append(values, c.String())
		}
	}
	return values
}

// Verify looks at the values of the Authorization header fields of a request. It
// takes the same time for an unknown user as for a wrong password. The digest-uri
// may differ from the Request-URI, which proxies rewrite (RFC 3261 §22.4); a copy of
// credentials on another request is caught by their nonce count.
func (s *Server) Verify(now time.Time, u User, method string, body []byte, authorization []string) Verdict {
	verdict := Missing
	for _, value := range authorization {
		p, err := parameters(value)
		if err == errScheme || err == nil && p["realm"] != u.Realm {
			continue
		}
		if verdict = Wrong; err == nil {
			verdict = s.verify(now, u, method, body, p)
		}
		if verdict == Right {
			break
		}
	}
	return verdict
}

// UserOf is the name in the first credentials for a realm.
func UserOf(realm string, authorization []string) string {
	for _, value := range authorization {
		if p, err := parameters(value); err == nil && p["realm"] == realm {
			return p["username"]
		}
	}
	return ""
}

func (s *Server) verify(now time.Time, u User, method string, body []byte, p map[string]string) Verdict {
	algorithm, err := ParseAlgorithm(p["algorithm"])
	ha1 := u.HA1[algorithm]
	count, countErr := nonceCount(p)
	id, ours := s.readNonce(p["nonce"], u.Realm)
	if err != nil || ha1 == "" || countErr != nil || !ours {
		return Wrong
	}
	challenge := digest.Challenge{Realm: u.Realm, Nonce: p["nonce"], Algorithm: algorithm.String()}
	if p["qop"] != "" {
		challenge.QOP = []string{p["qop"]}
	}
	want, err := digest.Digest(&challenge, digest.Options{
		Method: method, URI: p["uri"], Count: count, Username: u.Name, A1: ha1, Cnonce: p["cnonce"],
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	})
	if err != nil {
		return Wrong
	}
	same := subtle.ConstantTimeCompare([]byte(want.Response), bytes.ToLower([]byte(p["response"])))
	if same&subtle.ConstantTimeCompare([]byte(u.Name), []byte(p["username"])) != 1 {
		return Wrong
	}
	return s.use(now, id, uint32(count))
}

// nonceCount reads nc, which qop brings with it. Without qop (RFC 2069) a nonce is
// good for one request.
func nonceCount(p map[string]string) (int, error) {
	if p["qop"] == "" {
		return 1, nil
	}
	n, err := strconv.ParseUint(p["nc"], 16, 31)
	if err != nil || n == 0 || len(p["nc"]) != 8 || p["cnonce"] == "" {
		return 0, fmt.Errorf("nc=%.10q cnonce=%.10q", p["nc"], p["cnonce"])
	}
	return int(n), nil
}

// use counts a nonce as used.
func (s *Server) use(now time.Time, id nonceID, count uint32) Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.used[id]
	made := id.made()
	if now.Sub(made) > nonceLife || w == nil && !made.After(s.lost) {
		return Stale
	}
	if w == nil {
		s.forget(now)
		w = &window{}
		s.used[id] = w
		s.order = append(s.order, id)
	}
	if !w.take(count) {
		return Replayed
	}
	return Right
}

// forget makes room: nonces that are too old go, and the one that was used first.
func (s *Server) forget(now time.Time) {
	for len(s.order) > 0 && (now.Sub(s.order[0].made()) > nonceLife || len(s.order) >= maxNonces) {
		id := s.order[0]
		if made := id.made(); made.After(s.lost) {
			s.lost = made
		}
		delete(s.used, id)
		s.order = s.order[1:]
	}
}

// window remembers which of the last 64 nonce counts were used: requests of several
// calls may overtake each other.
type window struct {
	last uint32
	seen uint64 // bit n: last−n
}

// take is false for a count that was used or is too far behind.
func (w *window) take(count uint32) bool {
	if count > w.last {
		ahead := count - w.last
		w.seen = w.seen<<min(ahead, 64) | 1
		w.last = count
		return true
	}
	behind := w.last - count
	if behind >= 64 || w.seen&(1<<behind) != 0 {
		return false
	}
	w.seen |= 1 << behind
	return true
}
