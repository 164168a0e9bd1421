package transport

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/rfc4475/*.dat")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(request("INVITE", "SIP/2.0/UDP 192.0.2.7;rport;branch=z9hG4bK1", 1, "body")))
	f.Add([]byte("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a ; x = \"\r\n ,\" , SIP/2.0/UDP b\r\nTo: <\r\n\r\n"))
	f.Add([]byte("\r\n\r\nOPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/TCP a\r\nl:3\r\n\r\nabcOPTIONS"))
}

// FuzzDeliver: whatever the bytes, one datagram is received, answered or
// dropped, exactly one of these; what is received can be worked with; an answer
// is small, well formed and never sent for an ACK or a response.
func FuzzDeliver(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var received int
		l := New(Options{Limits: Limits{Answers: 1 << 30}, Receive: func(msg sip.Message, _ []byte, f Flow) {
			received++
			checkReceived(t, msg, f)
		}})
		flow, sent := memory("192.0.2.7:5062")
		given := bytes.Clone(b)
		l.Deliver(b, flow)
		if !bytes.Equal(b, given) {
			t.Error("Deliver changed its argument")
		}
		s := l.Stats()
		if s.Received != uint64(received) || s.Received+s.KeepAlives+s.Dropped+s.Answered != 1 {
			t.Errorf("counted as %+v", s)
		}
		if answer := sent.String(); (answer != "") != (s.Answered == 1) {
			t.Errorf("answer %q, counted %+v", answer, s)
		} else if answer != "" {
			checkAnswer(t, answer, b)
		}
	})
}

func checkReceived(t *testing.T, msg sip.Message, f Flow) {
	via := msg.Via()
	if via == nil || via.Host == "" || via.Transport == "" {
		t.Fatalf("Via %v", via)
	}
	if req, ok := msg.(*sip.Request); ok {
		if rport, ok := via.Params.Get("rport"); ok && rport != "5062" {
			t.Errorf("rport = %q", rport)
		}
		_ = sip.NewResponseFromRequest(req, 200, "OK", nil).String()
		if f.answerPort == 0 {
			t.Error("answers go to port 0")
		}
	}
	_ = msg.String()
}

func checkAnswer(t *testing.T, answer string, b []byte) {
	if len(answer) > len(b)+300 {
		t.Errorf("%d bytes in answer to %d", len(answer), len(b))
	}
	head, ok := strings.CutSuffix(answer, "\r\n\r\n")
	if !ok || strings.Contains(head, "\r\n\r\n") || strings.ContainsAny(strings.ReplaceAll(head, "\r\n", ""), "\r\n\x00") {
		t.Errorf("malformed answer %q", answer)
	}
	if !strings.HasPrefix(answer, "SIP/2.0 4") && !strings.HasPrefix(answer, "SIP/2.0 505 ") || !strings.Contains(answer, "\r\nVia: ") {
		t.Errorf("answer %q", answer)
	}
	if method := strings.Fields(string(b))[0]; strings.EqualFold(method, "ACK") || strings.HasPrefix(method, "SIP/") {
		t.Errorf("%s was answered", method)
	}
}

// FuzzFramer: a stream gives the same messages however it is cut into reads,
// and the framer never holds more than its limits allow.
func FuzzFramer(f *testing.F) {
	seeds(f)
	limits := Limits{Message: 9000, Header: 6000}.withDefaults()
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := frames(t, b, len(b)+1, &limits)
		for _, size := range []int{1, 3, 100} {
			if pieces := frames(t, b, size, &limits); strings.Join(pieces, "|") != strings.Join(whole, "|") {
				t.Errorf("in pieces of %d: %q, whole: %q", size, pieces, whole)
			}
		}
	})
}

// frames feeds b to a framer in pieces and lists what comes out.
func frames(t *testing.T, b []byte, size int, limits *Limits) (out []string) {
	in := newFramer(limits)
	for len(b) > 0 {
		space := in.space()
		if len(space) == 0 || len(in.buf) > max(smallBuffer, limits.Message, limits.Header) {
			t.Fatalf("space for %d bytes in a buffer of %d", len(space), len(in.buf))
		}
		n := copy(space[:min(size, len(space))], b)
		b = b[n:]
		in.add(n)
		for {
			msg, h, pings, bad := in.next()
			for range pings {
				out = append(out, "ping")
			}
			if bad != nil {
				return append(out, bad.Error())
			}
			if msg == nil {
				break
			}
			if len(msg) != h.size+h.length || len(msg) > limits.Message {
				t.Fatalf("message of %d bytes, head %+v", len(msg), h)
			}
			out = append(out, string(msg))
		}
	}
	return out
}
