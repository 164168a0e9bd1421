package config

import (
	"net"
	"slices"
	"strconv"
)

// Console is the [console] section.
type Console struct {
	Enable            bool     `koanf:"enable"`
	BindAddress       string   `koanf:"bind_address"` // host:port; empty: the health port
	LocalRole         string   `koanf:"local_role"`
	Token             string   `koanf:"token"`
	TokenFile         string   `koanf:"token_file"`
	OperatorToken     string   `koanf:"operator_token"`
	OperatorTokenFile string   `koanf:"operator_token_file"`
	TLSCert           string   `koanf:"tls_cert"`
	TLSKey            string   `koanf:"tls_key"`
	ClientCA          string   `koanf:"client_ca"`
	Operators         []string `koanf:"operators"`
	AuditFile         string   `koanf:"audit_file"`
}

// ShortestToken is how many characters a token of the console has at least.
const ShortestToken = 16

func (c *Console) validate(fail report) {
	if !slices.Contains([]string{"operator", "reader", "none"}, c.LocalRole) {
		fail("console.local_role", "%q is not a role: write \"operator\", \"reader\" or \"none\"", c.LocalRole)
	}
	if _, port, err := net.SplitHostPort(c.BindAddress); c.BindAddress != "" {
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
			fail("console.bind_address", "%q is not an address with a port: write one as \"10.0.0.1:8443\", or \"\" for the health port", c.BindAddress)
		}
	}
	checkToken(fail, "console.token", c.Token, c.TokenFile)
	checkToken(fail, "console.operator_token", c.OperatorToken, c.OperatorTokenFile)
	if c.Token != "" && c.Token == c.OperatorToken {
		fail("console.operator_token", "is the same as console.token: whoever may read could act")
	}
	c.validateTLS(fail)
}

func (c *Console) validateTLS(fail report) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		fail("console.tls_cert", "and console.tls_key belong together: write both")
	case c.TLSCert != "" && c.BindAddress == "":
		fail("console.tls_cert", "needs console.bind_address: /health stays without TLS on its own port")
	case c.ClientCA != "" && c.TLSCert == "":
		fail("console.client_ca", "needs console.tls_cert and console.tls_key: certificates are shown over TLS only")
	case len(c.Operators) > 0 && c.ClientCA == "":
		fail("console.operators", "needs console.client_ca: they are the names in certificates")
	}
}

func checkToken(fail report, key, token, file string) {
	if token != "" && file != "" {
		fail(key, "and %s_file exclude each other: write one of them", key)
	}
	if token != "" && len(token) < ShortestToken {
		fail(key, "is shorter than %d characters: write one as 'openssl rand -hex 24' makes it", ShortestToken)
	}
}
