package digest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// The examples of RFC 2617 §3.5 and RFC 7616 §3.9, which RFC 8760 refers to.
func TestVectors(t *testing.T) {
	const rfc7616 = `realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for _, tt := range []struct {
		name, challenge, user, password, uri, cnonce, want string
	}{
		{"RFC 2617", `Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
		{"RFC 2069 by RFC 2617", `Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`,
			"Mufasa", "Circle Of Life", "/dir/index.html", "", "670fd8c2df070c60b045671b8b24ff02"},
		{"RFC 7616 MD5", `Digest ` + rfc7616 + `, algorithm=MD5`,
			"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 SHA-256", `DIGEST Algorithm=SHA-256 , ` + rfc7616,
			"Mufasa", "Circle of Life", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Client{Account: Account{tt.user, tt.password}, cnonce: tt.cnonce}
			got, ok := c.Answer(Challenge{WWW: []string{tt.challenge}}, Request{Method: "GET", URI: tt.uri})
			if !ok || len(got.WWW) != 1 || !strings.Contains(got.WWW[0], `response="`+tt.want+`"`) {
				t.Errorf("%v, %q, want %s", ok, got.WWW, tt.want)
			}
		})
	}
}

func TestHA1(t *testing.T) {
	for a, want := range map[Algorithm]string{
		MD5:       "939e7578ed9e3c518a452acee763bce9",                                 // RFC 2617 §3.5
		SHA256:    "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232", // RFC 7616 §3.9.1
		SHA512256: "",                                                                 // its example there has another hash in it: see below
	} {
		realm, password := "http-auth@example.org", "Circle of Life"
		if a == MD5 {
			realm, password = "testrealm@host.com", "Circle Of Life"
		}
		got := a.HA1("Mufasa", realm, password)
		if want != "" && got != want || len(got) != 2*a.Size() {
			t.Errorf("%s: %s, want %s", a, got, want)
		}
	}
}

// SHA-512-256 is the hash of FIPS 180-4 with initial values of its own, not the
// first half of a SHA-512.
func TestSHA512256(t *testing.T) {
	h := SHA512256.new()
	h.Write([]byte("abc"))
	if got := hex.EncodeToString(h.Sum(nil)); got != "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" {
		t.Error(got)
	}
}

func TestTheStrongestIsChosen(t *testing.T) {
	challenge := func(algorithm, more string) string {
		return fmt.Sprintf(`Digest realm="r", nonce="n-%s", algorithm=%s, qop="auth"%s`, algorithm, algorithm, more)
	}
	for _, tt := range []struct {
		name    string
		offered []string
		want    string
	}{
		{"all", []string{challenge("MD5", ""), challenge("SHA-512-256", ""), challenge("SHA-256", "")}, "algorithm=SHA-512-256"},
		{"one unknown", []string{challenge("SHA-999", ""), challenge("MD5", "")}, "algorithm=MD5"},
		{"another scheme", []string{`Basic realm="r"`, challenge("SHA-256", "")}, "algorithm=SHA-256"},
		{"none known", []string{challenge("SHA-999", ""), `Basic realm="r"`}, ""},
		{"none to be read", []string{`Digest realm="r`, `Digest realm`, ``}, ""},
		{"no nonce", []string{`Digest realm="r"`}, ""},
		{"auth-int alone", []string{`Digest realm="r", nonce="n", qop="auth-int"`}, "qop=auth-int"},
		{"nothing", nil, ""},
	} {
		c := Client{Account: Account{"u", "p"}}
		got, ok := c.Answer(Challenge{WWW: tt.offered}, Request{Method: "REGISTER", URI: "sip:r", Body: []byte("x")})
		if ok != (tt.want != "") || ok && (len(got.WWW) != 1 || !strings.Contains(got.WWW[0], tt.want) || len(got.Proxy) != 0) {
			t.Errorf("%s: %v %q, want %q", tt.name, ok, got.WWW, tt.want)
		}
	}
}

func TestAClientEnds(t *testing.T) {
	plain, stale := `Digest realm="r", nonce="1"`, `Digest realm="r", nonce="2", stale=TRUE`
	other := `Digest realm="proxy", nonce="3"`
	for _, tt := range []struct {
		name string
		asks []Challenge
		want []bool
	}{
		{"refused", []Challenge{{WWW: []string{plain}}, {WWW: []string{plain}}}, []bool{true, false}},
		{"stale once", []Challenge{{WWW: []string{plain}}, {WWW: []string{stale}}, {WWW: []string{stale}}}, []bool{true, true, false}},
		{"proxy, then server", []Challenge{{Proxy: []string{other}}, {WWW: []string{plain}}, {Proxy: []string{other}}}, []bool{true, true, false}},
		{"many realms", []Challenge{{WWW: []string{`Digest realm="1", nonce="n"`, `Digest realm="2", nonce="n"`, `Digest realm="3", nonce="n"`,
			`Digest realm="4", nonce="n"`, `Digest realm="5", nonce="n"`}}}, []bool{false}},
	} {
		c := Client{Account: Account{"u", "p"}}
		for i, ask := range tt.asks {
			got, ok := c.Answer(ask, Request{Method: "INVITE", URI: "sip:x"})
			if ok != tt.want[i] {
				t.Errorf("%s: answer %d: %v, want %v", tt.name, i+1, ok, tt.want[i])
			}
			if tt.name == "proxy, then server" && i == 1 && (len(got.WWW) != 1 || len(got.Proxy) != 1) {
				t.Errorf("the second answer has not both: %+v", got)
			}
		}
	}
}

