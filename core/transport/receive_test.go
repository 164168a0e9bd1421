package transport

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
)

// outcome delivers one datagram and tells what became of it.
func outcome(l *Layer, in <-chan arrival, b string) (got *arrival, answer string) {
	f, sent := memory("192.0.2.7:5062")
	l.Deliver([]byte(b), f)
	select {
	case a := <-in:
		got = &a
	default:
	}
	return got, sent.String()
}

// TestRFC4475 delivers the torture test messages of RFC 4475. "received" leaves
// the judgement to the layers above: 416, 420 or 481 are not transport's.
func TestRFC4475(t *testing.T) {
	want := map[string]string{
		"badaspec": "400", "badbranch": "received", "baddate": "received", "baddn": "400", "badinv01": "400",
		"badvers": "505", "bcast": "received", "bext01": "received", "bigcode": "dropped", "clerr": "400",
		"cparam01": "received", "cparam02": "received", "dblreq": "received", "esc01": "received", "esc02": "received",
		"escnull": "received", "escruri": "received", "insuf": "received", "intmeth": "received", "inv2543": "received",
		"invut": "received", "longreq": "received", "ltgtruri": "400", "lwsdisp": "received", "lwsruri": "400",
		"lwsstart": "400", "mcl01": "400", "mismatch01": "received", "mismatch02": "received", "mpart01": "received",
		"multi01": "400", "ncl": "400", "noreason": "received", "novelsc": "416", "quotbal": "400", "regaut01": "received",
		"regbadct": "received", "regescrt": "received", "scalar02": "400", "scalarlg": "dropped", "sdp01": "received",
		"semiuri": "received", "transports": "received", "trws": "400", "unkscm": "received", "unksm2": "received",
		"unreason": "received", "wsinv": "received", "zeromf": "received",
	}
	files, err := filepath.Glob("testdata/rfc4475/*.dat")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, want %d: %v", len(files), len(want), err)
	}
	l, in := newLayer(t, Limits{})
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		got, answer := outcome(l, in, string(b))
		result := "dropped"
		switch {
		case got != nil && answer == "":
			result = "received"
		case got == nil && answer != "":
			result = strings.TrimPrefix(answer, "SIP/2.0 ")[:3]
		}
		if result != want[name] {
			t.Errorf("%s: %s, want %s", name, result, want[name])
		}
	}
}

