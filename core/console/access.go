package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Role is what somebody may do.
type Role uint8

// The roles, each may do what the one before may.
const (
	Nobody   Role = iota
	Reader        // look
	Operator      // act: hang up, reload, roll back
)

func (r Role) String() string { return [...]string{"nobody", "reader", "operator"}[r] }

// Access says who may do what.
type Access struct {
	Local     Role     // of requests from this machine that show nothing
	Reader    string   // the token of readers; empty: none
	Operator  string   // the token of operators; empty: none
	Operators []string // common names of client certificates that may act; all others that the server trusts may read
	Remote    bool     // client certificates are asked for
}

// identity is who makes a request.
type identity struct {
	role Role
	name string // "local", "reader token", "certificate ann"
}

const (
	sessionCookie = "offhook_session"
	sessionLength = 12 * time.Hour
	mostSessions  = 200
)

// sessions are those who have logged in.
type sessions struct {
	mu   sync.Mutex
	live map[string]session // by cookie
}

type session struct {
	identity
	until time.Time
}

// begin makes a session and returns its cookie's value. When there are too many, the one that ends first goes.
func (s *sessions) begin(who identity, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := ""
	for value, other := range s.live {
		if now.After(other.until) {
			delete(s.live, value)
		} else if oldest == "" || other.until.Before(s.live[oldest].until) {
			oldest = value
		}
	}
	if len(s.live) >= mostSessions {
		delete(s.live, oldest)
	}
	if s.live == nil {
		s.live = map[string]session{}
	}
	value := rand.Text()
	s.live[value] = session{who, now.Add(sessionLength)}
	return value
}

func (s *sessions) find(value string, now time.Time) (identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.live[value]
	return found.identity, ok && now.Before(found.until)
}

func (s *sessions) end(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, value)
}

// who tells who makes a request: by certificate, token, cookie, or because it comes from this machine.
func (s *Site) who(r *http.Request) identity {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		name := r.TLS.VerifiedChains[0][0].Subject.CommonName
		role := Reader
		if slices.Contains(s.o.Access.Operators, name) {
			role = Operator
		}
		return identity{role, "certificate " + name}
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.o.Access.tokenOf(token)
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		if who, ok := s.sessions.find(c.Value, time.Now()); ok {
			return who
		}
	}
	if isLocal(r) {
		return identity{s.o.Access.Local, "local"}
	}
	return identity{}
}

// tokenOf tells whose token it is, in a time that says nothing about it.
func (a *Access) tokenOf(token string) identity {
	operator, reader := sameToken(token, a.Operator), sameToken(token, a.Reader)
	switch {
	case operator:
		return identity{Operator, "operator token"}
	case reader:
		return identity{Reader, "reader token"}
	}
	return identity{}
}

func sameToken(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// reachable tells whether anybody who is not on this machine can get in.
func (a *Access) reachable() bool { return a.Reader != "" || a.Operator != "" || a.Remote }

// isLocal tells whether a request comes from a program on this machine that means this machine: one whose Host is another
// name was sent by a page that had its name resolve to 127.0.0.1, and a forwarded one comes from elsewhere.
func isLocal(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return isLoopbackName(r.Host)
}

func isLoopbackName(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
