package sdp

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"offhook/media"
)

// description joins lines after the usual head of a description, with t= where it belongs.
func description(lines ...string) []byte {
	all := []string{"v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-"}
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "a=") || strings.HasPrefix(l, "m=") })
	if at < 0 {
		at = len(lines)
	}
	all = append(all, lines[:at]...)
	all = append(append(all, "t=0 0"), lines[at:]...)
	return []byte(strings.Join(all, "\r\n") + "\r\n")
}

const peerC = "c=IN IP4 192.0.2.7"

// usual is what most offers come to; a case changes what differs.
func usual() Negotiated {
	return Negotiated{Remote: netip.MustParseAddrPort("192.0.2.7:4000"), Codec: media.PCMU, Ptime: 20 * time.Millisecond, Send: true, Receive: true}
}

func wideband(c *Capabilities) { c.Codecs, c.DTMF = media.Codecs(), true }

func TestAnswerNegotiates(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		c     func(*Capabilities)
		want  func(*Negotiated)
	}{
		{name: "PCMU without rtpmap", lines: []string{peerC, "m=audio 4000 RTP/AVP 0"}},
		{
			name:  "the caller's order decides",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 8 0"},
			want:  func(n *Negotiated) { n.Codec, n.PayloadType = media.PCMA, 8 },
		},
		{
			name:  "G.722, whose clock rate is half its sample rate",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 9 0 101", "a=rtpmap:9 G722/8000", "a=rtpmap:101 telephone-event/8000"},
			c:     wideband,
			want:  func(n *Negotiated) { n.Codec, n.PayloadType, n.DTMFPayloadType = media.G722, 9, 101 },
		},
		{
			name:  "G.722 without rtpmap",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 9"},
			c:     wideband,
			want:  func(n *Negotiated) { n.Codec, n.PayloadType = media.G722, 9 },
		},
		{
			name:  "G.722 is not allowed",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 9 0"},
		},
		{
			name: "L16 with the telephone-event of its clock rate",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 110 0 101 102", "a=rtpmap:110 L16/16000/1",
				"a=rtpmap:101 telephone-event/8000", "a=rtpmap:102 telephone-event/16000"},
			c:    wideband,
			want: func(n *Negotiated) { n.Codec, n.PayloadType, n.DTMFPayloadType = media.L16Wideband, 110, 102 },
		},
		{
			name:  "L16 without a telephone-event of its clock rate",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 110 101", "a=rtpmap:110 l16/16000", "a=rtpmap:101 telephone-event/8000"},
			c:     wideband,
			want:  func(n *Negotiated) { n.Codec, n.PayloadType = media.L16Wideband, 110 },
		},
		{
			name:  "L16 of two channels, of another rate and without rtpmap",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 110 11 96 97 0", "a=rtpmap:110 L16/16000/2", "a=rtpmap:97 L16/44100"},
			c:     wideband,
		},
		{
			name:  "of the allowed codecs",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 8 0"},
			c:     func(c *Capabilities) { c.Codecs = []media.Codec{media.PCMU} },
		},
		{
			name:  "a dynamic payload type",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 18 96", "a=rtpmap:18 G729/8000", "a=rtpmap:96 Pcma/8000/1"},
			want:  func(n *Negotiated) { n.Codec, n.PayloadType = media.PCMA, 96 },
		},
		{
			name:  "a static payload type that means something else",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 L16/8000"},
			want:  func(n *Negotiated) { n.Codec, n.PayloadType = media.PCMA, 8 },
		},
		{
			name:  "other clock rates and channels are other codecs",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 96 97 98", "a=rtpmap:96 PCMU/16000", "a=rtpmap:97 PCMU/8000/2", "a=rtpmap:98 PCMU/8000"},
			want:  func(n *Negotiated) { n.PayloadType = 98 },
		},
		{
			name:  "an rtpmap of too many spaces",
			lines: []string{peerC, "m=audio  4000 RTP/AVP  96 ", "a=rtpmap: 96   PCMU/8000 "},
			want:  func(n *Negotiated) { n.PayloadType = 96 },
		},
		{
			name:  "telephone-event with the offer's payload type",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/8000", "a=fmtp:97 0-16"},
			want:  func(n *Negotiated) { n.DTMFPayloadType = 97 },
		},
		{
			name:  "telephone-event not allowed",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/8000"},
			c:     func(c *Capabilities) { c.DTMF = false },
		},
		{name: "telephone-event at 16 kHz", lines: []string{peerC, "m=audio 4000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/16000"}},
		{name: "telephone-event mapped, not offered", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=rtpmap:97 telephone-event/8000"}},
		{name: "telephone-event of another stream", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "m=audio 5000 RTP/AVP 0 97", "a=rtpmap:97 telephone-event/8000"}},
		{
			name:  "c= of the stream before that of the session",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.8"},
			want:  func(n *Negotiated) { n.Remote = netip.MustParseAddrPort("192.0.2.8:4000") },
		},
		{name: "c= of another stream", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "m=video 5000 RTP/AVP 31", "c=IN IP4 192.0.2.8"}},
		{
			name:  "IPv6",
			lines: []string{"c=IN IP6 2001:db8::7", "m=audio 4000 RTP/AVP 0"},
			want:  func(n *Negotiated) { n.Remote = netip.MustParseAddrPort("[2001:db8::7]:4000") },
		},
		{name: "IPv4 in IPv6", lines: []string{"c=IN IP6 ::ffff:192.0.2.7", "m=audio 4000 RTP/AVP 0"}},
		{name: "a TTL where none belongs", lines: []string{"c=IN IP4 192.0.2.7/127", "m=audio 4000 RTP/AVP 0"}},
		{name: "a number of ports", lines: []string{peerC, "m=audio 4000/2 RTP/AVP 0"}},
		{
			name:  "a=rtcp with a port",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=rtcp:4007"},
			want:  func(n *Negotiated) { n.RemoteRTCP = netip.MustParseAddrPort("192.0.2.7:4007") },
		},
		{
			name:  "a=rtcp with an address",
			lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=rtcp:4007 IN IP6 2001:db8::8"},
			want:  func(n *Negotiated) { n.RemoteRTCP = netip.MustParseAddrPort("[2001:db8::8]:4007") },
		},
		{name: "a=rtcp without a number", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=rtcp"}},
		{name: "a=rtcp out of range", lines: []string{peerC, "m=audio 4000 RTP/AVP 0", "a=rtcp:65536"}},
		{name: "RTP/AVPF", lines: []string{peerC, "m=audio 4000 RTP/AVPF 0"}},
		{name: "RTP/SAVP first", lines: []string{peerC, "m=audio 3000 RTP/SAVP 0", "m=audio 4000 RTP/AVP 0"}},
		{name: "port 0 first", lines: []string{peerC, "m=audio 0 RTP/AVP 8", "m=audio 4000 RTP/AVP 0"}},
		{name: "an unusable stream first", lines: []string{"m=audio 3000 RTP/AVP 0", "m=audio 4000 RTP/AVP 0", peerC}},
		{name: "a multicast stream first", lines: []string{peerC, "m=audio 3000 RTP/AVP 0", "c=IN IP4 233.252.0.1/127", "m=audio 4000 RTP/AVP 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			capabilities, want := testCapabilities(), usual()
			if c.c != nil {
				c.c(&capabilities)
			}
			if c.want != nil {
				c.want(&want)
			}
			_, got, err := Answer(description(c.lines...), testLocal(), capabilities)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("agreed on %+v, want %+v", got, want)
			}
		})
	}
}

