package sdp

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"offhook/media"
)

// inline is a=crypto with a key of one letter, repeated.
func inline(tag, suite, key string) string { return "a=crypto:" + tag + " " + suite + " inline:" + key }

// Keys of 30 and 28 octets, as base64.
var (
	key30 = strings.Repeat("YWFh", 10)
	key28 = strings.Repeat("YWFh", 9) + "YQ=="
)

func TestAnswerCrypto(t *testing.T) {
	const cm80, cm32, gcm = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM"
	for _, c := range []struct {
		name    string
		profile string
		lines   []string
		// what comes of it by mode: off, optional, required; "": plain RTP, "-": refused
		off, optional, required string
		tag                     string
	}{
		{"plain", "RTP/AVP", nil, "", "", "-", ""},
		{"secure", "RTP/SAVP", []string{inline("1", cm80, key30)}, "-", cm80, cm80, "1"},
		{"secure with feedback", "RTP/SAVPF", []string{inline("1", cm80, key30)}, "-", cm80, cm80, "1"},
		{"opportunistic", "RTP/AVP", []string{inline("7", cm32, key30)}, "", cm32, cm32, "7"},
		{"the first of several", "RTP/SAVP", []string{inline("1", "F8_128_HMAC_SHA1_80", key30), inline("2", gcm, key28), inline("3", cm80, key30)}, "-", gcm, gcm, "2"},
		{"no padding", "RTP/SAVP", []string{inline("1", gcm, strings.TrimRight(key28, "="))}, "-", gcm, gcm, "1"},
		{"a lifetime", "RTP/SAVP", []string{inline("1", cm80, key30+"|2^20")}, "-", cm80, cm80, "1"},
		{"a window size and an optional parameter", "RTP/SAVP", []string{inline("1", cm80, key30+" WSH=128 -X=1")}, "-", cm80, cm80, "1"},
		{"a key identifier", "RTP/SAVP", []string{inline("1", cm80, key30+"|2^20|1:4")}, "-", "-", "-", ""},
		{"two keys", "RTP/SAVP", []string{inline("1", cm80, key30+";inline:"+key30)}, "-", "-", "-", ""},
		{"not encrypted", "RTP/SAVP", []string{inline("1", cm80, key30+" UNENCRYPTED_SRTP")}, "-", "-", "-", ""},
		{"a key of another length", "RTP/SAVP", []string{inline("1", cm80, key28)}, "-", "-", "-", ""},
		{"no base64", "RTP/SAVP", []string{inline("1", cm80, strings.Repeat("#", 40))}, "-", "-", "-", ""},
		{"no tag", "RTP/SAVP", []string{inline("x", cm80, key30)}, "-", "-", "-", ""},
		{"no key", "RTP/SAVP", []string{"a=crypto:1 " + cm80}, "-", "-", "-", ""},
		{"no crypto", "RTP/SAVP", nil, "-", "-", "-", ""},
		{"unusable beside plain RTP", "RTP/AVP", []string{inline("1", "F8_128_HMAC_SHA1_80", key30)}, "", "", "-", ""},
		{"DTLS", "UDP/TLS/RTP/SAVP", []string{"a=fingerprint:sha-256 00"}, "-", "-", "-", ""},
	} {
		offer := description(append([]string{peerC, "m=audio 4000 " + c.profile + " 0"}, c.lines...)...)
		for mode, want := range []string{c.off, c.optional, c.required} {
			capabilities, local := testCapabilities(), testLocal()
			capabilities.SRTP, local.Secret = SRTP(mode), "secret"
			answer, n, err := Answer(offer, local, capabilities)
			if want == "-" {
				if !errors.Is(err, ErrNoCommonCodec) {
					t.Errorf("%s, mode %d: %v, want ErrNoCommonCodec", c.name, mode, err)
				}
				continue
			}
			if err != nil || n.Crypto.Suite.String() != want {
				t.Errorf("%s, mode %d: suite %q, error %v; want %q", c.name, mode, n.Crypto.Suite, err, want)
				continue
			}
			if !strings.Contains(string(answer), "m=audio 10000 "+c.profile+" 0") {
				t.Errorf("%s, mode %d: answer\n%s", c.name, mode, answer)
			}
			if got := cryptoLines(answer); want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.tag+" "+want+" ")) {
				t.Errorf("%s, mode %d: crypto %q", c.name, mode, got)
			}
			if want == "" && n.Crypto != (media.Crypto{}) || want != "" && (string(n.Crypto.Receive) != strings.Repeat("a", len(n.Crypto.Receive)) || n.Crypto.Send == n.Crypto.Receive) {
				t.Errorf("%s, mode %d: keys", c.name, mode)
			}
		}
	}
}