// TestWhiteSpaceTorture reads the message of RFC 4475 §3.1.1.1, which sipgo's
// parser alone misreads.
func TestWhiteSpaceTorture(t *testing.T) {
	b, err := os.ReadFile("testdata/rfc4475/wsinv.dat")
	if err != nil {
		t.Fatal(err)
	}
	l, in := newLayer(t, Limits{})
	got, answer := outcome(l, in, string(b))
	if got == nil {
		t.Fatalf("refused with %q", answer)
	}
	req := got.msg.(*sip.Request)
	vias := make([]string, 0, 3)
	for _, h := range req.GetHeaders("via") {
		vias = append(vias, h.Value())
	}
	contact := req.Contact()
	check := func(name, got, want string) {
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	check("Vias", strings.Join(vias, " | "), "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw;received=192.0.2.7"+
		" | SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8 | SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239")
	check("To tag", req.To().Params.GetOr("tag", ""), "1918181833n")
	check("From tag", req.From().Params.GetOr("tag", ""), "98asjd8")
	check("From", req.From().DisplayName, `J Rosenberg \\\"`)
	check("CSeq", req.CSeq().Value(), "9 INVITE")
	check("newparam", contact.Params.GetOr("newparam", ""), "newvalue")
	check("q", contact.Params.GetOr("q", ""), "0.33")
	check("Contact", contact.Address.String(), "sip:jdrosen@example.com")
	check("folded value", req.GetHeader("NewFangledHeader").Value(), "newfangled value continued newfangled value")
	if n := len(req.Body()); n != 150 {
		t.Errorf("body of %d bytes", n)
	}
}

func TestParserQuirks(t *testing.T) {
	via := "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1"
	base := request("INVITE", via, 1, "")
	replace := func(old, new string) string {
		if !strings.Contains(base, old) {
			t.Fatalf("%q is not in the request", old)
		}
		return strings.Replace(base, old, new, 1)
	}
	for _, c := range []struct {
		name, message string
		read          func(*sip.Request) string
		want          string
	}{
		{"parameter names in capitals", replace(";tag=f1", ";TAG=f1"), func(r *sip.Request) string { return r.From().Params.GetOr("tag", "") }, "f1"},
		{"branch in capitals", replace(";branch=", ";Branch="), func(r *sip.Request) string { return r.Via().Params.GetOr("branch", "") }, "z9hG4bK1"},
		{"space before a tag", replace(">;tag=f1", "> ; tag=f1"), func(r *sip.Request) string { return r.From().Params.GetOr("tag", "") }, "f1"},
		{"space around equals", replace(";tag=f1", ";tag = f1"), func(r *sip.Request) string { return r.From().Params.GetOr("tag", "") }, "f1"},
		{"Vias without parameters in one line", replace(via, "SIP/2.0/UDP 192.0.2.7, SIP/2.0/UDP 192.0.2.8;branch=b"), func(r *sip.Request) string { return r.Via().Host }, "192.0.2.7"},
		{"tab in CSeq", replace("1 INVITE", "1\tINVITE"), func(r *sip.Request) string { return string(r.CSeq().MethodName) }, "INVITE"},
		{"spaces in CSeq", replace("1 INVITE", "1    INVITE"), func(r *sip.Request) string { return string(r.CSeq().MethodName) }, "INVITE"},
		{"method in small letters", "invite" + strings.TrimPrefix(base, "INVITE"), func(r *sip.Request) string { return string(r.Method) }, "invite"},
		{"lr in capitals", replace("Max-Forwards", "Route: <sip:p.example.com;LR>\r\nMax-Forwards"), func(r *sip.Request) string {
			_, ok := r.Route().Address.UriParams.Get("lr")
			return map[bool]string{true: "lr"}[ok]
		}, "lr"},
		{"sip/2.0", replace("SIP/2.0\r\n", "sip/2.0\r\n"), func(r *sip.Request) string { return string(r.Method) }, "INVITE"},
		{"quoted semicolon", replace("From: <", `From: "A ; tag = x, B" <`), func(r *sip.Request) string { return r.From().DisplayName + " " + r.From().Params.GetOr("tag", "") }, "A ; tag = x, B f1"},
		{"compact names", strings.NewReplacer("Via:", "v:", "From:", "f:", "To:", "t:", "Call-ID:", "i:", "Content-Length:", "l:").Replace(base),
			func(r *sip.Request) string { return r.CallID().Value() + r.From().Params.GetOr("tag", "") }, "c1@example.comf1"},
		{"line breaks before the start line", "\r\n\r\n" + base, func(r *sip.Request) string { return string(r.Method) }, "INVITE"},
		{"bytes behind Content-Length", base + "trailing", func(r *sip.Request) string { return "[" + string(r.Body()) + "]" }, "[]"},
		{"no Content-Length", replace("Content-Length: 0\r\n", "") + "the body", func(r *sip.Request) string { return string(r.Body()) }, "the body"},
		{"IPv6 sent-by", replace("192.0.2.7:5062", "[2001:db8::1]:5070"), func(r *sip.Request) string { return r.Via().Value() }, "SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK1;received=192.0.2.7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, in := newLayer(t, Limits{})
			got, answer := outcome(l, in, c.message)
			if got == nil {
				t.Fatalf("refused with %q", answer)
			}
			if value := c.read(got.msg.(*sip.Request)); value != c.want {
				t.Errorf("read %q, want %q", value, c.want)
			}
		})
	}
}