func TestAnswerPtime(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  time.Duration // in ms
	}{
		{"none", nil, 20},
		{"10", []string{"a=ptime:10"}, 10},
		{"60", []string{"a=ptime:60"}, 60},
		{"longer than we have", []string{"a=ptime:200"}, 60},
		{"shorter than we have", []string{"a=ptime:5"}, 10},
		{"between two frames", []string{"a=ptime:37.5"}, 30},
		{"beyond maxptime", []string{"a=ptime:60", "a=maxptime:40"}, 40},
		{"maxptime first", []string{"a=maxptime:30", "a=ptime:60"}, 30},
		{"maxptime alone, longer", []string{"a=maxptime:150"}, 20},
		{"maxptime alone, shorter", []string{"a=maxptime:10"}, 10},
		{"zero", []string{"a=ptime:0"}, 20},
		{"negative", []string{"a=ptime:-30"}, 20},
		{"no number", []string{"a=ptime:NaN", "a=maxptime:inf"}, 20},
		{"no value", []string{"a=ptime"}, 20},
		{"of another stream", []string{"m=audio 5000 RTP/AVP 0", "a=ptime:40"}, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, n, err := Answer(description(append([]string{peerC, "m=audio 4000 RTP/AVP 0"}, c.lines...)...), testLocal(), testCapabilities())
			if err != nil {
				t.Fatal(err)
			}
			if n.Ptime != c.want*time.Millisecond {
				t.Errorf("ptime %v, want %d ms", n.Ptime, c.want)
			}
			if !strings.Contains(string(answer), "a=ptime:"+n.Ptime.String()[:2]+"\r\n") {
				t.Errorf("answer says something else:\n%s", answer)
			}
		})
	}
}

