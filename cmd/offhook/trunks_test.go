package main

import (
	"reflect"
	"testing"
	"time"

	"offhook/config"
	"offhook/core"
	"offhook/core/digest"
	"offhook/media"
)

func TestTrunksOf(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "offhook.toml", `
[[trunk]]
name = "a"
source = "192.0.2.0/24"
auth = { user = "in", password = "secret", realm = "r", algorithms = ["SHA-256"] }
account = { user = "out", password = "hidden" }
register = { registrar = "sip:r.example.com", contact = "us", keepalive_seconds = 20 }
codecs = ["PCMA"]
max_calls = 2
calls_per_second = 3
maintenance = true
trust_identity = ["P-Asserted-Identity"]
headers = { remove = ["Server"], set = { X-B = "2", X-A = "1" }, add = { X-C = "3" } }
[[trunk]]
name = "b"
auth = { user = "in", realm = "r", algorithms = ["MD5"], ha1 = "939e7578ed9e3c518a452acee763bce9" }
`)
	c, err := config.Load(config.Options{File: dir + "/offhook.toml"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := trunksOf(c)
	if err != nil {
		t.Fatal(err)
	}
	account := digest.Account{User: "out", Password: "hidden"}
	in := digest.NewUser("in", "r", "secret", []digest.Algorithm{digest.SHA256})
	want := []core.Trunk{{
		Name: "a", Sources: c.Trunks[0].Sources, User: &in, Account: account, Codecs: []media.Codec{media.PCMA}, MaxCalls: 2, CallsPerSecond: 3,
		Maintenance: true, Identity: []string{"P-Asserted-Identity"},
		Headers:  core.HeaderRules{Remove: []string{"Server"}, Set: core.Headers{{Name: "X-A", Value: "1"}, {Name: "X-B", Value: "2"}}, Add: core.Headers{{Name: "X-C", Value: "3"}}},
		Register: &core.Register{Registrars: []string{"sip:r.example.com"}, User: "out", Contact: "us", Account: account, Expires: time.Hour, KeepAlive: 20 * time.Second},
	}, {
		Name: "b", User: &digest.User{Name: "in", Realm: "r", HA1: map[digest.Algorithm]string{digest.MD5: "939e7578ed9e3c518a452acee763bce9"}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
