package media

import (
	"fmt"
	"strings"

	"github.com/pion/srtp/v3"
)

// Suite is a set of algorithms of SRTP (RFC 3711), by the names that SDP uses. The zero value is none: plain RTP.
type Suite uint8

// The suites of RFC 4568 §6.2, RFC 6188 and RFC 7714. The one that all must have comes first.
const (
	NoSuite Suite = iota
	AESCM128HMACSHA180
	AESCM128HMACSHA132
	AES256CMHMACSHA180
	AEADAES128GCM
	AEADAES256GCM
)

// Suites lists all suites there are, in the order that we offer them in.
func Suites() []Suite {
	return []Suite{AESCM128HMACSHA180, AESCM128HMACSHA132, AES256CMHMACSHA180, AEADAES128GCM, AEADAES256GCM}
}

// suites holds what differs between them; keys and salts are in octets.
var suites = [...]struct {
	name      string
	key, salt int
	profile   srtp.ProtectionProfile
}{
	AESCM128HMACSHA180: {"AES_CM_128_HMAC_SHA1_80", 16, 14, srtp.ProtectionProfileAes128CmHmacSha1_80},
	AESCM128HMACSHA132: {"AES_CM_128_HMAC_SHA1_32", 16, 14, srtp.ProtectionProfileAes128CmHmacSha1_32},
	AES256CMHMACSHA180: {"AES_256_CM_HMAC_SHA1_80", 32, 14, srtp.ProtectionProfileAes256CmHmacSha1_80},
	AEADAES128GCM:      {"AEAD_AES_128_GCM", 16, 12, srtp.ProtectionProfileAeadAes128Gcm},
	AEADAES256GCM:      {"AEAD_AES_256_GCM", 32, 12, srtp.ProtectionProfileAeadAes256Gcm},
}

// ParseSuite finds a suite by its name in SDP; false: it is not one of ours.
func ParseSuite(name string) (Suite, bool) {
	for _, s := range Suites() {
		if strings.EqualFold(name, s.String()) {
			return s, true
		}
	}
	return NoSuite, false
}

// String is the name in SDP; "" of NoSuite.
func (s Suite) String() string { return suites[s].name }

// KeyLen is the length of a MasterKey of the suite, in octets.
func (s Suite) KeyLen() int { return suites[s].key + suites[s].salt }

// MasterKey is a master key and, after it, its salt (RFC 3711 §3.2.1). It never shows in print, whatever the verb.
type MasterKey string

// Format keeps the key out of logs and errors.
func (MasterKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(key)") }

// MarshalText keeps it out of structured logs.
func (MasterKey) MarshalText() ([]byte, error) { return []byte("(key)"), nil }

// Crypto is how the packets of a session are protected; the zero value: not at all.
type Crypto struct {
	Suite         Suite
	Send, Receive MasterKey
}
