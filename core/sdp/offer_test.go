package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

func TestOffer(t *testing.T) {
	head := "v=0\r\no=offhook 42 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
	for _, c := range []struct {
		name string
		c    Capabilities
		want string
	}{
		{"all", testCapabilities(), "m=audio 10000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n" +
			"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"},
		{"two clock rates", Capabilities{Codecs: []media.Codec{media.G722, media.L16Wideband, media.L16}, DTMF: true},
			"m=audio 10000 RTP/AVP 9 96 97 101 102\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 L16/16000\r\na=rtpmap:97 L16/8000\r\n" +
				"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:102 telephone-event/16000\r\na=fmtp:102 0-15\r\na=ptime:20\r\na=sendrecv\r\n"},
		{"PCMA, 40 ms, no digits", Capabilities{Codecs: []media.Codec{media.PCMA}, Ptime: 40 * time.Millisecond},
			"m=audio 10000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:40\r\na=sendrecv\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Offer(testLocal(), c.c)); got != head+c.want {
				t.Errorf("offer\n%s\nwant\n%s", got, head+c.want)
			}
		})
	}
}

// TestReoffer keeps the places of the m= lines of a call that began with an offer of several streams.
func TestReoffer(t *testing.T) {
	answer, _, err := Answer(description(peerC, "m=image 5004 udptl t38", "m=audio 4000 RTP/AVP 8", "m=video 5002 RTP/AVP 31"), testLocal(), testCapabilities())
	if err != nil {
		t.Fatal(err)
	}
	got, after := Reoffer(answer, testLocal(), testCapabilities())
	head, stream, _ := strings.Cut(string(Offer(after, testCapabilities())), "m=")
	if want := head + "m=image 0 udptl t38\r\nm=" + stream + "m=video 0 RTP/AVP 31\r\n"; string(got) != want || after.Version != 4 {
		t.Errorf("offer\n%s\nwant version 4 of\n%s", got, want)
	}
	if again, same := Reoffer(got, after, testCapabilities()); string(again) != string(got) || same != after {
		t.Errorf("offered again\n%s\nwant\n%s", again, got)
	}
	if got, _ := Reoffer(nil, after, testCapabilities()); string(got) != strings.Replace(head+"m="+stream, " 4 IN", " 5 IN", 1) {
		t.Errorf("first offer\n%s", got)
	}
}

// TestTurn holds and resumes: the direction changes, and with it the version, and nothing else.
func TestTurn(t *testing.T) {
	offer := description(peerC, "m=image 5004 udptl t38", "m=audio 4000 RTP/AVP 8 97", "a=rtpmap:97 telephone-event/8000", "a=ptime:30")
	ours, _, err := Answer(offer, testLocal(), testCapabilities())
	if err != nil {
		t.Fatal(err)
	}
	local := testLocal()
	for _, c := range []struct {
		name       string
		hold, held bool
		refused    bool // by the peer, with this version
		version    uint64
		direction  string
	}{
		{"resume what is not on hold", false, false, false, 3, "sendrecv"},
		{"hold", true, false, false, 4, "sendonly"},
		{"hold again", true, false, false, 4, "sendonly"},
		{"hold one who holds us", true, true, false, 5, "inactive"},
		{"resume", false, true, true, 6, "sendrecv"},
		{"resume, once more", false, true, false, 7, "sendrecv"},
	} {
		l := local
		l.Hold = c.hold
		got, after, err := Turn(ours, l, c.held)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("v=0\r\no=offhook 42 %d IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=image 0 udptl t38\r\n"+
			"m=audio 10000 RTP/AVP 8 97\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-15\r\na=ptime:30\r\na=%s\r\n", c.version, c.direction)
		if string(got) != want || after.Version != c.version {
			t.Errorf("%s: version %d, offer\n%s\nwant\n%s", c.name, after.Version, got, want)
		}
		if c.refused {
			local.Refused = after.Version
			continue
		}
		ours, local = got, after
	}
}

