package sdp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

var both = Capabilities{Codecs: []media.Codec{media.PCMU, media.PCMA}, DTMF: true}

func local(ip string) Local {
	return Local{Address: netip.MustParseAddr(ip), Port: 10000, ID: 7, Version: 3}
}

// lines is a description of lines.
func lines(ls ...string) []byte { return []byte(strings.Join(ls, "\r\n") + "\r\n") }

// offer is one with these lines behind the session's.
func offer(ls ...string) []byte {
	return lines(append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", "c=IN IP4 192.0.2.7", "t=0 0"}, ls...)...)
}

// TestAnswerWhole compares answers to the letter.
func TestAnswerWhole(t *testing.T) {
	for _, c := range []struct {
		name  string
		offer []byte
		local Local
		want  []byte
	}{
		{
			"usual",
			offer("m=audio 4000 RTP/AVP 8 0 96", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15", "a=ptime:30", "a=sendrecv"),
			local("192.0.2.1"),
			lines("v=0", "o=offhook 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 10000 RTP/AVP 8 96", "a=rtpmap:8 PCMA/8000",
				"a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15", "a=ptime:30", "a=sendrecv"),
		},
		{
			"video and a second audio are rejected in their places, IPv6",
			lines("v=0", "o=- 1 1 IN IP6 2001:db8::7", "s=call", "c=IN IP6 2001:db8::7", "t=3034423619 3042462419", "m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0"),
			local("2001:db8::1"),
			lines("v=0", "o=offhook 7 3 IN IP6 2001:db8::1", "s=-", "c=IN IP6 2001:db8::1", "t=3034423619 3042462419", "m=video 0 RTP/AVP 31", "m=audio 10000 RTP/AVP 0",
				"a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv", "m=audio 0 RTP/AVP 0"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := Answer(c.offer, c.local, both)
			if err != nil || string(got) != string(c.want) {
				t.Errorf("error %v, answer\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

// TestNegotiated is about what was agreed on, and the lines that say so.
func TestNegotiated(t *testing.T) {
	remote := netip.MustParseAddrPort("192.0.2.7:4000")
	usual := Negotiated{Remote: remote, Codec: media.PCMU, Ptime: 20 * time.Millisecond, Send: true, Receive: true}
	with := func(change func(*Negotiated)) Negotiated {
		n := usual
		change(&n)
		return n
	}
	pcma := with(func(n *Negotiated) { n.Codec, n.PayloadType = media.PCMA, 8 })
	for _, c := range []struct {
		name  string
		offer []byte
		c     Capabilities
		want  Negotiated
		line  string
	}{
		{"static type without rtpmap", offer("m=audio 4000 RTP/AVP 0"), both, usual, "m=audio 10000 RTP/AVP 0"},
		{"the caller's order decides", offer("m=audio 4000 RTP/AVP 8 0"), both, pcma, "m=audio 10000 RTP/AVP 8"},
		{"what we do not allow is passed over", offer("m=audio 4000 RTP/AVP 0 8"), Capabilities{Codecs: []media.Codec{media.PCMA}}, pcma, "m=audio 10000 RTP/AVP 8"},
		{"unknown codecs are passed over", offer("m=audio 4000 RTP/AVP 9 96 0", "a=rtpmap:96 opus/48000/2"), both, usual, "m=audio 10000 RTP/AVP 0"},
		{"dynamic type", offer("m=audio 4000 RTP/AVP 97", "a=rtpmap:97 pcma/8000/1"), both, with(func(n *Negotiated) { n.Codec, n.PayloadType = media.PCMA, 97 }), "a=rtpmap:97 PCMA/8000"},
		{"static number with another codec", offer("m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 G722/8000"), both, pcma, "m=audio 10000 RTP/AVP 8"},
		{"wrong clock rate", offer("m=audio 4000 RTP/AVP 96 8", "a=rtpmap:96 PCMU/16000"), both, pcma, "m=audio 10000 RTP/AVP 8"},
		{"telephone-event", offer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"), both, with(func(n *Negotiated) { n.DTMFPayloadType = 101 }), "a=fmtp:101 0-15"},
		{"telephone-event that we do not want", offer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"), Capabilities{Codecs: both.Codecs}, usual, "m=audio 10000 RTP/AVP 0"},
		{"ptime", offer("m=audio 4000 RTP/AVP 0", "a=ptime:40"), both, with(func(n *Negotiated) { n.Ptime = 40 * time.Millisecond }), "a=ptime:40"},
		{"odd ptime", offer("m=audio 4000 RTP/AVP 0", "a=ptime:25"), both, usual, "a=ptime:20"},
		{"ptime out of range", offer("m=audio 4000 RTP/AVP 0", "a=ptime:200"), both, with(func(n *Negotiated) { n.Ptime = 60 * time.Millisecond }), "a=ptime:60"},
		{"small ptime", offer("m=audio 4000 RTP/AVP 0", "a=ptime:5"), both, with(func(n *Negotiated) { n.Ptime = 10 * time.Millisecond }), "a=ptime:10"},
		{"senseless ptime", offer("m=audio 4000 RTP/AVP 0", "a=ptime:NaN"), both, usual, "a=ptime:20"},
		{"maxptime", offer("m=audio 4000 RTP/AVP 0", "a=ptime:30", "a=maxptime:20"), both, usual, "a=ptime:20"},
		{"sendonly is hold", offer("m=audio 4000 RTP/AVP 0", "a=sendonly"), both, with(func(n *Negotiated) { n.Send, n.Hold = false, true }), "a=recvonly"},
		{"recvonly", offer("m=audio 4000 RTP/AVP 0", "a=recvonly"), both, with(func(n *Negotiated) { n.Receive = false }), "a=sendonly"},
		{"inactive of the session", offer("a=inactive", "m=audio 4000 RTP/AVP 0"), both, with(func(n *Negotiated) { n.Send, n.Receive, n.Hold = false, false, true }), "a=inactive"},
		{"direction of the stream first", offer("a=inactive", "m=audio 4000 RTP/AVP 0", "a=sendrecv"), both, usual, "a=sendrecv"},
		{"c= of the stream first", offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 198.51.100.1"), both, with(func(n *Negotiated) { n.Remote = netip.MustParseAddrPort("198.51.100.1:4000") }), "c=IN IP4 192.0.2.1"},
		{"c=0.0.0.0 is hold", offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"), both, with(func(n *Negotiated) {
			n.Remote, n.Send, n.Hold = netip.MustParseAddrPort("0.0.0.0:4000"), false, true
		}), "a=recvonly"},
		{"a=rtcp", offer("m=audio 4000 RTP/AVP 0", "a=rtcp:5001"), both, with(func(n *Negotiated) { n.RemoteRTCP = netip.MustParseAddrPort("192.0.2.7:5001") }), "m=audio 10000 RTP/AVP 0"},
		{"a=rtcp with address", offer("m=audio 4000 RTP/AVP 0", "a=rtcp:5001 IN IP4 198.51.100.1"), both, with(func(n *Negotiated) { n.RemoteRTCP = netip.MustParseAddrPort("198.51.100.1:5001") }), "m=audio 10000 RTP/AVP 0"},
		{"AVPF", offer("m=audio 4000 RTP/AVPF 0"), both, usual, "m=audio 10000 RTP/AVPF 0"},
		{"SRTP first, plain second", offer("m=audio 4002 RTP/SAVP 0", "m=audio 4000 RTP/AVP 0"), both, usual, "m=audio 0 RTP/SAVP 0"},
		{"line feeds only, odd lines, no last line end", []byte("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nx\nc=IN IP4 192.0.2.7\nt=0 0\nm=audio 4000 RTP/AVP 0"), both, usual, "m=audio 10000 RTP/AVP 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, n, err := Answer(c.offer, local("192.0.2.1"), c.c)
			if err != nil || n != c.want {
				t.Errorf("error %v, agreed on\n%+v, want\n%+v", err, n, c.want)
			}
			if !slices.Contains(strings.Split(string(answer), "\r\n"), c.line) {
				t.Errorf("no line %q in\n%s", c.line, answer)
			}
		})
	}
}

func TestAnswerErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		offer []byte
		want  string
	}{
		{"no codec of ours", offer("m=audio 4000 RTP/AVP 9"), "no common codec"},
		{"telephone-event alone", offer("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), "no common codec"},
		{"port 0", offer("m=audio 0 RTP/AVP 0"), "no common codec"},
		{"video alone", offer("m=video 4000 RTP/AVP 31"), "no common codec"},
		{"SRTP alone", offer("m=audio 4000 RTP/SAVP 0"), "no common codec"},
		{"no stream", offer(), "no m= line"},
		{"no address", lines("v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", "t=0 0", "m=audio 4000 RTP/AVP 0"), "no c= line"},
		{"a name as address", offer("m=audio 4000 RTP/AVP 0", "c=IN IP4 example.com"), `"example.com" is not an IP address`},
		{"port too large", offer("m=audio 70000 RTP/AVP 0"), "70000"},
		{"nothing", nil, "session description"},
		{"noise", []byte("\x00\xff\r\nm=\r\n"), "session description"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Answer(c.offer, local("192.0.2.1"), both)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			var syntax *SyntaxError
			if none := c.want == "no common codec"; errors.Is(err, ErrNoCommonCodec) != none || errors.As(err, &syntax) == none {
				t.Errorf("error %v is of the wrong kind", err)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	want := lines("v=0", "o=offhook 7 3 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 10000 RTP/AVP 0 8 101", "a=rtpmap:0 PCMU/8000",
		"a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv")
	got := Offer(local("192.0.2.1"), both)
	if string(got) != string(want) {
		t.Errorf("offer\n%s\nwant\n%s", got, want)
	}
	// what we offer, we answer, and take the answer to it
	answer, n, err := Answer(got, local("192.0.2.7"), both)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Accept(answer, both)
	if err != nil || back.Codec != n.Codec || back.DTMFPayloadType != 101 || back.Remote != netip.MustParseAddrPort("192.0.2.7:10000") {
		t.Errorf("error %v, agreed on %+v", err, back)
	}
}

func TestAcceptRefusal(t *testing.T) {
	for name, answer := range map[string][]byte{
		"port 0":             offer("m=audio 0 RTP/AVP 0"),
		"a codec not ours":   offer("m=audio 4000 RTP/AVP 18"),
		"not the first line": offer("m=video 4000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"),
	} {
		if _, err := Accept(answer, both); !errors.Is(err, ErrNoCommonCodec) {
			t.Errorf("%s: error %v, want ErrNoCommonCodec", name, err)
		}
	}
}

// FuzzAnswer: what is answered, a peer with the same codecs accepts; the answer
// has as many m= lines as the offer (RFC 3264 §6).
func FuzzAnswer(f *testing.F) {
	f.Add(offer("m=audio 4000 RTP/AVP 8 0 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:30", "a=rtcp:4001 IN IP4 192.0.2.7"))
	f.Add(offer("m=video 5000 RTP/AVP 31", "c=IN IP6 2001:db8::7/127", "m=audio 4000/2 RTP/AVPF 0", "a=sendonly", "a=maxptime:20.5"))
	f.Add([]byte("v=0\nm=audio"))
	f.Fuzz(func(t *testing.T, b []byte) {
		answer, n, err := Answer(b, local("192.0.2.1"), both)
		if err != nil {
			return
		}
		if !slices.Contains(both.Codecs, n.Codec) || n.Ptime < shortestPtime || n.Ptime > longestPtime || n.Ptime%(10*time.Millisecond) != 0 ||
			!n.Remote.IsValid() || n.Remote.Port() == 0 || n.Hold == n.Send {
			t.Errorf("agreed on %+v", n)
		}
		offered, err := parse(b)
		if err != nil {
			t.Fatalf("answered, but %v", err)
		}
		d, err := parse(answer)
		if err != nil {
			t.Fatalf("our answer: %v\n%s", err, answer)
		}
		if len(d.MediaDescriptions) != len(offered.MediaDescriptions) {
			t.Errorf("%d m= lines for %d", len(d.MediaDescriptions), len(offered.MediaDescriptions))
		}
		ours := 0
		for _, m := range d.MediaDescriptions {
			if m.MediaName.Port.Value != 0 {
				ours++
			}
		}
		if ours != 1 {
			t.Errorf("%d streams accepted in\n%s", ours, answer)
		}
	})
}
