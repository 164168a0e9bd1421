package transport

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core/transport/certtest"
)

const tlsVia = "SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1"

// certificates loads pairs, with which o is completed.
func certificates(t testing.TB, o CertificateOptions, files ...string) *Certificates {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		o.Pairs = append(o.Pairs, KeyPair{files[i], files[i+1]})
	}
	c, err := LoadCertificates(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// secure opens an endpoint with a certificate for 127.0.0.1 and returns what its clients verify it with.
func secure(t testing.TB, l *Layer, network string) (netip.AddrPort, *tls.Config) {
	t.Helper()
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("127.0.0.1", "sip.example.com")
	bound, err := l.Open(Endpoint{Network: network, Address: "127.0.0.1:0", TLS: certificates(t, CertificateOptions{}, cert, key).Config()})
	if err != nil {
		t.Fatal(err)
	}
	return bound, trusting(t, ca)
}

func trusting(t testing.TB, ca *certtest.Authority) *tls.Config {
	t.Helper()
	roots, err := LoadAuthorities(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: roots}
}

func dialTLS(t testing.TB, to netip.AddrPort, config *tls.Config) *tls.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", to.String(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func TestTLS(t *testing.T) {
	l, in := newLayer(t, Limits{})
	bound, config := secure(t, l, "tls")
	conn := dialTLS(t, bound, config)
	write(t, conn, "\r\n\r\n"+request("OPTIONS", tlsVia, 1, ""))
	got := receive(t, in)
	if f := got.flow; f.Network() != "TLS" || !f.Reliable() || f.Local() != bound || f.Advertised() != bound {
		t.Errorf("flow over %s to %s, advertised %s", f.Network(), f.Local(), f.Advertised())
	}
	respond(got.msg, nil, got.flow)
	r := bufio.NewReader(conn)
	if pong, err := r.ReadString('\n'); err != nil || pong != "\r\n" {
		t.Errorf("pong %q, %v", pong, err)
	}
	if answer := readHead(t, r); !strings.HasPrefix(answer, "SIP/2.0 200 OK\r\n") {
		t.Errorf("answer %q", answer)
	}
}

// TestTLSSilentClient says nothing: others are served meanwhile, and it is cut off.
func TestTLSSilentClient(t *testing.T) {
	l := newResponder(t, Limits{Handshake: 200 * time.Millisecond})
	bound, config := secure(t, l, "tls")
	silent := dial(t, bound)
	conn := dialTLS(t, bound, config)
	write(t, conn, request("OPTIONS", tlsVia, 1, ""))
	readHead(t, bufio.NewReader(conn))
	readAll(t, silent)
	waitFor(t, "the count", func() bool { return l.Stats().Unshaken == 1 })
	write(t, conn, request("OPTIONS", tlsVia, 2, "")) // the deadline is gone with the handshake
	readHead(t, bufio.NewReader(conn))
}

// TestCloseDuringHandshake does not wait for clients that say nothing.
func TestCloseDuringHandshake(t *testing.T) {
	l, _ := newLayer(t, Limits{})
	secured, _ := secure(t, l, "tls")
	plain := listen(t, l, "ws", "127.0.0.1:0")
	dial(t, secured)
	dial(t, plain)
	waitFor(t, "both connections", func() bool { return l.Stats().Connections == 2 })
	began := time.Now()
	l.Close()
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("Close took %s", d)
	}
}

func TestTLSNeedsACertificate(t *testing.T) {
	l, _ := newLayer(t, Limits{})
	for _, network := range []string{"tls", "wss"} {
		if _, err := l.Listen(network, "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "needs a certificate") {
			t.Errorf("Listen(%s) = %v", network, err)
		}
	}
}

func TestTLSChoosesByName(t *testing.T) {
	ca := certtest.NewAuthority(t)
	c1, k1 := ca.Issue("one.example.com")
	c2, k2 := ca.Issue("two.example.com")
	l, _ := newLayer(t, Limits{})
	bound, err := l.Open(Endpoint{Network: "tls", Address: "127.0.0.1:0", TLS: certificates(t, CertificateOptions{}, c1, k1, c2, k2).Config()})
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{"one.example.com": "one.example.com", "two.example.com": "two.example.com", "three.example.com": "one.example.com"} {
		conn := dialTLS(t, bound, &tls.Config{ServerName: asked, InsecureSkipVerify: true})
		if got := conn.ConnectionState().PeerCertificates[0].DNSNames[0]; got != want {
			t.Errorf("asked for %s: %s, want %s", asked, got, want)
		}
	}
}