// TestRefused covers what never reaches the layers above.
func TestRefused(t *testing.T) {
	via := "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1"
	base := request("INVITE", via, 1, "")
	replace := func(old, new string) string { return strings.Replace(base, old, new, 1) }
	for _, c := range []struct{ name, message, want string }{
		{"empty", "", ""},
		{"CRLF keep-alive", "\r\n\r\n", ""},
		{"NUL keep-alive", "\x00\x00\x00\x00", ""},
		{"STUN binding request", "\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl", ""},
		{"RTP", "\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01", ""},
		{"text", "hello world", ""},
		{"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		{"no end of header section", "INVITE sip:a@b SIP/2.0\r\nVia: " + via + "\r\nCSeq: 1 INVITE\r\n", "400 Header Section Has No End"},
		{"bare line feeds", strings.ReplaceAll(base, "\r\n", "\n"), "400 Header Section Has No End"},
		{"no Via", replace("Via: "+via+"\r\n", ""), ""},
		{"Via without host", replace(via, "SIP/2.0/UDP ;branch=z9hG4bK1"), "400 Bad Via"},
		{"Via port of letters", replace(":5062", ":abc"), "400 Bad Via"},
		{"Via port out of range", replace(":5062", ":99999"), "400 Bad Via"},
		{"Via with two hosts", replace("192.0.2.7:5062", "a b"), "400 Bad Via"},
		{"second Via bad", replace(via, via+", SIP/2.0/UDP x:y"), "400 Bad Via"},
		{"SIP/7.0", replace("SIP/2.0\r\n", "SIP/7.0\r\n"), "505 Version Not Supported"},
		{"Content-Length lies", replace("Content-Length: 0", "Content-Length: 9"), "400 Message Shorter Than Content-Length"},
		{"negative Content-Length", replace("Content-Length: 0", "Content-Length: -1"), "400 Bad Content-Length"},
		{"huge Content-Length", replace("Content-Length: 0", "Content-Length: 99999999999999999999999"), "400 Bad Content-Length"},
		{"two From", replace("Max-Forwards", "f: <sip:x@y>\r\nMax-Forwards"), "400 Header Field Repeated"},
		{"folded first line", replace("\r\nVia", "\r\n Via: x\r\nVia"), "400 Folded Line Before The First Header Field"},
		{"many headers", replace("Max-Forwards", strings.Repeat("X: y\r\n", 300)+"Max-Forwards"), "400 Too Many Header Fields"},
		{"many Vias in one line", replace(via, via+strings.Repeat(","+via, 300)), "400 Too Many Header Fields"},
		{"large header", replace("Max-Forwards", "X: "+strings.Repeat("y", 40000)+"\r\nMax-Forwards"), "400 Header Section Too Large"},
		{"carriage return in a header", replace("70", "7\r0"), "400 Bad Request"},
		{"ACK", "ACK sip:a@b SIP/2.0\r\nVia: " + via + "\r\nCSeq: x\r\n\r\n", ""},
		{"response", "SIP/2.0 200 OK\r\nVia: " + via + "\r\nCSeq: x\r\n\r\n", ""},
		{"response of another version", "SIP/3.0 200 OK\r\nVia: " + via + "\r\n\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, in := newLayer(t, Limits{})
			got, answer := outcome(l, in, c.message)
			if got != nil {
				t.Fatal("received it")
			}
			status, _, _ := strings.Cut(answer, "\r\n")
			if strings.TrimPrefix(status, "SIP/2.0 ") != c.want {
				t.Errorf("answered %q", answer)
			}
			s := l.Stats()
			if s.KeepAlives+s.Dropped+s.Answered != 1 {
				t.Errorf("counted as %+v", s)
			}
		})
	}
}

