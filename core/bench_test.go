package core_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"testing"

	"offhook/core"
	"offhook/core/transport"
	"offhook/media"
)

const benchOffer = "v=0\r\no=user1 53655765 2353687637 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"

// answering answers at once and waits for the end.
type answering struct{}

func (answering) ServeCall(ctx context.Context, c *core.Call) {
	_ = c.Ring(nil)
	_ = c.Answer(core.AnswerOptions{})
	<-ctx.Done()
}

// BenchmarkCall is all that SIP costs in one call, from bytes to bytes: INVITE, 100, 180, 200, ACK, BYE, 200, with its
// goroutine, without sockets. See cmd/offhook for the same over UDP.
func BenchmarkCall(b *testing.B) {
	engine := media.NewVirtual(func(_, _ netip.AddrPort, _ []byte) {})
	s := core.New(core.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})), Handler: answering{}, Media: engine, UserAgent: "Offhook", MaxCalls: 1 << 20,
	})
	defer engine.Close()
	defer s.Close()
	tags, ended := make(chan string, 1), make(chan struct{}, 1)
	local, remote := netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:5060")
	flow := transport.NewFlow("UDP", local, remote, func(m []byte) error {
		if !bytes.HasPrefix(m, []byte("SIP/2.0 200")) {
			return nil
		}
		if bytes.Contains(m, []byte(" BYE\r\n")) { // of CSeq; Allow names it too
			ended <- struct{}{}
			return nil
		}
		_, to, _ := bytes.Cut(m, []byte("\r\nTo: "))
		to, _, _ = bytes.Cut(to, []byte("\r\n"))
		tags <- string(to)
		return nil
	})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		request := func(method, branch, to, body string) []byte {
			return fmt.Appendf(nil, "%s sip:test@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-%d-%s\r\nFrom: sipp <sip:sipp@192.0.2.7:5060>;tag=t%d\r\n"+
				"To: %s\r\nCall-ID: %d-77@192.0.2.7\r\nCSeq: %d %s\r\nContact: sip:sipp@192.0.2.7:5060\r\nMax-Forwards: 70\r\nSubject: Performance Test\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
				method, i, branch, i, to, i, map[string]int{"INVITE": 1, "ACK": 1, "BYE": 2}[method], method, len(body), body)
		}
		s.Deliver(request("INVITE", "a", "sut <sip:test@192.0.2.1:5060>", benchOffer), flow)
		to := <-tags
		s.Deliver(request("ACK", "b", to, ""), flow)
		s.Deliver(request("BYE", "c", to, ""), flow)
		<-ended
	}
}