// TestHeld answers while we hold the peer, who may not know it yet: our direction stays.
func TestHeld(t *testing.T) {
	local := testLocal()
	local.Hold = true
	for _, c := range []struct{ offered, answered string }{
		{"sendrecv", "sendonly"}, {"recvonly", "sendonly"}, {"sendonly", "inactive"}, {"inactive", "inactive"},
	} {
		answer, _, n, err := Revise(description(peerC, "m=audio 4000 RTP/AVP 0", "a="+c.offered), nil, local, testCapabilities())
		if err != nil || !strings.HasSuffix(string(answer), "a="+c.answered+"\r\n") || n.Receive {
			t.Errorf("%s: agreed on %+v, error %v:\n%s", c.offered, n, err, answer)
		}
	}
	if offer, _ := Reoffer(nil, local, testCapabilities()); !strings.HasSuffix(string(offer), "a=sendonly\r\n") {
		t.Errorf("offer\n%s\nwant sendonly", offer)
	}
}

// TestOfferAndAnswer lets two of us agree: both sides come to the same, seen from either end.
func TestOfferAndAnswer(t *testing.T) {
	caller, callee := testLocal(), Local{Address: netip.MustParseAddr("2001:db8::2"), Port: 20000, ID: 7, Version: 1}
	both := testCapabilities()
	for _, c := range []struct {
		name             string
		offers, answers  Capabilities
		codec            media.Codec
		dtmf             uint8
		receives, speaks time.Duration
	}{
		{"alike", both, both, media.PCMU, 101, 20, 20},
		{"the other order", both, Capabilities{Codecs: []media.Codec{media.PCMA, media.PCMU}, DTMF: true}, media.PCMU, 101, 20, 20},
		{"one in common", both, Capabilities{Codecs: []media.Codec{media.PCMA}}, media.PCMA, 0, 20, 20},
		{"30 ms", Capabilities{Codecs: both.Codecs, Ptime: 30 * time.Millisecond}, both, media.PCMU, 0, 30, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, there, err := Answer(Offer(caller, c.offers), callee, c.answers)
			if err != nil {
				t.Fatal(err)
			}
			here, err := Accept(answer, Offer(caller, c.offers))
			if err != nil {
				t.Fatal(err)
			}
			want := Negotiated{Codec: c.codec, PayloadType: c.codec.PayloadType(), DTMFPayloadType: c.dtmf, Ptime: c.speaks * time.Millisecond, Send: true, Receive: true}
			want.Remote = netip.AddrPortFrom(callee.Address, 20000)
			if here != want {
				t.Errorf("the caller agreed on %+v, want %+v", here, want)
			}
			want.Remote, want.Ptime = netip.AddrPortFrom(caller.Address, 10000), c.receives*time.Millisecond
			if there != want {
				t.Errorf("the callee agreed on %+v, want %+v", there, want)
			}
		})
	}
}

