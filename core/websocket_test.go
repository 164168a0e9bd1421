package core_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core"
	"offhook/core/transport"
)

// wsClient is a browser, as the transport of another layer speaks for it.
type wsClient struct {
	t     *testing.T
	layer *transport.Layer
	flow  transport.Flow
	in    chan sip.Message
}

func newWSClient(t *testing.T, to netip.AddrPort) *wsClient {
	t.Helper()
	c := &wsClient{t: t, in: make(chan sip.Message, 10)}
	c.layer = transport.New(transport.Options{Receive: func(m sip.Message, _ []byte, _ transport.Flow) { c.in <- m }})
	t.Cleanup(func() { c.layer.Close() })
	var err error
	if c.flow, err = c.layer.Dial(t.Context(), "ws", to); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *wsClient) send(text string) {
	c.t.Helper()
	if err := c.flow.Send([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wsClient) expect(what string) sip.Message {
	c.t.Helper()
	for {
		select {
		case m := <-c.in:
			if strings.HasPrefix(m.String(), what) {
				return m
			}
		case <-time.After(5 * time.Second):
			c.t.Fatalf("no %s came", what)
		}
	}
}

// browserCall answers a call of a browser, whose Via and Contact lead nowhere (RFC 7118 §5).
func browserCall(t *testing.T, calls handingOut, to netip.AddrPort) (*wsClient, *core.Call) {
	t.Helper()
	client := newWSClient(t, to)
	nowhere := netip.MustParseAddrPort("192.0.2.1:1")
	hide := strings.NewReplacer("Via: SIP/2.0/WS "+nowhere.String(), "Via: SIP/2.0/WS df7jal23ls0d.invalid", "sip:a@"+nowhere.String(), "sip:a@df7jal23ls0d.invalid;transport=ws")
	client.send(hide.Replace(inviteText("WS", nowhere, "browser")))
	ok := client.expect("SIP/2.0 200").(*sip.Response)
	if got, want := ok.Contact().Address.String(), "sip:test@"+to.String()+";transport=ws"; got != want {
		t.Errorf("Contact %s, want %s", got, want)
	}
	client.send("ACK sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-ack\r\nFrom: " + ok.From().Value() +
		"\r\nTo: " + ok.To().Value() + "\r\nCall-ID: browser\r\nCSeq: 1 ACK\r\n\r\n")
	return client, <-calls
}

// TestBrowserCall: in-dialog requests go over the flow that the browser opened.
func TestBrowserCall(t *testing.T) {
	calls := make(handingOut, 1)
	_, bound := serving(t, calls, core.Options{}, transport.Endpoint{Network: "ws", Address: "127.0.0.1:0"})
	client, c := browserCall(t, calls, bound[0])
	if addr, network := c.Source(); network != "WS" || addr.Addr().String() != "127.0.0.1" {
		t.Errorf("source %s over %s", addr, network)
	}
	_ = c.Hangup(core.HangupOptions{})
	bye := client.expect("BYE sip:a@df7jal23ls0d.invalid;transport=ws SIP/2.0").(*sip.Request)
	client.send(sip.NewResponseFromRequest(bye, 200, "OK", nil).String())
}

// TestBrowserGone: a browser takes no connections, so a request for one that is gone ends the call.
func TestBrowserGone(t *testing.T) {
	calls := make(handingOut, 1)
	s, bound := serving(t, calls, core.Options{}, transport.Endpoint{Network: "ws", Address: "127.0.0.1:0"})
	client, c := browserCall(t, calls, bound[0])
	client.layer.Close()
	for end := time.Now().Add(5 * time.Second); s.Stats().Transport.Connections > 0; {
		if time.Now().After(end) {
			t.Fatal("the server keeps the connection")
		}
		time.Sleep(time.Millisecond)
	}
	pending, err := c.Hold(true, nil)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-pending.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("no outcome")
	}
	ended(t, c)
	if e := c.Ending(); e.Reason != "connection lost" || s.Stats().Failed != 1 {
		t.Errorf("ended %+v, %d failed", e, s.Stats().Failed)
	}
}
