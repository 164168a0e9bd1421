package transport

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/gobwas/ws"
)

const wsVia = "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1"

// browser is a WebSocket client that writes frames as it likes.
type browser struct {
	t    testing.TB
	conn net.Conn
	in   io.Reader
}

func dialWS(t testing.TB, to netip.AddrPort, config *tls.Config, header ...string) *browser {
	t.Helper()
	b, err := tryWS(t, to, config, ws.Dialer{Protocols: []string{"xmpp", "sip"}}, header...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tryWS(t testing.TB, to netip.AddrPort, config *tls.Config, d ws.Dialer, header ...string) (*browser, error) {
	t.Helper()
	var conn net.Conn = dial(t, to)
	if config != nil {
		config = config.Clone()
		config.ServerName = to.Addr().String()
		conn = tls.Client(conn, config)
	}
	d.Header = ws.HandshakeHeaderString(strings.Join(append(header, ""), "\r\n"))
	br, hs, err := d.Upgrade(conn, &url.URL{Scheme: "ws", Host: to.String(), Path: "/sip"})
	if err == nil && hs.Protocol != "sip" {
		t.Errorf("subprotocol %q", hs.Protocol)
	}
	b := &browser{t, conn, conn}
	if br != nil {
		b.in = br
	}
	return b, err
}

func (b *browser) frame(op ws.OpCode, fin bool, payload string) {
	b.t.Helper()
	f := ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload)))
	if err := ws.WriteFrame(b.conn, f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) read() ws.Frame {
	b.t.Helper()
	f, err := ws.ReadFrame(b.in)
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// status reads the frame that closes the WebSocket.
func (b *browser) status() ws.StatusCode {
	b.t.Helper()
	f := b.read()
	if f.Header.OpCode != ws.OpClose {
		b.t.Fatalf("frame %+v %q, want close", f.Header, f.Payload)
	}
	code, _ := ws.ParseCloseFrameData(f.Payload)
	return code
}

func TestWebSocket(t *testing.T) {
	for _, network := range []string{"ws", "wss"} {
		t.Run(network, func(t *testing.T) {
			l, in := newLayer(t, Limits{})
			var bound netip.AddrPort
			var config *tls.Config
			if network == "wss" {
				bound, config = secure(t, l, "wss")
			} else {
				bound = listen(t, l, "ws", "127.0.0.1:0")
			}
			b := dialWS(t, bound, config)
			b.frame(ws.OpText, true, request("OPTIONS", wsVia, 1, ""))
			got := receive(t, in)
			if f := got.flow; f.Network() != strings.ToUpper(network) || !f.Reliable() || f.Local() != bound || f.Remote().String() != b.conn.LocalAddr().String() {
				t.Errorf("flow over %s from %s to %s", f.Network(), f.Remote(), f.Local())
			}
			respond(got.msg, nil, got.flow)
			f := b.read()
			if f.Header.OpCode != ws.OpText || !f.Header.Fin || f.Header.Masked || !strings.HasPrefix(string(f.Payload), "SIP/2.0 200 OK\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;") {
				t.Errorf("answer %+v %q", f.Header, f.Payload)
			}
		})
	}
}

// TestWebSocketFrames sends one message in all the ways that there are.
func TestWebSocketFrames(t *testing.T) {
	l, in := newLayer(t, Limits{})
	b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
	large := strings.Repeat("x", 60000)
	message := request("MESSAGE", wsVia, 1, large)
	noLength := strings.Replace(request("MESSAGE", wsVia, 1, large), fmt.Sprintf("Content-Length: %d\r\n", len(large)), "", 1)
	ping := func(payload string) {
		b.frame(ws.OpPing, true, payload)
		if f := b.read(); f.Header.OpCode != ws.OpPong || string(f.Payload) != payload {
			t.Fatalf("pong %+v %q", f.Header, f.Payload)
		}
	}
	for name, send := range map[string]func(){
		"text":   func() { b.frame(ws.OpText, true, message) },
		"binary": func() { b.frame(ws.OpBinary, true, message) },
		"fragments": func() {
			b.frame(ws.OpText, false, message[:100])
			ping("between")
			b.frame(ws.OpContinuation, false, "")
			b.frame(ws.OpContinuation, false, message[100:50000])
			b.frame(ws.OpContinuation, true, message[50000:])
		},
		"without Content-Length (RFC 7118 §5)": func() { b.frame(ws.OpText, true, noLength) },
		"behind a keep-alive": func() {
			b.frame(ws.OpText, true, "\r\n\r\n")
			if f := b.read(); string(f.Payload) != "\r\n" {
				t.Fatalf("pong %q", f.Payload)
			}
			b.frame(ws.OpText, true, message)
		},
	} {
		send()
		if got := receive(t, in); string(got.msg.Body()) != large {
			t.Errorf("%s: body of %d bytes", name, len(got.msg.Body()))
		}
	}
	ping(strings.Repeat("p", 125))
	ping("")
}

// TestWebSocketByteByByte cuts frames into reads of one byte.
func TestWebSocketByteByByte(t *testing.T) {
	var whole []byte
	client := newWebSocket(&Limits{}, true, nil)
	for _, body := range []string{"", "a", strings.Repeat("b", 200)} {
		whole = client.wrap(whole, []byte(request("MESSAGE", wsVia, 1, body)))
	}
	for _, size := range []int{1, 7, len(whole)} {
		l, in := newLayer(t, Limits{})
		b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
		for rest := whole; len(rest) > 0; {
			n := min(size, len(rest))
			write(t, b.conn, string(rest[:n]))
			rest = rest[n:]
		}
		for _, body := range []string{"", "a", strings.Repeat("b", 200)} {
			if got := receive(t, in); string(got.msg.Body()) != body {
				t.Errorf("in pieces of %d: body %q, want %q", size, got.msg.Body(), body)
			}
		}
	}
}

// TestWebSocketMalformedMessage is answered, and the connection lives on.
func TestWebSocketMalformedMessage(t *testing.T) {
	l := newResponder(t, Limits{})
	b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
	b.frame(ws.OpText, true, request("OPTIONS", wsVia, -5, ""))
	if f := b.read(); !strings.HasPrefix(string(f.Payload), "SIP/2.0 400 ") {
		t.Errorf("answer %q", f.Payload)
	}
	b.frame(ws.OpText, true, "hello")
	b.frame(ws.OpText, true, "")
	b.frame(ws.OpText, true, request("OPTIONS", wsVia, 1, ""))
	if f := b.read(); !strings.HasPrefix(string(f.Payload), "SIP/2.0 200 ") {
		t.Errorf("answer %q", f.Payload)
	}
}

func TestWebSocketFaults(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []byte
		want  ws.StatusCode
	}{
		"not masked":              {ws.MustCompileFrame(ws.NewTextFrame([]byte("x"))), ws.StatusProtocolError},
		"reserved op code":        {ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(5, true, nil))), ws.StatusProtocolError},
		"fragmented ping":         {ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpPing, false, nil))), ws.StatusProtocolError},
		"long ping":               {ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpPing, true, make([]byte, 126)))), ws.StatusProtocolError},
		"continuation of nothing": {ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpContinuation, true, nil))), ws.StatusProtocolError},
		"too large":               {[]byte{0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}, ws.StatusMessageTooBig},
		"negative length":         {[]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}, ws.StatusProtocolError},
		"too large in all": {append(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpText, false, make([]byte, 60000)))),
			ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpContinuation, true, make([]byte, 6000))))...), ws.StatusMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			l := newResponder(t, Limits{})
			b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
			if _, err := b.conn.Write(c.bytes); err != nil {
				t.Fatal(err)
			}
			if got := b.status(); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
			waitFor(t, "the connection to go", func() bool { return l.Stats().Connections == 0 })
		})
	}
}