// client answers the server's challenge of one algorithm.
func client(t *testing.T, challenge, user, password, method string, count int) string {
	t.Helper()
	c, err := parseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(c, digest.Options{Method: method, URI: "sip:x@y", Username: user, Password: password, Count: count})
	if err != nil {
		t.Fatal(err)
	}
	return cred.String()
}

func TestVerify(t *testing.T) {
	now := time.UnixMilli(1e12)
	u := NewUser("alice", "r", "secret", []Algorithm{MD5, SHA256, SHA512256})
	s := NewServer()
	values := s.Challenges(now, u, false)
	if len(values) != 3 || !strings.Contains(values[0], "algorithm=SHA-512-256") || !strings.Contains(values[2], "algorithm=MD5") {
		t.Fatalf("challenges %q", values)
	}
	c := values[1]
	bare := strings.Replace(s.Challenges(now, u, true)[2], `, qop="auth"`, "", 1)
	good := client(t, c, "alice", "secret", "INVITE", 1)
	old := client(t, s.Challenges(now.Add(-nonceLife-time.Second), u, false)[0], "alice", "secret", "INVITE", 1)
	for _, tt := range []struct {
		name  string
		value []string
		want  Verdict
	}{
		{"none", nil, Missing},
		{"another scheme", []string{"Basic YTpi"}, Missing},
		{"another realm", []string{strings.Replace(good, `realm="r"`, `realm="q"`, 1)}, Missing},
		{"not to be read", []string{`Digest realm="r`}, Wrong},
		{"wrong password", []string{client(t, c, "alice", "Secret", "INVITE", 1)}, Wrong},
		{"unknown user", []string{client(t, c, "bob", "secret", "INVITE", 1)}, Wrong},
		{"another method", []string{client(t, c, "alice", "secret", "BYE", 1)}, Wrong},
		{"right", []string{"Basic YTpi", good}, Right},
		{"the same again", []string{good}, Replayed},
		{"the next", []string{client(t, c, "alice", "secret", "INVITE", 3)}, Right},
		{"one that was overtaken", []string{client(t, c, "alice", "secret", "INVITE", 2)}, Right},
		{"far ahead", []string{client(t, c, "alice", "secret", "INVITE", 100)}, Right},
		{"far behind", []string{client(t, c, "alice", "secret", "INVITE", 4)}, Replayed},
		{"count 0", []string{strings.Replace(good, "nc=00000001", "nc=00000000", 1)}, Wrong},
		{"short count", []string{strings.Replace(good, "nc=00000001", "nc=1", 1)}, Wrong},
		{"old nonce", []string{old}, Stale},
		{"without qop", []string{client(t, bare, "alice", "secret", "INVITE", 0)}, Right},
		{"without qop again", []string{client(t, bare, "alice", "secret", "INVITE", 0)}, Replayed},
		{"a nonce of somebody else", []string{client(t, NewServer().Challenges(now, u, false)[0], "alice", "secret", "INVITE", 1)}, Wrong},
	} {
		if got := s.Verify(now, u, "INVITE", nil, tt.value); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	weak := User{"alice", "r", map[Algorithm]string{MD5: u.HA1[MD5]}}
	if got := s.Verify(now, weak, "INVITE", nil, []string{client(t, c, "alice", "secret", "INVITE", 50)}); got != Wrong {
		t.Errorf("an algorithm that is not offered: %s", got)
	}
}

// What is remembered is bounded, and what was forgotten is not taken again.
func TestNoncesAreBounded(t *testing.T) {
	now := time.UnixMilli(1e12)
	u := NewUser("alice", "r", "secret", []Algorithm{MD5})
	s := NewServer()
	var first string
	for i := range maxNonces + 10 {
		value := client(t, s.Challenges(now, u, false)[0], "alice", "secret", "INVITE", 1)
		if got := s.Verify(now, u, "INVITE", nil, []string{value}); got != Right {
			t.Fatalf("nonce %d: %s", i, got)
		}
		if i == 0 {
			first = value
		}
		now = now.Add(time.Millisecond)
	}
	if len(s.used) > maxNonces || len(s.order) > maxNonces {
		t.Errorf("%d nonces remembered, %d in order", len(s.used), len(s.order))
	}
	if got := s.Verify(now, u, "INVITE", nil, []string{first}); got != Stale {
		t.Errorf("a nonce that was forgotten: %s, want stale", got)
	}
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		`Digest realm="a\"b", nonce=abc, qop="auth,auth-int" , opaque=""`, "Digest", `digest a="`, "Digest ,,=,", "Digest x = y,z\t=\r\n \"q\"",
	} {
		f.Add(seed)
	}
	s, u := NewServer(), NewUser("alice", "a", "secret", []Algorithm{MD5, SHA256})
	f.Fuzz(func(t *testing.T, value string) {
		p, err := parameters(value)
		for name := range p {
			if err != nil || name == "" || name != strings.ToLower(name) {
				t.Fatalf("%q: name %q, error %v", value, name, err)
			}
		}
		if got := s.Verify(time.Now(), u, "INVITE", nil, []string{value}); got == Right {
			t.Fatalf("%q is right", value)
		}
		c := Client{Account: Account{"alice", "secret"}}
		answer, ok := c.Answer(Challenge{WWW: []string{value}}, Request{Method: "INVITE", URI: "sip:x"})
		if ok && strings.ContainsAny(answer.WWW[0], "\r\n") {
			t.Fatalf("%q makes a header field of more than one line: %q", value, answer.WWW[0])
		}
	})
}
