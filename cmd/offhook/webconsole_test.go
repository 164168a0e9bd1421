package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/config"
	"offhook/scripting"
)

// authority signs certificates for a test and writes them to a folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key = a.issue(name, a.cert)
	return a
}

// issue writes NAME.pem and NAME.key; an authority that has no key yet signs itself.
func (a *authority) issue(name string, template *x509.Certificate) *ecdsa.PrivateKey {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: cert}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return key
}

func (a *authority) leaf(name string) {
	a.issue(name, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// TestConsoleCertificates: a certificate of the CA lets in, and acts when its name is among the operators.
func TestConsoleCertificates(t *testing.T) {
	ours, foreign := newAuthority(t, "ca"), newAuthority(t, "ca")
	for _, name := range []string{"server", "ann", "bob"} {
		ours.leaf(name)
	}
	foreign.leaf("ann")
	a := consoleOnly(t, config.Console{
		Enable: true, BindAddress: "127.0.0.1:0", LocalRole: "none", Operators: []string{"ann"},
		TLSCert: ours.file("server.pem"), TLSKey: ours.file("server.key"), ClientCA: ours.file("ca.pem"),
	})
	url := a.web.url(a)
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Fatalf("the console is at %q", url)
	}
	for _, tt := range []struct {
		name      string
		authority *authority
		look, act int // status; 0: the handshake fails
	}{{"", nil, 401, 401}, {"bob", ours, 200, 403}, {"ann", ours, 200, 200}, {"ann", foreign, 0, 0}} {
		client := ours.client(tt.name, tt.authority)
		if got := status(client, "GET", url+"api/v1/calls"); got != tt.look {
			t.Errorf("%q looks: %d, want %d", tt.name, got, tt.look)
		}
		if got := status(client, "POST", url+"api/v1/scripts/reload"); got != tt.act {
			t.Errorf("%q acts: %d, want %d", tt.name, got, tt.act)
		}
	}
}

// client shows the certificate of that name, of some authority; "" shows none.
func (a *authority) client(name string, of *authority) *http.Client {
	a.t.Helper()
	trusted := x509.NewCertPool()
	text, err := os.ReadFile(a.file("ca.pem"))
	if err != nil || !trusted.AppendCertsFromPEM(text) {
		a.t.Fatal(err)
	}
	c := &tls.Config{RootCAs: trusted}
	if name != "" {
		own, err := tls.LoadX509KeyPair(of.file(name+".pem"), of.file(name+".key"))
		if err != nil {
			a.t.Fatal(err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil } // also one the server does not ask for
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

func status(c *http.Client, method, url string) int {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return -1
	}
	req.Header.Set("X-Offhook", "1")
	res, err := c.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// consoleOnly is a server that has scripts and a console, and no calls.
func consoleOnly(t *testing.T, c config.Console) *app {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects)
	whole, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--scripts", Key: "scripting.dir", Value: dir}}})
	if err != nil {
		t.Fatal(err)
	}
	whole.Console = c
	a := &app{config: whole, log: slog.New(slog.DiscardHandler), stop: func() {}}
	if a.scripts, err = scripting.New(scripting.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.scripts.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.media, err = newMedia(whole, a.log); err != nil {
		t.Fatal(err)
	}
	if a.server, err = newServer(whole, a.log, a.media, nil, nil, scriptHandler{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.web.begin(a), a.web.listen(whole, a.log)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestTokenFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "good", "0123456789abcdef\n")
	write(t, dir, "short", "0123\n")
	for _, tt := range []struct{ file, want, wrong string }{
		{"good", "0123456789abcdef", ""}, {"short", "", "holds fewer than 16 characters"}, {"none", "", "no such file"},
	} {
		access, err := accessOf(config.Console{OperatorTokenFile: filepath.Join(dir, tt.file)})
		if access.Operator != tt.want || (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %q, %v", tt.file, access.Operator, err)
		}
	}
}
