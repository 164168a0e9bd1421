package sdp

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzAnswer answers what it is offered. An answer can be read again, has the offer's number of m= lines, each of its medium
// and protocol, and one of them is ours (RFC 3264 §6); any other outcome is one of the two errors.
func FuzzAnswer(f *testing.F) {
	paths, _ := filepath.Glob("testdata/answers/*.sdp")
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(description("c=IN IP6 ::", "m=audio 1/2 RTP/AVP 0", "a=rtcp:1 IN IP4 0.0.0.0", "a=ptime:1e1"))
	f.Add(description(peerC, "m=audio 4000 RTP/SAVP 0", inline("1", "AES_CM_128_HMAC_SHA1_80", key30+"|2^20 WSH=64")))
	f.Fuzz(func(t *testing.T, offer []byte) {
		capabilities := testCapabilities()
		capabilities.SRTP = SRTPOptional
		answer, n, err := Answer(offer, testLocal(), capabilities)
		if err != nil {
			var flaw *SyntaxError
			if !errors.As(err, &flaw) && !errors.Is(err, ErrNoCommonCodec) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if size := n.Crypto.Suite.KeyLen(); len(n.Crypto.Send) != size || len(n.Crypto.Receive) != size {
			t.Fatalf("keys of %d and %d octets for %v", len(n.Crypto.Send), len(n.Crypto.Receive), n.Crypto.Suite)
		}
		if !n.Remote.IsValid() || n.Ptime < 10*time.Millisecond || n.Ptime > 60*time.Millisecond {
			t.Fatalf("agreed on %+v", n)
		}
		o, err := read(offer)
		if err != nil {
			t.Fatal(err)
		}
		a, err := read(answer)
		if err != nil {
			t.Fatalf("answer\n%q\n%v", answer, err)
		}
		if len(a.MediaDescriptions) != len(o.MediaDescriptions) {
			t.Fatalf("%d m= lines for %d", len(a.MediaDescriptions), len(o.MediaDescriptions))
		}
		ours := 0
		for i, m := range a.MediaDescriptions {
			if offered := o.MediaDescriptions[i].MediaName; m.MediaName.Media != offered.Media || len(m.MediaName.Protos) != len(offered.Protos) {
				t.Fatalf("m= line %d is %v, offered was %v", i, m.MediaName, offered)
			}
			if m.MediaName.Port.Value != 0 {
				ours++
			}
		}
		if ours != 1 {
			t.Fatalf("%d streams are ours, want one", ours)
		}
	})
}

// FuzzAccept reads answers: what comes of them can be used, or is one of the two errors.
func FuzzAccept(f *testing.F) {
	f.Add(description(peerC, "m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"))
	f.Add(description("m=audio 0 RTP/AVP"))
	f.Add(description(peerC, "m=audio 4000 RTP/AVP 0", inline("1", "AES_CM_128_HMAC_SHA1_80", key30)))
	capabilities := testCapabilities()
	capabilities.SRTP = SRTPOptional
	offer := Offer(testLocal(), capabilities)
	f.Fuzz(func(t *testing.T, answer []byte) {
		n, err := Accept(answer, offer)
		var flaw *SyntaxError
		switch {
		case err != nil && !errors.As(err, &flaw) && !errors.Is(err, ErrNoCommonCodec):
			t.Fatalf("error %v", err)
		case err == nil && (!n.Remote.IsValid() || n.Remote.Port() == 0 || n.Ptime < 10*time.Millisecond || n.PayloadType > 127):
			t.Fatalf("agreed on %+v", n)
		}
	})
}