// TestStatelessAnswer shows one in full.
func TestStatelessAnswer(t *testing.T) {
	l, in := newLayer(t, Limits{})
	message := "INVITE sip:a@b SIP/2.0\r\n" +
		"v: SIP/2.0/UDP phone.example.com:5070 ; RPORT ; branch=z9hG4bK1 , SIP/2.0/UDP 192.0.2.8\r\n" +
		"Via: SIP/2.0/TCP 192.0.2.9\r\n" +
		"From: \"Unterminated <sip:a@example.com>;tag=f1\r\n" +
		"To:\r\n\t<sip:a@b>\r\n" +
		"i: c1\r\nCSeq: one INVITE\r\nContact: <sip:a@192.0.2.7>\r\nContent-Length: 4\r\n\r\nbody"
	_, answer := outcome(l, in, message)
	head, rest, _ := strings.Cut(answer, ";tag=f1\r\nTo: <sip:a@b>;tag=")
	if want := "SIP/2.0 400 Bad Request\r\n" +
		"Via: SIP/2.0/UDP phone.example.com:5070;rport=5062;branch=z9hG4bK1;received=192.0.2.7, SIP/2.0/UDP 192.0.2.8\r\n" +
		"Via: SIP/2.0/TCP 192.0.2.9\r\n" +
		"From: \"Unterminated <sip:a@example.com>"; head != want {
		t.Errorf("head %q, want %q", head, want)
	}
	tag, rest, _ := strings.Cut(rest, "\r\n")
	if want := "Call-ID: c1\r\nCSeq: one INVITE\r\nContent-Length: 0\r\n\r\n"; tag == "" || rest != want {
		t.Errorf("tag %q, rest %q", tag, rest)
	}
	if _, again := outcome(l, in, message); again != answer {
		t.Errorf("a copy was answered with %q", again)
	}
	if _, kept := outcome(l, in, strings.Replace(message, "<sip:a@b>\r\n", "<sip:a@b>; Tag=mine\r\n", 1)); !strings.Contains(kept, "<sip:a@b>; Tag=mine\r\n") {
		t.Errorf("a To with a tag became %q", kept)
	}
}

// TestNothingGrowsPerSource: sources of datagrams can be forged at will.
func TestNothingGrowsPerSource(t *testing.T) {
	var received int
	l := New(Options{Receive: func(sip.Message, []byte, Flow) { received++ }})
	defer l.Close()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	message, before := invite(), heap()
	const sources = 20000
	for i := range sources {
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060)
		f := NewFlow("UDP", netip.AddrPort{}, remote, func([]byte) error { return nil })
		l.Deliver(message, f)
		l.Deliver([]byte("\r\n"), f)
		l.Deliver(message[:100], f)
	}
	if after := heap(); received != sources || after > before+200<<10 {
		t.Errorf("received %d of %d; heap grew from %d to %d bytes", received, sources, before, after)
	}
}

func TestAnswersAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, in := newLayer(t, Limits{Answers: 5})
		flood := func() (answered int) {
			for range 50 {
				if _, answer := outcome(l, in, "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7\r\nX\r\n\r\n"); answer != "" {
					answered++
				}
			}
			return answered
		}
		if n := flood(); n != 5 {
			t.Errorf("%d answers in the first second", n)
		}
		time.Sleep(time.Second)
		if n := flood(); n != 5 {
			t.Errorf("%d answers in the next", n)
		}
		if s := l.Stats(); s.Malformed != 100 || s.Answered != 10 || s.Dropped != 90 {
			t.Errorf("%+v", s)
		}
	})
}

// TestLogsHoldNoMessages: a flood of garbage must not fill the log.
func TestLogsHoldNoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(Options{Log: slog.New(slog.NewTextHandler(&out, nil)), Receive: func(sip.Message, []byte, Flow) {}})
		defer l.Close()
		f, _ := memory("192.0.2.7:5062")
		for range 3 {
			for range 100 {
				l.Deliver([]byte("INVITE sip:secret@b SIP/2.0\r\nsecret\r\n\r\n"), f)
			}
			time.Sleep(time.Second)
		}
		if n := strings.Count(out.String(), "\n"); n != 3 || strings.Contains(out.String(), "secret") || !strings.Contains(out.String(), "suppressed=99") {
			t.Errorf("%d lines:\n%s", n, out.String())
		}
	})
}
