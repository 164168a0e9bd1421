package transaction

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	lines := func(l ...string) string { return strings.Join(l, "\r\n") }
	for _, c := range []struct{ name, message, want string }{
		{"nothing", lines("INVITE sip:a SIP/2.0", "To: <sip:a>", "", ""), lines("INVITE sip:a SIP/2.0", "To: <sip:a>", "", "")},
		{"digest", lines("INVITE sip:a SIP/2.0", `Authorization: Digest username="u", response="r"`, "To: <sip:a>", "", ""), lines("INVITE sip:a SIP/2.0", "Authorization: Digest ***", "To: <sip:a>", "", "")},
		{"in any case", lines("x", "PROXY-authorization :  Basic dTpw", "", ""), lines("x", "PROXY-authorization :  Basic ***", "", "")},
		{"folded", lines("x", "Authorization: Digest a=b,", " response=secret,", "\tcnonce=secret", "To: y", "", ""), lines("x", "Authorization: Digest ***", "To: y", "", "")},
		{"folded, in small letters", lines("x", "authorization: Digest a=b,", " response=secret", "To: y", "", ""), lines("x", "authorization: Digest ***", "To: y", "", "")},
		{"no scheme", lines("x", "Authorization: secret", "", ""), lines("x", "Authorization: ***", "", "")},
		{"empty", lines("x", "Authorization:", "Authorization", "", ""), lines("x", "Authorization:***", "Authorization", "", "")},
		{"challenge", lines("x", `WWW-Authenticate: Digest nonce="n"`, "", ""), lines("x", `WWW-Authenticate: Digest nonce="n"`, "", "")},
		{
			"crypto", lines("x", "", "v=0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4 KDR=1", "a=Crypto:2 X INLINE:c2VjcmV0", "a=sendrecv", ""),
			lines("x", "", "v=0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***", "a=Crypto:2 X INLINE:***", "a=sendrecv", ""),
		},
		{"bare line feeds", "x\nAuthorization: Digest secret\n secret\nTo: y\n\na=crypto:1 X inline:secret\n", "x\nAuthorization: Digest ***\nTo: y\n\na=crypto:1 X inline:***\n"},
		{"cut", "x\r\nAuthorization: Digest sec", "x\r\nAuthorization: Digest ***"},
	} {
		if got := string(Mask([]byte(c.message))); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
	}
}
