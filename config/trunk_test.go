package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTrunks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, `
[sip]
domain = "pbx.example.com"
require_trunk = true

[[trunk]]
name = "a"
source = "203.0.113.7"
script = "menu"
auth = { user = "in", password_env = "OFFHOOK_A" }
account = { user = "out", password_file = "`+file+`" }
codecs = ["PCMA", "G722"]
max_calls = 3
calls_per_second = 0.5
maintenance = true
trust_identity = []

[trunk.headers]
remove = ["Server"]
set = { X-A = "1" }
add.X-B = "2"

[trunk.register]
registrar = ["sip:r1.example.com", "sip:r2.example.com:5070;transport=tcp"]
domain = "example.com"
contact = "us"
proxy = "sip:192.0.2.1"
expires_seconds = 600
keepalive_seconds = 15

[[route]]
trunk = "b"
script = "echo"

[[trunk]]
name = "b"
source = ["203.0.113.0/24", "::ffff:192.0.2.1", "2001:db8::1/32"]
auth = { user = "in", realm = "r", algorithms = ["MD5"], ha1 = "939E7578ed9e3c518a452acee763bce9" }
`, Options{Environ: []string{"OFFHOOK_A=from the environment"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Trunk{{
		Name: "a", Sources: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")},
		Auth:    &TrunkAuth{User: "in", Realm: "pbx.example.com", Password: Secret{"from the environment"}, Algorithms: []string{"MD5"}},
		Account: &TrunkAccount{User: "out", Password: Secret{"from the file"}},
		Register: &TrunkRegister{Registrars: []string{"sip:r1.example.com", "sip:r2.example.com:5070;transport=tcp"}, User: "out", Domain: "example.com",
			Contact: "us", Proxy: "sip:192.0.2.1", ExpiresSeconds: 600, KeepaliveSeconds: 15},
		Codecs: []string{"PCMA", "G722"}, MaxCalls: 3, CallsPerSecond: 0.5, Maintenance: true, TrustIdentity: []string{},
		Headers: TrunkHeaders{Remove: []string{"Server"}, Set: map[string]string{"X-A": "1"}, Add: map[string]string{"X-B": "2"}},
	}, {
		Name: "b", Sources: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32")},
		Auth: &TrunkAuth{User: "in", Realm: "r", HA1: Secret{"939e7578ed9e3c518a452acee763bce9"}, Algorithms: []string{"MD5"}},
	}}
	for i := range want {
		if !reflect.DeepEqual(c.Trunks[i], want[i]) {
			t.Errorf("trunk %d\n%+v\nwant\n%+v", i+1, c.Trunks[i], want[i])
		}
	}
	routes := []Route{{Trunk: "b", Script: "echo"}, {Trunk: "a", Script: "menu"}}
	if !reflect.DeepEqual(c.Routes, routes) || !c.SIP.RequireTrunk {
		t.Errorf("routes %+v, want %+v", c.Routes, routes)
	}
	if got := filepath.Base(c.Place("route.1.script")); got != "offhook.toml:9" {
		t.Errorf("the route of the trunk's script is at %s", got)
	}
	if r := c.Trunks[0].Register; r.Expires() != 10*time.Minute || r.Keepalive() != 15*time.Second {
		t.Errorf("%v, %v", r.Expires(), r.Keepalive())
	}
}

// However a configuration is printed, its passwords are not.
func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := load(t, "[[trunk]]\nname = \"a\"\nauth = { user = \"u\", password = \"hunter2\" }\naccount = { user = \"u\", password = \"hunter2\" }\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.TOML()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c.Trunks)
	if err != nil {
		t.Fatal(err)
	}
	auth := c.Trunks[0].Auth
	for _, printed := range []string{string(text), string(asJSON), fmt.Sprintf("%v %+v %#v %s", auth, *auth, *auth, auth.Password)} {
		if strings.Contains(printed, "hunter2") {
			t.Errorf("the password is in %s", printed)
		}
	}
	if auth.Password.Reveal() != "hunter2" {
		t.Errorf("it is %q", auth.Password.Reveal())
	}
}

func TestTrunkErrors(t *testing.T) {
	const block = "[[trunk]]\nname = \"a\"\nsource = \"192.0.2.1\"\n" // 3 lines
	const secret = "hunter2"
	for _, tt := range []struct {
		name, toml string
		options    Options
		want       []string
	}{
		{"unknown key", block + "sauce = 1\n", Options{}, []string{"offhook.toml:4: trunk 1: sauce: unknown key, did you mean source?"}},
		{"no name", "[[trunk]]\nsource = \"192.0.2.1\"\n", Options{}, []string{`:1: trunk 1: name: is missing: write name = "…"`}},
		{"odd name", "[[trunk]]\nname = \"a b\"\nsource = \"192.0.2.1\"\n", Options{}, []string{`:2: trunk 1: name: "a b": write letters, digits`}},
		{"the same name", block + strings.Replace(block, "2.1", "2.2", 1), Options{}, []string{`:5: trunk 2: name: "a" is the name of trunk 1, too`}},
		{"nothing to tell it by", "[[trunk]]\nname = \"a\"\n", Options{}, []string{`trunk 1: source: is missing: write source = "ADDRESS", auth or register`}},
		{"no address", "[[trunk]]\nname = \"a\"\nsource = [\"carrier.example.com\"]\n", Options{}, []string{`:3: trunk 1: source: "carrier.example.com" is neither an IP address nor a prefix`}},
		{"taken address", block + "[[trunk]]\nname = \"b\"\nsource = \"192.0.2.1/32\"\n", Options{}, []string{":6: trunk 2: source: no call of 192.0.2.1/32 comes here: trunk 1 takes it before"}},
		{"unknown codec", block + "codecs = [\"G729\"]\n", Options{}, []string{`:4: trunk 1: codecs: "G729" is not a choice: write one or more of PCMU`}},
		{"no codec", block + "codecs = []\n", Options{}, []string{`:4: trunk 1: codecs: is empty`}},
		{"limits", block + "max_calls = 0\ncalls_per_second = -1\nmaintenance = \"yes\"\n", Options{}, []string{
			":4: trunk 1: max_calls: 0 is too small: write 1 or more, or leave it out", ":5: trunk 1: calls_per_second: -1 is too small", `:6: trunk 1: maintenance: "yes" is not a boolean`}},
		{"fraction of a call", block + "max_calls = 1.5\n", Options{}, []string{"max_calls: 1.5 is not a whole number"}},
		{"script file", block + "script = \"menu.lua\"\n", Options{}, []string{`:4: trunk 1: script: is a name, not a file: write "menu"`}},
		{"auth is no table", block + "auth = \"" + secret + "\"\n", Options{}, []string{":4: trunk 1: auth: is not a table: write auth = { … }"}},
		{"unknown key of auth", block + "auth = { user = \"u\", pasword = \"" + secret + "\" }\n", Options{}, []string{
			":4: trunk 1: auth: pasword: unknown key, did you mean password?", "trunk 1: auth: password: write one of password, password_env and password_file"}},
		{"two passwords", block + "[trunk.auth]\nuser = \"u\"\npassword = \"" + secret + "\"\npassword_file = \"x\"\n", Options{}, []string{":7: trunk 1: auth: password_file: write one of"}},
		{"a number as password", block + "account = { user = \"u\", password = 42424242 }\n", Options{}, []string{":4: trunk 1: account: password: is not a string, or empty: write it in quotes"}},
		{"password without a file", block + "account = { user = \"u\", password_file = \"/nowhere/x\" }\n", Options{}, []string{":4: trunk 1: account: password_file: open /nowhere/x: no such file"}},
		{"password without a variable", block + "account = { user = \"u\", password_env = \"OFFHOOK_X\" }\n", Options{}, []string{"password_env: the environment variable OFFHOOK_X is not set"}},
		{"a variable of others", block + "account = { user = \"u\", password_env = \"HOME\" }\n", Options{Environ: []string{"HOME=" + secret}}, []string{`password_env: "HOME": write a name like OFFHOOK_CARRIER_PASSWORD`}},
		{"password of two lines", block + "account = { user = \"u\", password = \"" + secret + "\\nx\" }\n", Options{}, []string{"account: password: must be one line"}},
		{"algorithm", block + "auth = { user = \"u\", password = \"" + secret + "\", algorithms = [\"SHA1\"] }\n", Options{}, []string{`auth: algorithms: "SHA1" is not a choice: write one or more of SHA-512-256, SHA-256, MD5`}},
		{"ha1 for all", block + "auth = { user = \"u\", ha1 = \"939e7578ed9e3c518a452acee763bce9\", algorithms = [\"MD5\", \"SHA-256\"] }\n", Options{}, []string{"auth: ha1: is good for one algorithm"}},
		{"ha1 of another", block + "auth = { user = \"u\", ha1 = \"939e7578ed9e3c518a452acee763bce9\", algorithms = [\"SHA-256\"] }\n", Options{}, []string{"auth: ha1: is not the 64 hex digits"}},
		{"ha1 and password", block + "auth = { user = \"u\", password = \"" + secret + "\", ha1 = \"939e7578ed9e3c518a452acee763bce9\", algorithms = [\"MD5\"] }\n", Options{}, []string{"auth: ha1: stands for the password"}},
		{"realm", block + "auth = { user = \"u\", password = \"" + secret + "\", realm = 'a\"b' }\n", Options{}, []string{"auth: realm: realm and user must not have"}},
		{"register nowhere", block + "register = { user = \"u\" }\n", Options{}, []string{":4: trunk 1: register: registrar: is missing"}},
		{"register as nobody", block + "register = { registrar = \"sip:r\" }\n", Options{}, []string{":4: trunk 1: register: user: is missing"}},
		{"registrar", block + "register = { registrar = \"r.example.com\", user = \"u\", proxy = \"sip:u@h\", domain = \"a b\", expires_seconds = 1 }\n", Options{}, []string{
			`register: registrar: "r.example.com" is no SIP URI of a host: write sip:HOST`, `register: proxy: "sip:u@h"`, `register: domain: "a b" has a character`, "register: expires_seconds: 1 is too small"}},
		{"header rules", block + "headers = { remove = [\"Via\"], set = { f = \"x\", \"X Y\" = \"x\", X-A = \"a\\nb\" }, ad = {} }\n", Options{}, []string{
			":4: trunk 1: headers: remove: Via belongs to the protocol", `headers: set: "f" is no name`, `headers: set: "X Y" is no name`, "headers: set: X-A: must be one line", "headers: ad: unknown key, did you mean add?"}},
		{"two without an address", "[[trunk]]\nname = \"a\"\nauth = { user = \"u\", password = \"" + secret + "\" }\n[[trunk]]\nname = \"b\"\nauth = { user = \"u\", password = \"" + secret + "\", realm = \"r\" }\n", Options{}, []string{
			":6: trunk 2: auth: must have realm and algorithms of trunk 1", `:6: trunk 2: auth: user "u" is that of trunk 1`}},
		{"route to nowhere", block + "[[route]]\ntrunk = \"b\"\nscript = \"x\"\n", Options{}, []string{`:5: route 1: trunk: there is no trunk "b", only a`}},
		{"one bracket", "[trunk]\nname = \"a\"\n", Options{}, []string{":1: trunk: is a list: write [[trunk]], with two brackets, above each"}},
		{"misspelt", "[[trunks]]\nname = \"a\"\n", Options{}, []string{":1: trunks: unknown key, did you mean [[trunk]]?"}},
		{"in the environment", "", Options{Environ: []string{"OFFHOOK_TRUNK__NAME=a"}}, []string{"environment OFFHOOK_TRUNK__NAME: trunk.name: trunks are a list"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.toml, tt.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error\n%v\ndoes not say\n%s", err, want)
				}
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "4242") {
				t.Errorf("the password is in the error:\n%v", err)
			}
		})
	}
}