// TestAnswerDirection is RFC 3264 §6.1 and §8.4.
func TestAnswerDirection(t *testing.T) {
	for _, c := range []struct {
		name             string
		session, stream  string
		c                string
		answer           string
		send, recv, hold bool
	}{
		{"none", "", "", peerC, "sendrecv", true, true, false},
		{"sendrecv", "", "a=sendrecv", peerC, "sendrecv", true, true, false},
		{"sendonly", "", "a=sendonly", peerC, "recvonly", false, true, true},
		{"recvonly", "", "a=recvonly", peerC, "sendonly", true, false, false},
		{"inactive", "", "a=inactive", peerC, "inactive", false, false, true},
		{"of the session", "a=sendonly", "", peerC, "recvonly", false, true, true},
		{"the stream's own", "a=sendonly", "a=sendrecv", peerC, "sendrecv", true, true, false},
		{"hold as in RFC 2543", "", "", "c=IN IP4 0.0.0.0", "recvonly", false, true, true},
		{"and inactive", "", "a=inactive", "c=IN IP4 0.0.0.0", "inactive", false, false, true},
		{"and recvonly", "", "a=recvonly", "c=IN IP4 0.0.0.0", "inactive", false, false, true},
		{"in IPv6", "", "", "c=IN IP6 ::", "recvonly", false, true, true},
		{"a space after it", "", "a=sendonly ", peerC, "recvonly", false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, n, err := Answer(description(c.c, c.session, "m=audio 4000 RTP/AVP 0", c.stream), testLocal(), testCapabilities())
			if err != nil {
				t.Fatal(err)
			}
			if n.Send != c.send || n.Receive != c.recv || n.Hold != c.hold {
				t.Errorf("send %v, receive %v, hold %v; want %v, %v, %v", n.Send, n.Receive, n.Hold, c.send, c.recv, c.hold)
			}
			if !strings.HasSuffix(string(answer), "\r\na="+c.answer+"\r\n") {
				t.Errorf("answer is not %s:\n%s", c.answer, answer)
			}
		})
	}
}

