package config

import (
	"strings"
	"testing"
)

func TestConsole(t *testing.T) {
	long := strings.Repeat("s", ShortestToken)
	for _, tt := range []struct {
		name string
		set  map[string]string
		want string // of the error; "" = none
	}{
		{"default", nil, ""},
		{"tokens", map[string]string{"token": long, "operator_token": long + "x"}, ""},
		{"own address", map[string]string{"bind_address": "127.0.0.1:0"}, ""},
		{"tls", map[string]string{"bind_address": ":8443", "tls_cert": "a", "tls_key": "b", "client_ca": "c", "operators": "ann,bob"}, ""},
		{"role", map[string]string{"local_role": "root"}, `console.local_role: "root" is not a role: write "operator", "reader" or "none"`},
		{"address without a port", map[string]string{"bind_address": "10.0.0.1"}, `"10.0.0.1" is not an address with a port`},
		{"address with a bad port", map[string]string{"bind_address": "10.0.0.1:99999"}, "is not an address with a port"},
		{"short token", map[string]string{"token": "secret"}, "console.token: is shorter than 16 characters"},
		{"short operator token", map[string]string{"operator_token": "secret"}, "console.operator_token: is shorter"},
		{"token twice", map[string]string{"token": long, "token_file": "f"}, "console.token_file exclude each other"},
		{"one token for both", map[string]string{"token": long, "operator_token": long}, "is the same as console.token"},
		{"half a certificate", map[string]string{"tls_key": "k", "bind_address": ":1"}, "belong together"},
		{"tls on the health port", map[string]string{"tls_cert": "c", "tls_key": "k"}, "needs console.bind_address"},
		{"client certificates without tls", map[string]string{"client_ca": "c"}, "needs console.tls_cert"},
		{"names without certificates", map[string]string{"operators": "ann"}, "needs console.client_ca"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{}
			for key, value := range tt.set {
				o.Flags = append(o.Flags, Flag{"--set", "console." + key, value})
			}
			_, err := Load(o)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			case err != nil && strings.Contains(err.Error(), long):
				t.Errorf("the error shows a token: %v", err)
			}
		})
	}
}