func cryptoLines(description []byte) (lines []string) {
	for line := range strings.SplitSeq(string(description), "\r\n") {
		if value, ok := strings.CutPrefix(line, "a=crypto:"); ok {
			lines = append(lines, value)
		}
	}
	return lines
}

// TestCryptoOfferAndAnswer lets two of our kind agree, one by each kind of offer, and compares their keys.
func TestCryptoOfferAndAnswer(t *testing.T) {
	for _, c := range []struct {
		offers, answers SRTP
		profile         string
		secure, ok      bool
	}{
		{SRTPOff, SRTPOff, "RTP/AVP", false, true},
		{SRTPOff, SRTPOptional, "RTP/AVP", false, true},
		{SRTPOff, SRTPRequired, "RTP/AVP", false, false},
		{SRTPOptional, SRTPOff, "RTP/AVP", false, true},
		{SRTPOptional, SRTPOptional, "RTP/AVP", true, true},
		{SRTPOptional, SRTPRequired, "RTP/AVP", true, true},
		{SRTPRequired, SRTPOff, "RTP/SAVP", false, false},
		{SRTPRequired, SRTPOptional, "RTP/SAVP", true, true},
		{SRTPRequired, SRTPRequired, "RTP/SAVP", true, true},
	} {
		a, b, ca, cb := testLocal(), testLocal(), testCapabilities(), testCapabilities()
		a.Secret, b.Secret, ca.SRTP, cb.SRTP = "one", "two", c.offers, c.answers
		offer := Offer(a, ca)
		if !strings.Contains(string(offer), "m=audio 10000 "+c.profile+" ") {
			t.Errorf("%d: offer\n%s", c.offers, offer)
		}
		answer, there, err := Answer(offer, b, cb)
		if (err == nil) != c.ok {
			t.Errorf("%d to %d: %v", c.offers, c.answers, err)
		}
		if err != nil {
			continue
		}
		here, err := Accept(answer, offer)
		if err != nil {
			t.Errorf("%d to %d: accept: %v", c.offers, c.answers, err)
		}
		if (here.Crypto.Suite != media.NoSuite) != c.secure || here.Crypto.Suite != there.Crypto.Suite ||
			here.Crypto.Send != there.Crypto.Receive || here.Crypto.Receive != there.Crypto.Send {
			t.Errorf("%d to %d: the two do not fit", c.offers, c.answers)
		}
		second, _ := Reoffer(offer, a, ca)
		again, _, err := Answer(second, b, cb)
		if err != nil || !slices.Equal(cryptoLines(again), cryptoLines(answer)) {
			t.Errorf("%d to %d: other keys the second time (%v)", c.offers, c.answers, err)
		}
	}
}

// TestReofferKeepsTheProfile checks that a secure stream is not offered in the clear.
func TestReofferKeepsTheProfile(t *testing.T) {
	local, c := testLocal(), testCapabilities()
	local.Secret, c.SRTP = "secret", SRTPOptional
	answer, _, err := Answer(description(peerC, "m=audio 4000 RTP/SAVP 0", inline("1", "AES_CM_128_HMAC_SHA1_80", key30)), local, c)
	if err != nil {
		t.Fatal(err)
	}
	if offer, _ := Reoffer(answer, local, c); !strings.Contains(string(offer), "RTP/SAVP ") {
		t.Errorf("offer\n%s", offer)
	}
}

// TestAcceptCryptoNotOffered refuses an answer that picks a tag or a suite of its own, or goes back to plain RTP.
func TestAcceptCryptoNotOffered(t *testing.T) {
	local, c := testLocal(), testCapabilities()
	local.Secret, c.SRTP = "secret", SRTPRequired
	offer := Offer(local, c)
	for name, lines := range map[string][]string{
		"another tag":   {"m=audio 4000 RTP/SAVP 0", inline("9", "AES_CM_128_HMAC_SHA1_80", key30)},
		"another suite": {"m=audio 4000 RTP/SAVP 0", inline("1", "AEAD_AES_128_GCM", key28)},
		"plain":         {"m=audio 4000 RTP/AVP 0"},
	} {
		if _, err := Accept(description(append([]string{peerC}, lines...)...), offer); !errors.Is(err, ErrNoCommonCodec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Accept(description(peerC, "m=audio 4000 RTP/SAVP 0", inline("1", "AES_CM_128_HMAC_SHA1_80", key30)), offer); err != nil {
		t.Errorf("a good answer: %v", err)
	}
}