func TestAnswerRefuses(t *testing.T) {
	const audio = "m=audio 4000 RTP/AVP 0"
	for _, c := range []struct {
		name  string
		offer []byte
		says  string // empty: ErrNoCommonCodec
	}{
		{"empty", nil, "0 v= lines"},
		{"garbage", []byte("\x00\xff\n=\n==\r\rINVITE sip:"), "0 v= lines"},
		{"two descriptions", append(description(peerC, audio), description(peerC, audio)...), "2 v= lines"},
		{"version 1", []byte("v=1\r\n" + peerC + "\r\n" + audio), `line 1: v="1": unknown version`},
		{"no m=", description(peerC), "no m= line"},
		{"no c=", description(audio), "no c= line for m=audio"},
		{"c= without an address", description("c=IN IP4", audio), "c= line: want IN"},
		{"c= with a name", description("c=IN IP4 gw.example.com", audio), `"gw.example.com" is not an IP address`},
		{"m= of one word", description(peerC, "m=audio"), `line 6: m="audio": want a medium`},
		{"m= without a format", description(peerC, "m=audio 4000 RTP/AVP"), `line 6: m="audio 4000 RTP/AVP": want a format`},
		{"port too large", description(peerC, "m=audio 70000 RTP/AVP 0"), "want a port from 0 to 65535"},
		{"port below 0", description(peerC, "m=audio -1 RTP/AVP 0"), "want a port from 0 to 65535"},
		{"no port", description(peerC, "m=audio x RTP/AVP 0"), "want a port from 0 to 65535"},
		{"a time of words", description("t=now then", peerC, audio), `line 4: t="now then": want two times`},
		{"half a time", description("t=0", peerC, audio), `line 4: t="0": want two times`},
		{"a very long line", description("t="+strings.Repeat("9", 1<<16), peerC, audio), "want two times"},
		{"only video", description(peerC, "m=video 4000 RTP/AVP 31"), ""},
		{"only SRTP", description(peerC, "m=audio 4000 RTP/SAVP 0", "m=audio 4002 UDP/TLS/RTP/SAVPF 0"), ""},
		{"only port 0", description(peerC, "m=audio 0 RTP/AVP 0"), ""},
		{"only other codecs", description(peerC, "m=audio 4000 RTP/AVP 9 18"), ""},
		{"only telephone-event", description(peerC, "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), ""},
		{"no rtpmap", description(peerC, "m=audio 4000 RTP/AVP 96"), ""},
		{"payload types out of range", description(peerC, "m=audio 4000 RTP/AVP 256 -8 x 128"), ""},
		{"multicast", description("c=IN IP4 233.252.0.1/127/3", audio), ""},
		{"multicast in IPv6", description("c=IN IP6 ff15::101/3", audio), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, _, err := Answer(c.offer, testLocal(), testCapabilities())
			if answer != nil {
				t.Errorf("an answer all the same:\n%s", answer)
			}
			var flaw *SyntaxError
			switch {
			case c.says == "" && !errors.Is(err, ErrNoCommonCodec):
				t.Errorf("error %v, want ErrNoCommonCodec", err)
			case c.says != "" && !errors.As(err, &flaw):
				t.Errorf("error %v, want a *SyntaxError", err)
			case c.says != "" && !strings.Contains(err.Error(), c.says):
				t.Errorf("error %q does not say %q", err, c.says)
			case len(err.Error()) > 200:
				t.Errorf("error of %d octets", len(err.Error()))
			}
		})
	}
}

func TestRevise(t *testing.T) {
	call := description(peerC, "m=audio 4000 RTP/AVP 0")
	hold := description(peerC, "m=audio 4000 RTP/AVP 0", "a=sendonly")
	moved := description("c=IN IP4 192.0.2.8", "m=audio 4000 RTP/AVP 0")
	ours, _, err := Answer(call, testLocal(), testCapabilities())
	if err != nil {
		t.Fatal(err)
	}
	local := testLocal()
	for _, c := range []struct {
		name    string
		offer   []byte
		version uint64
	}{
		{"the same offer", call, 3},
		{"hold", hold, 4},
		{"hold again", hold, 4},
		{"resumed", call, 5},
		{"another address of the peer's, the same answer", moved, 5},
	} {
		answer, after, n, err := Revise(c.offer, ours, local, testCapabilities())
		if err != nil {
			t.Fatal(err)
		}
		if after.Version != c.version || after.ID != 42 || !strings.Contains(string(answer), "o=offhook 42 "+strconv.FormatUint(c.version, 10)+" ") {
			t.Errorf("%s: version %d, want %d:\n%s", c.name, after.Version, c.version, answer)
		}
		if n.Hold == n.Send {
			t.Errorf("%s: agreed on %+v", c.name, n)
		}
		ours, local = answer, after
	}
	if _, after, _, err := Revise(description(peerC, "m=audio 4000 RTP/AVP 9"), ours, local, testCapabilities()); err == nil || after != local {
		t.Errorf("after a refused offer: %+v, error %v", after, err)
	}
}

// Answer reads an offer and answers it, see Offered.Answer.
func Answer(offer []byte, l Local, c Capabilities) (answer []byte, n Negotiated, err error) {
	o, err := Read(offer)
	if err != nil {
		return nil, n, err
	}
	return o.Answer(l, c)
}
