package sdp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestTorture answers offers that are odd and legal, that peers are known to
// write although they are not, and that nothing can be made of.
func TestTorture(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	const audio = "m=audio 4000 RTP/AVP 0\r\n"
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		name, offer string
		want        string // "answered", "488" (nothing in common), or part of the syntax error
	}{
		{"plain", head + audio, "answered"},
		// legal
		{"several t= and r=, z=", strings.Replace(head, "t=0 0\r\n", "t=2873397496 2873404696\r\nr=604800 3600 0 90000\r\nt=0 0\r\nz=2882844526 -1h\r\n", 1) + audio, "answered"},
		{"i=, u=, e=, p=, b=, k=", strings.Replace(head, "c=", "i=title\r\nu=http://example.com\r\ne=a@example.com\r\np=+1 617 555-6011\r\nc=", 1) + "b=AS:64\r\nk=prompt\r\n" + audio, "answered"},
		{"o= with a host name", strings.Replace(head, "IN IP4 192.0.2.7\r\ns", "IN IP4 host.example.com\r\ns", 1) + audio, "answered"},
		{"o= with numbers of 20 digits", strings.Replace(head, "1 1", "18446744073709551615 18446744073709551615", 1) + audio, "answered"},
		{"empty s=", strings.Replace(head, "s=-", "s=", 1) + audio, "answered"},
		{"UTF-8 in s=", strings.Replace(head, "s=-", "s=Grüße 日本", 1) + audio, "answered"},
		{"Latin-1 in s=", strings.Replace(head, "s=-", "s=Gr\xfc\xdfe", 1) + audio, "answered"},
		{"c= only of the stream", strings.Replace(head, "c=IN IP4 192.0.2.7\r\n", "", 1) + audio + "c=IN IP4 192.0.2.8\r\n", "answered"},
		{"multicast TTL in c=", strings.Replace(head, "c=IN IP4 192.0.2.7", "c=IN IP4 192.0.2.7/127", 1) + audio, "answered"},
		{"number of ports", head + "m=audio 4000/2 RTP/AVP 0\r\n", "answered"},
		{"an unknown attribute", head + audio + "a=nobody:knows this\r\na=flag\r\na=\r\n", "answered"},
		{"a long attribute", head + audio + "a=x:" + long + "\r\n", "answered"},
		{"a thousand attributes", head + audio + strings.Repeat("a=candidate:1 1 UDP 1 192.0.2.7 9 typ host\r\n", 1000), "answered"},
		{"the same payload type twice", head + "m=audio 4000 RTP/AVP 0 0 8 0\r\n", "answered"},
		{"rtpmap in capitals and with a channel", head + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 pcmu/8000/1\r\n", "answered"},
		{"rtpmap before its m=", head + "a=rtpmap:0 PCMU/8000\r\n" + audio, "answered"},
		{"a hundred streams", head + strings.Repeat("m=video 5000 RTP/AVP 31\r\n", 99) + audio, "answered"},
		{"audio twice", head + audio + "m=audio 4002 RTP/AVP 0\r\n", "answered"},
		{"all streams off but one", head + "m=audio 0 RTP/AVP 0\r\n" + audio, "answered"},
		{"application/TCP and image", head + "m=application 9 TCP/DTLS/SCTP webrtc\r\nm=image 4004 udptl t38\r\n" + audio, "answered"},
		{"port 1", head + "m=audio 1 RTP/AVP 0\r\n", "answered"},
		{"port 65535", head + "m=audio 65535 RTP/AVP 0\r\n", "answered"},
		// not legal, and written all the same
		{"bare line feeds", strings.ReplaceAll(head+audio, "\r\n", "\n"), "answered"},
		{"no line end at the end", head + "m=audio 4000 RTP/AVP 0", "answered"},
		{"empty lines", head + "\r\n" + audio + "\r\n", "answered"},
		{"blanks at the end of lines", strings.ReplaceAll(head+audio, "\r\n", " \r\n"), "answered"},
		{"several blanks", head + "m=audio  4000   RTP/AVP  0\r\n", "answered"},
		{"no s=, no t=, no o=", "v=0\r\nc=IN IP4 192.0.2.7\r\n" + audio, "answered"},
		{"lines in any order", "c=IN IP4 192.0.2.7\r\nt=0 0\r\ns=-\r\no=- 1 1 IN IP4 192.0.2.7\r\nv=0\r\n" + audio, "answered"},
		{"an unknown line", head + "x=y\r\nrubbish\r\n=\r\n" + audio, "answered"},
		{"ptime 0", head + audio + "a=ptime:0\r\n", "answered"},
		{"ptime of words", head + audio + "a=ptime:twenty\r\n", "answered"},
		{"ptime of 10^20", head + audio + "a=ptime:100000000000000000000\r\n", "answered"},
		{"a payload type that is no number", head + "m=audio 4000 RTP/AVP 0 PCMA -1 128 99999999999\r\n", "answered"},
		{"two directions", head + audio + "a=sendonly\r\na=recvonly\r\n", "answered"},
		{"rtpmap of rubbish", head + audio + "a=rtpmap:\r\na=rtpmap:0\r\na=rtpmap:x PCMU/8000\r\na=rtpmap:/\r\n", "answered"},
		{"NULs", head + audio + "a=\x00\x00\r\n\x00\r\n", "answered"},
		// nothing in common
		{"video only", head + "m=video 5000 RTP/AVP 31\r\n", "488"},
		{"no codec of ours", head + "m=audio 4000 RTP/AVP 3 18\r\n", "488"},
		{"all streams off", head + "m=audio 0 RTP/AVP 0\r\n", "488"},
		{"PCMU at 16 kHz", head + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n", "488"},
		{"an unknown protocol", head + "m=audio 4000 FOO/BAR 0\r\n", "488"},
		{"SRTP", head + "m=audio 4000 RTP/SAVP 0\r\n", "488"},
		// nothing at all
		{"empty", "", "0 v= lines"},
		{"rubbish", "hello world", "0 v= lines"},
		{"v=1", strings.Replace(head, "v=0", "v=1", 1) + audio, "unknown version"},
		{"two v=", "v=0\r\n" + head + audio, "2 v= lines"},
		{"no m=", head, "no m= line"},
		{"m= cut off", head + "m=audio\r\n", "want a medium"},
		{"m= without a format", head + "m=audio 4000 RTP/AVP\r\n", "want a format"},
		{"port 65536", head + "m=audio 65536 RTP/AVP 0\r\n", "want a port"},
		{"port -1", head + "m=audio -1 RTP/AVP 0\r\n", "want a port"},
		{"t= of words", strings.Replace(head, "t=0 0", "t=now later", 1) + audio, "want two times"},
		{"no c=", strings.Replace(head, "c=IN IP4 192.0.2.7\r\n", "", 1) + audio, "c="},
		{"c= of words", strings.Replace(head, "c=IN IP4 192.0.2.7", "c=somewhere", 1) + audio, "c="},
		{"c= of an IPv4 address that is none", strings.Replace(head, "c=IN IP4 192.0.2.7", "c=IN IP4 999.0.2.7", 1) + audio, "999.0.2.7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			_, n, err := Answer([]byte(c.offer), testLocal(), testCapabilities())
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %v", took)
			}
			var flaw *SyntaxError
			got := "answered"
			switch {
			case errors.Is(err, ErrNoCommonCodec):
				got = "488"
			case errors.As(err, &flaw):
				got = err.Error()
			case err != nil:
				t.Fatalf("error %v", err)
			case !n.Remote.IsValid():
				t.Errorf("agreed on %+v", n)
			}
			if got != c.want && (c.want == "answered" || c.want == "488" || !strings.Contains(got, c.want)) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
