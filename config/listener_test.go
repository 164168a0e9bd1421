package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestListeners(t *testing.T) {
	c, err := load(t, `
[sip]
transport = ["udp", "ws"]
bind_address = "10.0.0.7"
external_ip = "203.0.113.5"
[tls]
certificate = ["a.pem", "b.pem"]
key = ["a.key", "b.key"]
client_auth = "optional"
client_ca = "ca.pem"
[[listener]]
transport = "tls"
[[listener]]
transport = "wss"
bind_address = "::"
port = 443
external_ip = ["203.0.113.6:8443", "2001:db8::6"]
certificate = "c.pem"
key = "c.key"
client_auth = "off"
`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Listener{
		{"tls", "10.0.0.7", 5061, []string{"203.0.113.5"}, []string{"a.pem", "b.pem"}, []string{"a.key", "b.key"}, "optional"},
		{"wss", "::", 443, []string{"203.0.113.6:8443", "2001:db8::6"}, []string{"c.pem"}, []string{"c.key"}, "off"},
	}
	if !reflect.DeepEqual(c.Listeners, want) {
		t.Errorf("listeners %+v, want %+v", c.Listeners, want)
	}
	if got := c.SIP.PortFor("ws"); got != 5062 {
		t.Errorf("port for ws: %d", got)
	}
	if place := c.Place("listener.1.certificate"); !strings.HasSuffix(place, ":18") {
		t.Errorf("place %q", place)
	}
	if c, err = load(t, "[sip]\ntransport = []\n[[listener]]\ntransport = \"tcp\"\n", Options{}); err != nil || c.Listeners[0].Port != 5060 || c.Listeners[0].BindAddress != "0.0.0.0" {
		t.Errorf("listeners only: %v, %+v", err, c)
	}
}

func TestListenerErrors(t *testing.T) {
	for _, c := range []struct {
		name, toml string
		want       []string
	}{
		{"no certificate", "[sip]\ntransport = [\"udp\", \"tls\"]\n", []string{`tls.certificate: is empty, but sip.transport names "tls": write the PEM files`}},
		{"no transport", "[sip]\ntransport = []\n", []string{`:2: sip.transport: is empty: write "udp"`}},
		{"no key", "[tls]\ncertificate = [\"a\", \"b\"]\nkey = \"a\"\n", []string{":3: tls.key: names 1 files for 2 certificates"}},
		{"no authority", "[tls]\nclient_auth = \"required\"\n", []string{`tls.client_ca: is empty, but tls.client_auth is "required"`}},
		{"bad choices", "[tls]\nmin_version = \"1.1\"\nclient_auth = \"yes\"\n", []string{`:2: tls.min_version: "1.1" is not a choice`, `:3: tls.client_auth: "yes" is not a choice`}},
		{"addresses", "[sip]\nexternal_ip = \"pbx.example.com\"\nlocal_nets = [\"10.0.0.1/8\"]\n", []string{
			`:2: sip.external_ip: "pbx.example.com" is not an IP address: write one as "203.0.113.5"`, `:3: sip.local_nets: "10.0.0.1/8" is not a network`}},
		{"two external addresses", "[sip]\nexternal_ip = [\"192.0.2.1\", \"192.0.2.2\"]\n", []string{"sip.external_ip: has two addresses of one IP version"}},
		{"limits", "[sip]\nmax_connections = 0\nmax_connections_per_ip = 0\nconnection_idle_seconds = 0\ntcp_above_bytes = -1\ntls_port = 70000\n", []string{
			"sip.max_connections: 0 is too small", "sip.max_connections_per_ip: 0 is too small", "sip.connection_idle_seconds: 0 is too small",
			"sip.tcp_above_bytes: -1 is too small", "sip.tls_port: 70000 is not a port"}},
		{"listener without transport", "\n[[listener]]\nport = 1\n", []string{":2: listener 1: transport: is missing"}},
		{"listener with a typo", "[[listener]]\ntransport = \"udp\"\n[[listener]]\ntransprot = \"udp\"\n", []string{":4: listener 2: transprot: unknown key, did you mean transport?"}},
		{"wrong types", "[[listener]]\ntransport = 1\nport = \"5060\"\n", []string{":2: listener 1: transport: 1 is not a string", `:3: listener 1: port: "5060" is not a whole number`}},
		{"wrong values", "[[listener]]\ntransport = \"sctp\"\nbind_address = \"here\"\nport = 70000\nexternal_ip = \"x\"\nclient_auth = \"x\"\n", []string{
			`:2: listener 1: transport: "sctp" is not a transport`, `:3: listener 1: bind_address: "here" is not an IP address`, ":4: listener 1: port: 70000 is not a port",
			`:5: listener 1: external_ip: "x" is not an IP address`, `:6: listener 1: client_auth: "x" is not a choice`}},
		{"listener without certificate", "[[listener]]\ntransport = \"wss\"\n", []string{":1: listener 1: certificate: is missing"}},
		{"listener without authority", "[tls]\ncertificate = \"a\"\nkey = \"a\"\n[[listener]]\ntransport = \"wss\"\nclient_auth = \"optional\"\n", []string{`:6: listener 1: client_auth: is "optional", but tls.client_ca is empty`}},
		{"one bracket", "[listener]\ntransport = \"udp\"\n", []string{"listener: is a list: write [[listener]]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.toml, Options{})
			if err == nil {
				t.Fatal("loaded")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nwant %s", err, want)
				}
			}
		})
	}
	if _, err := Load(Options{Flags: []Flag{{"--set", "listener.0.port", "1"}}}); err == nil || !strings.Contains(err.Error(), "listeners are a list") {
		t.Errorf("on the command line: %v", err)
	}
}
