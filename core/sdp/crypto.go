package sdp

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"offhook/media"
)

// SRTP says whether streams are to be encrypted, with keys in the description (SDES, RFC 4568).
type SRTP uint8

const (
	SRTPOff      SRTP = iota // RTP/SAVP is refused and a=crypto passed over
	SRTPOptional             // as the peer offers; we offer RTP/AVP with a=crypto (RFC 8643)
	SRTPRequired             // a stream without a=crypto is refused; we offer RTP/SAVP
)

// crypto is an a=crypto line (RFC 4568 §4).
type crypto struct {
	tag   int
	suite media.Suite
	key   media.MasterKey
}

// cryptosOf reads the lines that we can use, in the peer's order. Lines with a key identifier, with several keys or with
// session parameters that change the protection are left out, as suites that we do not have are (§6.3.7, §7.1.2).
func cryptosOf(m *sdp.MediaDescription) (usable []crypto) {
	for _, a := range m.Attributes {
		if a.Key != "crypto" {
			continue
		}
		if c, ok := readCrypto(a.Value); ok {
			usable = append(usable, c)
		}
	}
	return usable
}

// readCrypto reads "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|LIFETIME".
func readCrypto(value string) (c crypto, ok bool) {
	fields := strings.Fields(value)
	if len(fields) < 3 || slices.ContainsFunc(fields[3:], binding) {
		return c, false
	}
	tag, err := strconv.ParseUint(fields[0], 10, 30)
	suite, known := media.ParseSuite(fields[1])
	method, info, _ := strings.Cut(fields[2], ":")
	if err != nil || !known || !strings.EqualFold(method, "inline") || strings.ContainsAny(info, ":;") {
		return c, false
	}
	text, _, _ := strings.Cut(info, "|") // a lifetime: calls end long before 2^31 packets
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) != suite.KeyLen() {
		return c, false
	}
	return crypto{int(tag), suite, media.MasterKey(key)}, true
}

// binding tells whether a session parameter must be understood. The window size is a hint; one with a minus may be ignored.
func binding(parameter string) bool {
	return !strings.HasPrefix(parameter, "-") && !strings.HasPrefix(strings.ToUpper(parameter), "WSH=")
}

// key is our master key for a suite. It stays the same for the whole dialog, and each suite has its own.
func (l Local) key(suite media.Suite) media.MasterKey {
	key, err := hkdf.Key(sha256.New, []byte(l.Secret), nil, suite.String(), suite.KeyLen())
	if err != nil { // only for keys of several thousand octets
		panic("sdp: derive an SRTP key: " + err.Error())
	}
	return media.MasterKey(key)
}

// addCrypto adds the a=crypto line of a suite with our key.
func (l Local) addCrypto(m *sdp.MediaDescription, tag int, suite media.Suite) {
	key := base64.StdEncoding.EncodeToString([]byte(l.key(suite)))
	m.WithValueAttribute("crypto", strconv.Itoa(tag)+" "+suite.String()+" inline:"+key)
}

// secures picks the peer's first usable crypto line, as we want it; false: the stream cannot be used.
func (s *stream) secures(want SRTP) (c crypto, ok bool) {
	if want != SRTPOff && len(s.cryptos) > 0 {
		return s.cryptos[0], true
	}
	return crypto{}, !s.secure && want != SRTPRequired
}

// acceptCrypto completes an answer's choice with the key that we offered under its tag (§5.1.3); false: we did not.
func acceptCrypto(n *Negotiated, ours *sdp.MediaDescription) bool {
	if n.Crypto.Suite == media.NoSuite {
		return true
	}
	for _, c := range cryptosOf(ours) {
		if c.tag == n.cryptoTag && c.suite == n.Crypto.Suite {
			n.Crypto.Send = c.key
			return true
		}
	}
	return false
}

// isSecure tells whether the profile of an m= line is one of SRTP.
func isSecure(m *sdp.MediaDescription) bool {
	return slices.Contains(m.MediaName.Protos, "SAVP") || slices.Contains(m.MediaName.Protos, "SAVPF")
}
