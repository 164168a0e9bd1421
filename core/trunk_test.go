package core

import (
	"net/netip"
	"testing"

	"github.com/emiago/sipgo/sip"

	"offhook/core/digest"
)

// A call belongs to the first trunk with its address, else to the one that has
// registered there, else to the one whose user it claims to be.
func TestTrunkOf(t *testing.T) {
	user := func(name string) *digest.User { return &digest.User{Name: name, Realm: "r"} }
	s := New(Options{Media: nil, Trunks: []Trunk{
		{Name: "roaming-a", User: user("a")},
		{Name: "net", Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, User: user("b")},
		{Name: "host", Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("2001:db8::/32")}},
		{Name: "account-1", Register: &Register{Registrars: []string{"sip:r"}, User: "1"}},
		{Name: "account-2", Register: &Register{Registrars: []string{"sip:r"}, User: "2", Contact: "two"}},
		{Name: "roaming-c", User: user("c")},
	}})
	for _, t := range s.trunks[3:5] {
		t.registering.learn(netip.MustParseAddr("192.0.2.1"))
	}
	for _, tt := range []struct{ from, called, user, want string }{
		{"10.0.0.1", "x", "c", "net"},
		{"::ffff:10.0.0.2", "x", "", "net"},
		{"2001:db8::7", "x", "", "host"},
		{"192.0.2.1", "two", "", "account-2"},
		{"192.0.2.1", "1", "", "account-1"},
		{"192.0.2.1", "x", "c", "account-1"},
		{"192.0.2.2", "x", "c", "roaming-c"},
		{"192.0.2.2", "x", "b", "roaming-a"},
		{"192.0.2.2", "x", "", "roaming-a"},
	} {
		req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: tt.called, Host: "h"})
		if tt.user != "" {
			req.AppendHeader(sip.NewHeader("Authorization", `Digest username="`+tt.user+`", realm="r"`))
		}
		if got := s.trunkOf(netip.MustParseAddr(tt.from), req); got == nil || got.Name != tt.want {
			t.Errorf("%+v: %+v", tt, got)
		}
	}
	s.trunks = s.trunks[1:5]
	if got := s.trunkOf(netip.MustParseAddr("192.0.2.2"), sip.NewRequest(sip.INVITE, sip.Uri{})); got != nil {
		t.Errorf("a stranger belongs to %s", got.Name)
	}
}

// Which header fields name the caller is the trunk's to say.
func TestTrustedIdentity(t *testing.T) {
	req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "h"})
	req.AppendHeader(&sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: "from", Host: "h"}})
	req.AppendHeader(sip.NewHeader("P-Asserted-Identity", "<sip:asserted@h>"))
	req.AppendHeader(sip.NewHeader("Remote-Party-ID", "<sip:remote@h>"))
	for _, tt := range []struct {
		trunk *trunk
		want  string
	}{
		{nil, "asserted"},
		{&trunk{}, "asserted"},
		{&trunk{Trunk: Trunk{Identity: []string{"Remote-Party-ID"}}}, "remote"},
		{&trunk{Trunk: Trunk{Identity: []string{}}}, "from"},
	} {
		c := &Call{request: req, trunk: tt.trunk}
		if got := c.CallerNumber(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.trunk, got, tt.want)
		}
	}
}