func TestTLSMinimum(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("127.0.0.1")
	l, _ := newLayer(t, Limits{})
	bound, err := l.Open(Endpoint{Network: "tls", Address: "127.0.0.1:0", TLS: certificates(t, CertificateOptions{MinVersion: tls.VersionTLS13}, cert, key).Config()})
	if err != nil {
		t.Fatal(err)
	}
	config := trusting(t, ca)
	dialTLS(t, bound, config)
	config.MaxVersion = tls.VersionTLS12
	if _, err := tls.Dial("tcp", bound.String(), config); err == nil {
		t.Error("TLS 1.2 was taken")
	}
}

func TestTLSClientCertificates(t *testing.T) {
	ca, other := certtest.NewAuthority(t), certtest.NewAuthority(t)
	cert, key := ca.Issue("127.0.0.1")
	for _, c := range []struct {
		name   string
		auth   tls.ClientAuthType
		signed *certtest.Authority // of the client's; nil: it has none
		ok     bool
	}{
		{"optional, none", tls.VerifyClientCertIfGiven, nil, true},
		{"optional, good", tls.VerifyClientCertIfGiven, ca, true},
		{"optional, bad", tls.VerifyClientCertIfGiven, other, false},
		{"required, none", tls.RequireAndVerifyClientCert, nil, false},
		{"required, good", tls.RequireAndVerifyClientCert, ca, true},
		{"required, bad", tls.RequireAndVerifyClientCert, other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newResponder(t, Limits{})
			o := CertificateOptions{ClientAuth: c.auth, ClientCA: ca.File}
			bound, err := l.Open(Endpoint{Network: "tls", Address: "127.0.0.1:0", TLS: certificates(t, o, cert, key).Config()})
			if err != nil {
				t.Fatal(err)
			}
			config := trusting(t, ca)
			if c.signed != nil {
				pair, err := tls.LoadX509KeyPair(c.signed.Issue("client"))
				if err != nil {
					t.Fatal(err)
				}
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			}
			conn := dialTLS(t, bound, config)
			_, _ = conn.Write([]byte(request("OPTIONS", tlsVia, 1, ""))) // TLS 1.3 tells the client late: in its first read
			_, err = conn.Read(make([]byte, 1))
			if timeout(err) || (err == nil) != c.ok {
				t.Errorf("read: %v, want success: %v", err, c.ok)
			}
		})
	}
}