func TestWebSocketClose(t *testing.T) {
	l := newResponder(t, Limits{})
	bound := listen(t, l, "ws", "127.0.0.1:0")
	b := dialWS(t, bound, nil)
	b.frame(ws.OpClose, true, string(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye")))
	if got := b.status(); got != ws.StatusNormalClosure {
		t.Errorf("status %d", got)
	}
	readAll(t, b.conn)
	b = dialWS(t, bound, nil)
	b.frame(ws.OpText, true, request("OPTIONS", wsVia, 1, ""))
	b.read()
	l.Close()
	if got := b.status(); got != ws.StatusGoingAway {
		t.Errorf("closed by the server with status %d", got)
	}
}

// TestWebSocketPing: a silent client is asked whether it is there, and cut off if it is not.
func TestWebSocketPing(t *testing.T) {
	l := newResponder(t, Limits{Ping: 50 * time.Millisecond})
	b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
	for range 3 {
		if f := b.read(); f.Header.OpCode != ws.OpPing {
			t.Fatalf("frame %+v", f.Header)
		}
		b.frame(ws.OpPong, true, "")
	}
	if f := b.read(); f.Header.OpCode != ws.OpPing {
		t.Fatalf("frame %+v", f.Header)
	}
	if got := b.status(); got != ws.StatusGoingAway {
		t.Errorf("status %d", got)
	}
}

// TestWebSocketSlowloris never ends a message.
func TestWebSocketSlowloris(t *testing.T) {
	l := newResponder(t, Limits{Assembly: 200 * time.Millisecond})
	b := dialWS(t, listen(t, l, "ws", "127.0.0.1:0"), nil)
	b.frame(ws.OpText, false, "OPTIONS ")
	_, _ = io.Copy(io.Discard, b.conn)
	if n := l.Stats().TimedOut; n != 1 {
		t.Errorf("TimedOut = %d", n)
	}
}

func TestWebSocketUpgrade(t *testing.T) {
	l := newResponder(t, Limits{Handshake: 200 * time.Millisecond})
	bound, err := l.Open(Endpoint{Network: "ws", Address: "127.0.0.1:0", Origins: []string{"app.example.com", "*.example.org", "https://exact.example.net:8443"}})
	if err != nil {
		t.Fatal(err)
	}
	for origin, ok := range map[string]bool{
		"": true, "https://app.example.com": true, "https://APP.example.com:444": true, "https://x.example.org": true,
		"https://exact.example.net:8443": true, "http://exact.example.net:8443": false, "https://example.com": false, "null": false,
		"https://app.example.com.evil.net": false, "https://evilexample.org": false,
	} {
		var header []string
		if origin != "" {
			header = []string{"Origin: " + origin}
		}
		if _, err := tryWS(t, bound, nil, ws.Dialer{Protocols: []string{"sip"}}, header...); (err == nil) != ok {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
	for name, request := range map[string]string{
		"without the subprotocol": "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"no WebSocket":            "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
		"SIP":                     request("OPTIONS", wsVia, 1, ""),
	} {
		conn := dial(t, bound)
		write(t, conn, request)
		if answer := readAll(t, conn); !strings.HasPrefix(answer, "HTTP/1.1 4") && !strings.HasPrefix(answer, "HTTP/1.1 5") && answer != "" {
			t.Errorf("%s: answered %q", name, answer)
		}
	}
	silent := dial(t, bound)
	readAll(t, silent)
	endless := dial(t, bound)
	write(t, endless, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 2*maxHandshake))
	_, _ = io.Copy(io.Discard, endless)
	waitFor(t, "all to go", func() bool { return l.Stats().Unshaken >= 5 })
}

// TestWebSocketEarly: what a client sends right behind its request is not lost.
func TestWebSocketEarly(t *testing.T) {
	l, in := newLayer(t, Limits{})
	conn := dial(t, listen(t, l, "ws", "127.0.0.1:0"))
	frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(request("OPTIONS", wsVia, 1, "")))))
	write(t, conn, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"+string(frame))
	receive(t, in)
}

func TestDialWebSocket(t *testing.T) {
	for _, network := range []string{"ws", "wss"} {
		t.Run(network, func(t *testing.T) {
			server, in := newLayer(t, Limits{})
			var bound netip.AddrPort
			var config *tls.Config
			if network == "wss" {
				bound, config = secure(t, server, "wss")
			} else {
				bound = listen(t, server, "ws", "127.0.0.1:0")
			}
			answers := make(chan arrival, 10)
			client := New(Options{ClientTLS: config, Receive: collect(answers)})
			defer client.Close()
			f, err := client.Dial(t.Context(), network, bound)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Send([]byte(request("OPTIONS", wsVia, 1, "\xff\xfe"))); err != nil { // no UTF-8: binary
				t.Fatal(err)
			}
			got := receive(t, in)
			if !bytes.Equal(got.msg.Body(), []byte("\xff\xfe")) {
				t.Errorf("body %q", got.msg.Body())
			}
			respond(got.msg, nil, got.flow)
			if res := receive(t, answers); res.flow != f || res.flow.Network() != strings.ToUpper(network) {
				t.Error("the answer came over another flow")
			}
		})
	}
	l, _ := newLayer(t, Limits{})
	other := listen(t, l, "tcp", "127.0.0.1:0")
	if _, err := l.Dial(t.Context(), "ws", other); err == nil {
		t.Error("a WebSocket to a TCP port")
	}
}

// FuzzWebSocket: whatever the frames, messages come out whole, and nothing grows beyond its limits.
func FuzzWebSocket(f *testing.F) {
	client := newWebSocket(&Limits{}, true, nil)
	f.Add(client.wrap(nil, []byte(request("OPTIONS", wsVia, 1, "body"))), 3)
	f.Add(client.frame(client.frame(nil, ws.OpPing, []byte("x")), ws.OpClose, []byte{3, 232}), 1)
	f.Add(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpText, false, []byte("OPT")))), 2)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		l := New(Options{Limits: Limits{Message: 9000, Header: 6000}, Receive: func(msg sip.Message, _ []byte, f Flow) { checkReceived(t, msg, f) }})
		far, near := net.Pipe()
		defer far.Close()
		go io.Copy(io.Discard, far) // ends with the pipe
		s := &stream{layer: l, kind: "ws", raw: near, conn: near, remote: netip.MustParseAddrPort("192.0.2.7:5062")}
		s.room.L = &s.mu
		w := newWebSocket(&l.limits, false, nil)
		s.wire = w
		var due time.Time
		for len(b) > 0 {
			space := w.space()
			if len(space) == 0 || len(w.buf) > l.limits.Message+smallBuffer || len(w.parts) > l.limits.Message {
				t.Fatalf("space for %d bytes in %d, %d in parts", len(space), len(w.buf), len(w.parts))
			}
			n := copy(space[:min(max(size, 1), len(space))], b)
			b = b[n:]
			w.add(n)
			if err := s.deliverAll(&due); err != nil {
				break
			}
		}
		s.end(ErrClosed, 0)
		near.Close()
		s.writer.Wait()
	})
}

// TestSecureOverflow: a peer that does not read is cut off over TLS and WebSocket, too, and never holds up who sends.
func TestSecureOverflow(t *testing.T) {
	for _, network := range []string{"tls", "ws", "wss"} {
		t.Run(network, func(t *testing.T) {
			l, in := newLayer(t, Limits{Queue: 64 << 10})
			var bound netip.AddrPort
			var config *tls.Config
			if network == "ws" {
				bound = listen(t, l, "ws", "127.0.0.1:0")
			} else {
				bound, config = secure(t, l, network)
			}
			if network == "tls" {
				write(t, dialTLS(t, bound, config), request("INVITE", tlsVia, 1, ""))
			} else {
				dialWS(t, bound, config).frame(ws.OpText, true, request("INVITE", wsVia, 1, ""))
			}
			f := receive(t, in).flow
			message := make([]byte, 10000)
			var err error
			began := time.Now()
			for range 10000 {
				if err = f.Send(message); err != nil {
					break
				}
			}
			if !errors.Is(err, ErrOverflow) || time.Since(began) > 5*time.Second {
				t.Fatalf("Send = %v after %s", err, time.Since(began))
			}
			waitFor(t, "the connection to go", func() bool { return l.Stats().Connections == 0 })
		})
	}
}
