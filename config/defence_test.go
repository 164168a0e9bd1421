package config

import (
	"strings"
	"testing"
)

func TestDefenceIsValidated(t *testing.T) {
	for _, c := range []struct{ set, value, want string }{
		{"trusted", "10.0.0.0/8,trunk.example.com", `defence.trusted: "trunk.example.com" is not an address or network: write "192.0.2.7" or "10.0.0.0/8"`},
		{"allow", "10.0.0.0/33", `defence.allow: "10.0.0.0/33" is not`},
		{"deny", "::ffff:10.0.0.0/104", `defence.deny: "::ffff:10.0.0.0/104" is not`},
		{"deny", "fe80::1%eth0", `defence.deny: "fe80::1%eth0" is not`},
		{"scanners", "sipvicious,a", `defence.scanners: "a" is the beginning of too much`},
		{"calls_per_second", "-1", "defence.calls_per_second: -1 is too small"},
		{"max_delay_ms", "0", "defence.max_delay_ms: 0 is too small"},
		{"ban_seconds", "-1", "defence.ban_seconds: -1 is too small"},
		{"max_message_bytes", "70000", "defence.max_message_bytes: 70000 is too large: write 65535 or less"},
		{"max_header_bytes", "65536", "defence.max_header_bytes: 65536 is more than a message may have: write 65535 or less"},
		{"max_headers", "9", "defence.max_headers: 9 is too small"},
		{"max_transactions", "1", "defence.max_transactions: 1 is too small"},
		{"alow", "x", "defence.alow: unknown key, did you mean defence.allow?"},
	} {
		_, err := Load(Options{Flags: []Flag{{Name: "--set", Key: "defence." + c.set, Value: c.value}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %v, want %s", c.set, c.value, err, c.want)
		}
	}
	c, err := Load(Options{Flags: []Flag{{Name: "--set", Key: "defence.deny", Value: "192.0.2.7,2001:db8::/32"}}})
	if err != nil {
		t.Fatal(err)
	}
	networks, bad := ParseNetworks(c.Defence.Deny)
	if bad != "" || len(networks) != 2 || networks[0].String() != "192.0.2.7/32" || networks[1].String() != "2001:db8::/32" {
		t.Errorf("networks %v, bad %q", networks, bad)
	}
}

func TestScriptLimits(t *testing.T) {
	set := func(value string) []Flag {
		return []Flag{{"--set", "script.menu.max_calls", value}, {"--set", "script.menu.calls_per_second", "0.5"}}
	}
	c, err := Load(Options{Flags: set("3")})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ScriptLimits(); len(got) != 1 || got["menu"] != (ScriptLimit{3, 0.5}) {
		t.Errorf("limits %v", got)
	}
	for _, bad := range []string{"-1", "1.5", "many", "NaN"} {
		if _, err := Load(Options{Flags: set(bad)}); err == nil || !strings.Contains(err.Error(), "script.menu.max_calls: \""+bad+"\" is not a limit: write a number, 0 for none") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