// TestCertificatesFollowTheirFiles: a changed pair is used from the next look on, a broken one is not.
func TestCertificatesFollowTheirFiles(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("old.example.com")
	synctest.Test(t, func(t *testing.T) {
		c := certificates(t, CertificateOptions{}, cert, key)
		name := func() string {
			config, err := c.Config().GetConfigForClient(nil)
			if err != nil {
				t.Fatal(err)
			}
			return config.Certificates[0].Leaf.DNSNames[0]
		}
		broken := func(file string) {
			if err := os.WriteFile(file, []byte("half a fi"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		broken(cert)
		time.Sleep(2 * lookInterval)
		if got := name(); got != "old.example.com" {
			t.Errorf("with a broken file: %s", got)
		}
		if err := c.Reload(); err == nil || !strings.Contains(err.Error(), cert) {
			t.Errorf("Reload = %v", err)
		}
		ca.Renew(cert, key, "new.example.com")
		if got := name(); got != "old.example.com" {
			t.Errorf("looked at once: %s", got)
		}
		time.Sleep(2 * lookInterval)
		if got := name(); got != "new.example.com" {
			t.Errorf("after the change: %s", got)
		}
		ca.Renew(cert, key, "newer.example.com")
		if err := c.Reload(); err != nil || name() != "newer.example.com" {
			t.Errorf("Reload: %v, %s", err, name())
		}
	})
}

func TestLoadCertificatesErrors(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("a.example.com")
	_, otherKey := ca.Issue("b.example.com")
	for name, c := range map[string]struct {
		o    CertificateOptions
		want string
	}{
		"none":         {CertificateOptions{}, "no certificate"},
		"missing":      {CertificateOptions{Pairs: []KeyPair{{cert + "x", key}}}, cert + "x"},
		"another key":  {CertificateOptions{Pairs: []KeyPair{{cert, otherKey}}}, "does not match"},
		"authority":    {CertificateOptions{Pairs: []KeyPair{{cert, key}}, ClientCA: key}, "holds no certificate"},
		"no authority": {CertificateOptions{Pairs: []KeyPair{{cert, key}}, ClientCA: "nowhere"}, "nowhere"},
	} {
		if _, err := LoadCertificates(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}

func TestDialTLS(t *testing.T) {
	server, in := newLayer(t, Limits{})
	bound, config := secure(t, server, "tls")
	client := New(Options{ClientTLS: config, Receive: respond})
	defer client.Close()
	f, err := client.Dial(t.Context(), "tls", bound)
	if err != nil {
		t.Fatal(err)
	}
	named, err := client.DialName(t.Context(), "tls", bound, "sip.example.com")
	if err != nil || named == f {
		t.Errorf("another name: %v, the same flow: %v", err, named == f)
	}
	if again, err := client.DialName(t.Context(), "tls", bound, "sip.example.com"); err != nil || again != named {
		t.Errorf("the same name: %v, another flow: %v", err, again != named)
	}
	if err := f.Send([]byte(request("OPTIONS", tlsVia, 1, ""))); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, in); got.flow.Network() != "TLS" {
		t.Errorf("came over %s", got.flow.Network())
	}
	var bad *tls.CertificateVerificationError
	if _, err := client.DialName(t.Context(), "tls", bound, "other.example.com"); !errors.As(err, &bad) {
		t.Errorf("a certificate for another name: %v", err)
	}
	stranger, _ := newLayer(t, Limits{})
	if _, err := stranger.Dial(t.Context(), "tls", bound); !errors.As(err, &bad) {
		t.Errorf("an unknown authority: %v", err)
	}
}

// TestDialSilentServer: the far end of a connection that we open may be silent, too.
func TestDialSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	l, _ := newLayer(t, Limits{Handshake: 100 * time.Millisecond})
	for _, network := range []string{"tls", "ws", "wss"} {
		if _, err := l.Dial(t.Context(), network, netip.MustParseAddrPort(silent.Addr().String())); err == nil {
			t.Errorf("%s: connected", network)
		}
	}
	if n := l.Stats().Connections; n != 0 {
		t.Errorf("%d connections", n)
	}
}

// TestAdvertised: peers outside of our networks are told another address, and who is called is told where we listen.
func TestAdvertised(t *testing.T) {
	a := Advertise{
		Addresses: []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:0"), netip.MustParseAddrPort("[2001:db8::5]:5080")},
		Inside:    []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	for _, c := range []struct{ local, remote, want string }{
		{"10.1.1.1:5060", "10.2.2.2:5062", "10.1.1.1:5060"},
		{"10.1.1.1:5060", "198.51.100.1:5062", "203.0.113.5:5060"},
		{"[fd00::1]:5060", "[2001:db8::77]:5062", "[2001:db8::5]:5080"},
	} {
		if got := a.address(netip.MustParseAddrPort(c.local), netip.MustParseAddrPort(c.remote)); got.String() != c.want {
			t.Errorf("from %s to %s: %s, want %s", c.local, c.remote, got, c.want)
		}
	}
	l, _ := newLayer(t, Limits{})
	bound, err := l.Open(Endpoint{Network: "tcp", Address: "127.0.0.1:0", Advertise: Advertise{Addresses: a.Addresses}})
	if err != nil {
		t.Fatal(err)
	}
	other, _ := newLayer(t, Limits{})
	f, err := l.Dial(t.Context(), "tcp", listen(t, other, "tcp", "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	if want := netip.AddrPortFrom(a.Addresses[0].Addr(), bound.Port()); f.Advertised() != want || f.Local().Addr() != bound.Addr() {
		t.Errorf("advertised %s, want %s; local %s", f.Advertised(), want, f.Local())
	}
}
