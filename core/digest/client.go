package digest

import (
	"bytes"
	"io"
	"maps"
	"slices"

	"github.com/icholy/digest"
)

// Account is what a client knows itself by.
type Account struct{ User, Password string }

// Request is what credentials are computed for.
type Request struct {
	Method string
	URI    string // Request-URI
	Body   []byte // for qop=auth-int
}

// Challenge is what a 401 or 407 asks.
type Challenge struct {
	WWW, Proxy []string // values of WWW-Authenticate and of Proxy-Authenticate
}

// Credentials answer challenges.
type Credentials struct {
	WWW, Proxy []string // values for Authorization and Proxy-Authorization
}

// Client answers the challenges to one request, which is sent again with what
// Answer returns. It never answers the same question in vain twice: a realm that
// challenges again has refused us, unless it says that only the nonce was stale,
// which it may say once. The zero Client with an Account is ready for use.
type Client struct {
	Account Account
	cnonce  string // of tests; empty: random

	www, proxy map[string]*realm // by name
}

// realm is one that has challenged.
type realm struct {
	chosen digest.Challenge
	stale  bool // it has said so once
}

// maxRealms bounds the realms that may challenge one request.
const maxRealms = 4

// Answer returns the credentials for all realms that have challenged so far, with
// the strongest algorithm that each offers (RFC 8760 §2.4). It is false when
// sending the request again is of no use: nothing that we speak is offered, or our
// credentials were refused.
func (c *Client) Answer(ch Challenge, r Request) (Credentials, bool) {
	www, ok := answer(c.www, ch.WWW)
	proxy, also := answer(c.proxy, ch.Proxy)
	if !ok || !also || len(ch.WWW)+len(ch.Proxy) == 0 {
		return Credentials{}, false
	}
	c.www, c.proxy = www, proxy
	var found Credentials
	found.WWW, ok = c.credentials(www, r)
	found.Proxy, also = c.credentials(proxy, r)
	return found, ok && also
}

// answer chooses from new challenges; it is false when one cannot be met.
func answer(known map[string]*realm, values []string) (map[string]*realm, bool) {
	offered := map[string]digest.Challenge{}
	for _, value := range values {
		c, err := parseChallenge(value)
		if err != nil {
			continue // of another scheme, say
		}
		algorithm, err := ParseAlgorithm(c.Algorithm)
		if err != nil || !digest.CanDigest(c) {
			continue
		}
		best, again := offered[c.Realm]
		if strength, _ := ParseAlgorithm(best.Algorithm); !again || algorithm > strength {
			offered[c.Realm] = *c
		}
	}
	if len(values) > 0 && len(offered) == 0 || len(known)+len(offered) > 2*maxRealms {
		return nil, false
	}
	realms := maps.Clone(known)
	if realms == nil {
		realms = map[string]*realm{}
	}
	for name, c := range offered {
		before := realms[name]
		if before != nil && (before.stale || !c.Stale) {
			return nil, false
		}
		realms[name] = &realm{chosen: c, stale: before != nil}
	}
	return realms, len(realms) <= maxRealms
}

func (c *Client) credentials(realms map[string]*realm, r Request) (values []string, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(realms)) {
		cred, err := digest.Digest(&realms[name].chosen, digest.Options{
			Method: r.Method, URI: r.URI, Count: 1, Username: c.Account.User, Password: c.Account.Password, Cnonce: c.cnonce,
			GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil },
		})
		if err != nil {
			return nil, false
		}
		values = append(values, cred.String())
	}
	return values, true
}
