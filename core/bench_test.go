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
	"offhook/core/journal"
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

// callsPerServer is less than an engine has ports: one stays in quarantine for
// longer than thousands of calls take.
const callsPerServer = 4000

// BenchmarkCall is all that SIP costs in one call, from bytes to bytes: INVITE, 100, 180, 200, ACK, BYE, 200, with its
// goroutine, without sockets. See cmd/offhook for the same over UDP.
func BenchmarkCall(b *testing.B) { benchmarkCall(b, nil) }

// BenchmarkCallJournal is the same with a journal.
func BenchmarkCallJournal(b *testing.B) { benchmarkCall(b, journal.NewStore(journal.Options{})) }

func benchmarkCall(b *testing.B, j *journal.Store) {
	b.ReportAllocs()
	c := newBenchCaller(j)
	for i := 0; b.Loop(); i++ {
		if i > 0 && i%callsPerServer == 0 {
			b.StopTimer()
			c.close()
			c = newBenchCaller(j)
			b.StartTimer()
		}
		c.call(i)
	}
	c.close()
}

// benchCaller makes one call after the other to a server of its own.
type benchCaller struct {
	engine *media.Engine
	server *core.Server
	flow   transport.Flow
	tags   chan string   // To of each 200 to INVITE
	ended  chan struct{} // one for each 200 to BYE
}

func newBenchCaller(j *journal.Store) *benchCaller {
	c := &benchCaller{engine: media.NewVirtual(func(_, _ netip.AddrPort, _ []byte) {}), tags: make(chan string, 1), ended: make(chan struct{}, 1)}
	c.server = core.New(core.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})), Handler: answering{}, Media: c.engine, UserAgent: "Offhook", MaxCalls: 1 << 20, Journal: j,
	})
	local, remote := netip.MustParseAddrPort("192.0.2.1:5060"), netip.MustParseAddrPort("192.0.2.7:5060")
	c.flow = transport.NewFlow("UDP", local, remote, c.receive)
	return c
}

func (c *benchCaller) receive(m []byte) error {
	if !bytes.HasPrefix(m, []byte("SIP/2.0 200")) {
		return nil
	}
	if bytes.Contains(m, []byte(" BYE\r\n")) { // of CSeq; Allow names it too
		c.ended <- struct{}{}
		return nil
	}
	_, to, _ := bytes.Cut(m, []byte("\r\nTo: "))
	to, _, _ = bytes.Cut(to, []byte("\r\n"))
	c.tags <- string(to)
	return nil
}

func (c *benchCaller) call(i int) {
	request := func(method, branch, to, body string) []byte {
		return fmt.Appendf(nil, "%s sip:test@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-%d-%s\r\nFrom: sipp <sip:sipp@192.0.2.7:5060>;tag=t%d\r\n"+
			"To: %s\r\nCall-ID: %d-77@192.0.2.7\r\nCSeq: %d %s\r\nContact: sip:sipp@192.0.2.7:5060\r\nMax-Forwards: 70\r\nSubject: Performance Test\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			method, i, branch, i, to, i, map[string]int{"INVITE": 1, "ACK": 1, "BYE": 2}[method], method, len(body), body)
	}
	c.server.Deliver(request("INVITE", "a", "sut <sip:test@192.0.2.1:5060>", benchOffer), c.flow)
	to := <-c.tags
	c.server.Deliver(request("ACK", "b", to, ""), c.flow)
	c.server.Deliver(request("BYE", "c", to, ""), c.flow)
	<-c.ended
}

func (c *benchCaller) close() {
	c.server.Close()
	c.engine.Close()
}
