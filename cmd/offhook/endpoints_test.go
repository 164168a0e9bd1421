package main

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/config"
	"offhook/core/transport/certtest"
)

func configured(t *testing.T, toml string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "offhook.toml")
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEndpoints checks that the keys reach the endpoints.
func TestEndpoints(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := ca.Issue("sip.example.com")
	c := configured(t, `
[sip]
bind_address = "::"
transport = ["udp", "wss"]
external_ip = ["203.0.113.5", "2001:db8::5"]
local_nets = ["10.0.0.0/8"]
ws_origins = "*.example.com"
[tls]
certificate = '`+cert+`'
key = '`+key+`'
client_auth = "required"
client_ca = '`+ca.File+`'
min_version = "1.3"
[[listener]]
transport = "tls"
external_ip = "203.0.113.6:5099"
client_auth = "off"
`)
	e, err := newEndpoints(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ network, address, external string }{
		{"udp", ":5060", "203.0.113.5:0 [2001:db8::5]:0"}, {"wss", ":5063", "203.0.113.5:0 [2001:db8::5]:0"}, {"tls", "[::]:5061", "203.0.113.6:5099"},
	} {
		got := e.list[i]
		var external []string
		for _, a := range got.Advertise.Addresses {
			external = append(external, a.String())
		}
		if got.Network != want.network || got.Address != want.address || strings.Join(external, " ") != want.external ||
			!slices.Equal(got.Advertise.Inside, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}) || !slices.Equal(got.Origins, []string{"*.example.com"}) {
			t.Errorf("endpoint %d: %+v, want %+v", i, got, want)
		}
	}
	if e.list[0].TLS != nil {
		t.Error("UDP with TLS")
	}
	for i, want := range map[int]tls.ClientAuthType{1: tls.RequireAndVerifyClientCert, 2: tls.NoClientCert} {
		config, err := e.list[i].TLS.GetConfigForClient(nil)
		if err != nil || config.ClientAuth != want || config.MinVersion != tls.VersionTLS13 {
			t.Errorf("endpoint %d: client auth %v, least version %x, %v", i, config.ClientAuth, config.MinVersion, err)
		}
	}
}

// TestServerOptionsOfTransports checks that the other keys of [sip] and [tls] reach the server.
func TestServerOptionsOfTransports(t *testing.T) {
	ca := certtest.NewAuthority(t)
	c := configured(t, "[sip]\nmax_connections = 11\nmax_connections_per_ip = 7\nconnection_idle_seconds = 90\ntcp_above_bytes = 900\n"+
		"[tls]\nverify_server = false\nserver_ca = '"+ca.File+"'\n")
	o, err := serverOptions(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if l := o.Limits; l.Connections != 11 || l.ConnectionsPerIP != 7 || l.Idle != 90*time.Second || o.TCPAbove != 900 {
		t.Errorf("limits %+v, TCP above %d", l, o.TCPAbove)
	}
	if !o.ClientTLS.InsecureSkipVerify || o.ClientTLS.RootCAs == nil {
		t.Errorf("as a client of TLS: %+v", o.ClientTLS)
	}
	if o, err = serverOptions(configured(t, ""), slog.New(slog.DiscardHandler)); err != nil || o.ClientTLS.InsecureSkipVerify || o.ClientTLS.RootCAs != nil {
		t.Errorf("by default: %+v, %v", o.ClientTLS, err)
	}
	if _, err = serverOptions(configured(t, "[tls]\nserver_ca = \"nowhere.pem\"\n"), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), ":2: tls.server_ca: ") {
		t.Errorf("no such file: %v", err)
	}
}

func TestTryURI(t *testing.T) {
	for at, want := range map[listening]string{
		{"udp", netip.MustParseAddrPort("0.0.0.0:5060")}:       "sip:test@127.0.0.1",
		{"udp", netip.MustParseAddrPort("[::]:5070")}:          "sip:test@127.0.0.1:5070",
		{"udp", netip.MustParseAddrPort("[2001:db8::1]:5060")}: "sip:test@[2001:db8::1]",
		{"tls", netip.MustParseAddrPort("10.0.0.7:5061")}:      "'sip:test@10.0.0.7:5061;transport=tls'",
	} {
		if got := at.uri(); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestCallUsage(t *testing.T) {
	for _, c := range []struct {
		o    callOptions
		want string // the URI, or a part of the error
	}{
		{callOptions{uri: "sip:a@b"}, "sip:a@b"},
		{callOptions{uri: "SIPS:a@b"}, "SIPS:a@b"},
		{callOptions{uri: "sip:a@b", transport: "wss"}, "sip:a@b;transport=wss"},
		{callOptions{uri: "sip:a@b", transport: "sctp"}, `"sctp" is not available: write udp, tcp, tls, ws or wss`},
		{callOptions{uri: "http://b"}, "is not a SIP URI"},
		{callOptions{uri: "sip:a@b", insecure: true, ca: "ca.pem"}, "flags --insecure and --ca: write one of them"},
	} {
		c.o.dtmfVia = "rfc4733"
		if err := c.o.check(); err == nil && c.o.uri != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
}