func TestAccept(t *testing.T) {
	second, _ := Reoffer(description(peerC, "m=video 0 RTP/AVP 31", "m=audio 10000 RTP/AVP 0"), testLocal(), testCapabilities())
	held := testLocal()
	held.Hold = true
	hold, _, err := Turn(second, held, false)
	if err != nil {
		t.Fatal(err)
	}
	both, _, err := Turn(second, held, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		offer []byte // nil: with all we have
		lines []string
		want  func(*Negotiated)
		err   string // empty: none
	}{
		{name: "one codec", lines: []string{peerC, "m=audio 4000 RTP/AVP 0"}},
		{
			name:  "several codecs: the first is what we send",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 8 0 101", "a=rtpmap:101 telephone-event/8000"},
			want:  func(n *Negotiated) { n.Codec, n.PayloadType, n.DTMFPayloadType = media.PCMA, 8, 101 },
		},
		{
			name:  "another payload type for telephone-event",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/8000"},
			want:  func(n *Negotiated) { n.DTMFPayloadType, n.Offered.DTMF = 97, 101 },
		},
		{
			name:  "another payload type for the codec",
			offer: Offer(testLocal(), Capabilities{Codecs: []media.Codec{media.L16Wideband}, DTMF: true}),
			lines: []string{peerC, "m=audio 4000 RTP/AVP 110 101", "a=rtpmap:110 L16/16000", "a=rtpmap:101 telephone-event/16000"},
			want: func(n *Negotiated) {
				n.Codec, n.PayloadType, n.Offered.Audio, n.DTMFPayloadType = media.L16Wideband, 110, media.L16Wideband.PayloadType(), 101
			},
		},
		{name: "recvonly", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=recvonly"}, want: func(n *Negotiated) { n.Receive = false }},
		{name: "sendonly", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=sendonly"}, want: func(n *Negotiated) { n.Send, n.Hold = false, true }},
		{name: "inactive", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=inactive"}, want: func(n *Negotiated) { n.Send, n.Receive, n.Hold = false, false, true }},
		{
			name: "sendrecv to a sendonly", offer: hold, lines: []string{peerC, "m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"},
			want: func(n *Negotiated) { n.Receive = false },
		},
		{
			name: "sendrecv to an inactive", offer: both, lines: []string{peerC, "m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"},
			want: func(n *Negotiated) { n.Send, n.Receive, n.Hold = false, false, true },
		},
		{name: "a line too many", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"}},
		{name: "a codec that we did not offer", lines: []string{peerC, "m=audio 4000 RTP/AVP 9"}, err: "no common codec"},
		{
			name:  "a codec that this offer did not have",
			offer: Offer(testLocal(), Capabilities{Codecs: []media.Codec{media.PCMA}}), lines: []string{peerC, "m=audio 4000 RTP/AVP 0"},
			err: "no common codec",
		},
		{
			name:  "telephone-event that this offer did not have",
			offer: Offer(testLocal(), Capabilities{Codecs: []media.Codec{media.PCMU}}),
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"},
		},
		{
			name:  "our stream is the second",
			offer: second,
			lines: []string{peerC, "m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"},
		},
		{
			name:  "a line too few",
			offer: second,
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0"}, err: "1 m= lines in an answer to 2",
		},
		{name: "rejected", lines: []string{peerC, "m=audio 0 RTP/AVP 0"}, err: "no common codec"},
		{name: "rejected without a format", lines: []string{"m=audio 0 RTP/AVP"}, err: "no common codec"},
		{name: "video first", lines: []string{peerC, "m=video 4000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"}, err: "no common codec"},
		{name: "SRTP", lines: []string{peerC, "m=audio 4000 RTP/SAVP 0"}, err: "no common codec"},
		{name: "no c=", lines: []string{"m=audio 4000 RTP/AVP 0"}, err: "no c= line"},
		{name: "no m=", lines: []string{peerC}, err: "no m= line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			offer := c.offer
			if offer == nil {
				offer = Offer(testLocal(), testCapabilities())
			}
			got, err := Accept(description(c.lines...), offer)
			if c.err != "" {
				var flaw *SyntaxError
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				if errors.As(err, &flaw) == errors.Is(err, ErrNoCommonCodec) {
					t.Errorf("error %v is neither or both of *SyntaxError and ErrNoCommonCodec", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := usual()
			if c.want != nil {
				c.want(&want)
			}
			if got != want {
				t.Errorf("agreed on %+v, want %+v", got, want)
			}
		})
	}
}

// TestAcceptWithoutMux refuses what we did not offer (RFC 5761 §5.1.1).
func TestAcceptWithoutMux(t *testing.T) {
	offer := Offer(testLocal(), testCapabilities())
	answer := strings.Replace(string(offer), "a=sendrecv", "a=rtcp-mux\r\na=sendrecv", 1)
	n, err := Accept([]byte(answer), offer)
	if err != nil || n.Mux {
		t.Errorf("mux %v, error %v", n.Mux, err)
	}
}
