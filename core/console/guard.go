package console

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// policy lets pages load what this server has and nothing else, and nobody frame them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// actionHeader is on all requests that change something. A form or an image of another site cannot set it.
const actionHeader = "X-Offhook"

type whoKey struct{}

// guard puts the security headers on all answers and knows who asks.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !s.o.Access.reachable() && !isLocal(r) {
			refuse(w, http.StatusForbidden, "the console answers on this machine only, at http://127.0.0.1 or localhost; "+
				"set console.token or console.client_ca for others")
			return
		}
		who := s.who(r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	})
}

// whoOf is who makes a request that passed the guard.
func whoOf(r *http.Request) identity {
	who, _ := r.Context().Value(whoKey{}).(identity)
	return who
}

// reading lets readers through.
func (s *Site) reading(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if whoOf(r).role < Reader {
			refuse(w, http.StatusUnauthorized, "log in")
			return
		}
		next(w, r)
	}
}

// acting lets operators through whose request no other site made.
func (s *Site) acting(next http.HandlerFunc) http.HandlerFunc {
	return s.reading(s.sameOrigin(func(w http.ResponseWriter, r *http.Request) {
		if whoOf(r).role < Operator {
			s.audit(r, "refused", r.Method+" "+r.URL.Path, "needs the operator role")
			refuse(w, http.StatusForbidden, "this needs the operator role")
			return
		}
		next(w, r)
	}))
}

// sameOrigin refuses what another site made a browser send.
func (s *Site) sameOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.origins.Check(r); err != nil || r.Header.Get(actionHeader) == "" {
			s.audit(r, "refused", r.Method+" "+r.URL.Path, "not from this console")
			refuse(w, http.StatusForbidden, "not from this console: send the header "+actionHeader+": 1, and no Origin of another site")
			return
		}
		next(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, why string) {
	writeJSON(w, status, map[string]string{"error": why})
}

// attempts bounds how often wrong tokens may be tried, by all together.
type attempts struct {
	mu    sync.Mutex
	since time.Time
	wrong int
}

const mostWrong = 20 // a minute

func (a *attempts) allowed(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.since) > time.Minute {
		a.since, a.wrong = now, 0
	}
	return a.wrong < mostWrong
}

func (a *attempts) failed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrong++
}

// login gives a cookie for a token.
func (s *Site) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Token string }
	if !readJSON(w, r, &body) {
		return
	}
	if !s.attempts.allowed(time.Now()) {
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "too many wrong tokens: wait a minute")
		return
	}
	who := s.o.Access.tokenOf(strings.TrimSpace(body.Token))
	if who.role == Nobody {
		s.attempts.failed()
		s.audit(r, "login", "", "wrong token")
		refuse(w, http.StatusUnauthorized, "this is not a token of this server")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: s.sessions.begin(who, time.Now()), Path: "/", MaxAge: int(sessionLength.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	s.auditAs(r, who, "login", "", "ok")
	writeJSON(w, http.StatusOK, map[string]string{"role": who.role.String(), "name": who.name})
}

// logout ends the session of a cookie.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.sessions.end(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
	s.audit(r, "logout", "", "ok")
	writeJSON(w, http.StatusOK, map[string]string{})
}
