package core_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/digest"
	"offhook/core/transport"
	"offhook/media"
)

// A fuzz input is messages in a row; in them {TAG} stands for our last To-tag.
const fuzzSeparator = "\n====\n"

// FuzzDeliver hands a server whatever bytes a peer may send. The invariant: no
// panic, every call ends, and nothing of it is left. Coverage of a server is not
// quite the same twice, so keep Go from minimising: -fuzzminimizetime 1x.
func FuzzDeliver(f *testing.F) {
	const head = " sip:test@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK-"
	rest := func(to, cseq, body string) string {
		return "\r\nMax-Forwards: 70\r\nFrom: <sip:a@192.0.2.7>;tag=a\r\nTo: <sip:test@192.0.2.1>" + to + "\r\nCall-ID: fuzz\r\nCSeq: " + cseq +
			"\r\nContact: <sip:a@192.0.2.7>\r\nContent-Type: application/sdp\r\n\r\n" + body
	}
	invite := "INVITE" + head + "1" + rest("", "1 INVITE", answer)
	ack := "ACK" + head + "2" + rest(";tag={TAG}", "1 ACK", "")
	hold := "INVITE" + head + "3" + rest(";tag={TAG}", "2 INVITE", answer+"a=sendonly\r\n")
	update := "UPDATE" + head + "4" + rest(";tag={TAG}", "3 UPDATE", answer)
	info := "INFO" + head + "5" + rest(";tag={TAG}", "4 INFO", "Signal=1\r\n")
	bye := "BYE" + head + "6" + rest(";tag={TAG}", "5 BYE", "")
	notify := strings.Replace("NOTIFY"+head+"8"+rest(";tag={TAG}", "2 NOTIFY", "SIP/2.0 200 OK\r\n"), "application/sdp", "message/sipfrag\r\nEvent: refer\r\nSubscription-State: terminated", 1)
	text := strings.Replace("MESSAGE"+head+"9"+rest(";tag={TAG}", "3 MESSAGE", "hello"), "application/sdp", "text/plain", 1)
	cancel := "CANCEL" + head + "1" + rest("", "1 CANCEL", "")
	delayed := "INVITE" + head + "1" + rest("", "1 INVITE", "")
	for _, seed := range [][]string{
		{invite, ack, hold, ack, update, info, bye}, {invite, cancel, ack}, {invite, bye, bye}, {delayed, ack}, {invite}, {invite, ack, notify, text},
		{"OPTIONS" + head + "7" + rest("", "1 OPTIONS", "")}, {"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-x" + rest(";tag={TAG}", "1 INVITE", answer)},
	} {
		f.Add(byte(0), []byte(strings.Join(seed, fuzzSeparator)))
		f.Add(byte(1), []byte(strings.Join(seed, fuzzSeparator)))
		f.Add(byte(8), []byte(strings.Join(seed, fuzzSeparator)))
	}
	f.Add(byte(16), []byte(strings.Replace(invite, "Max-Forwards", "Authorization: Digest username=\"a\", realm=\"r\", nonce=\"x\", nc=00000001, cnonce=\"c\", qop=auth, uri=\"sip:x\", response=\"0\"\r\nMax-Forwards", 1)))
	torture, err := filepath.Glob("transport/testdata/rfc4475/*.dat")
	if err != nil || len(torture) == 0 {
		f.Fatalf("no RFC 4475 messages: %v", err)
	}
	for _, file := range torture {
		message, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(2), message)
	}
	f.Fuzz(func(t *testing.T, way byte, input []byte) {
		synctest.Test(t, func(t *testing.T) { deliver(t, way, string(input)) })
	})
}

func deliver(t *testing.T, way byte, input string) {
	n := coretest.NewNetwork()
	o := core.Options{Media: n.Media(), Handler: fuzzHandler(way), DTMF: true, Log: discard(), CallTimeout: 2 * time.Second}
	if way&16 != 0 {
		user := digest.NewUser("a", "r", "secret", []digest.Algorithm{digest.MD5, digest.SHA256})
		o.Trunks = []core.Trunk{{Name: "t", User: &user, Account: digest.Account{User: "a", Password: "secret"}, MaxCalls: 1}}
	}
	s := core.New(o)
	tag := ""
	f := transport.NewFlow("UDP", netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:5060"), func(b []byte) error {
		m := coretest.Parse(b)
		if _, after, ok := strings.Cut(m.Header("To"), ";tag="); ok && m.Status() > 100 {
			tag = after
		}
		return nil
	})
	for message := range strings.SplitSeq(input, fuzzSeparator) {
		s.Deliver([]byte(strings.ReplaceAll(message, "{TAG}", tag)), f)
		synctest.Wait()
	}
	checkBaseline(t, s, n)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	n.Close()
}

// fuzzHandler does with a call one of a few things.
type fuzzHandler byte

func (h fuzzHandler) ServeCall(ctx context.Context, c *core.Call) {
	_, _ = c.From(), c.CallerNumber()
	_ = c.Header("Subject")
	if h&1 != 0 {
		_ = c.Progress(183, nil)
	}
	if h&2 != 0 {
		_ = c.Ring(nil)
		<-ctx.Done()
		return
	}
	if c.Answer(core.AnswerOptions{}) != nil {
		return
	}
	if h&8 != 0 {
		_, _ = c.Hold(true, nil)
		_, _ = c.Transfer("sip:b@192.0.2.9", core.TransferOptions{})
	}
	if h&4 != 0 {
		_ = c.Hangup(core.HangupOptions{})
	}
	_, _ = c.Play(media.Silence(0))
	<-ctx.Done()
}
