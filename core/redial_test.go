package core_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"offhook/core"
	"offhook/core/coretest"
)

// TestBYEOverANewConnection has a caller whose TCP connection is gone when we hang
// up: the BYE goes to its Contact over a new one.
func TestBYEOverANewConnection(t *testing.T) {
	overNewConnection(t, "BYE", 200, func(c *core.Call) { _ = c.Hangup(core.HangupOptions{}) })
}

// TestHoldOverANewConnection: so does a re-INVITE, whose outcome comes back.
func TestHoldOverANewConnection(t *testing.T) {
	var pending *core.Pending
	overNewConnection(t, "INVITE", 488, func(c *core.Call) { pending, _ = c.Hold(true, nil) })
	select {
	case <-pending.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("no outcome")
	}
	if pending.Code() != 488 {
		t.Errorf("outcome %d, want 488", pending.Code())
	}
}

// overNewConnection has do send a request to a caller whose connection is gone.
func overNewConnection(t *testing.T, method string, status int, do func(*core.Call)) {
	confirmed := make(chan *core.Call, 1)
	_, bound := listening(t, handlerFunc(func(ctx context.Context, c *core.Call) {
		_ = c.Answer(core.AnswerOptions{})
		<-c.Confirmed()
		confirmed <- c
		<-ctx.Done()
	}), "tcp", "127.0.0.1:0")
	contact, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer contact.Close()
	first, err := net.Dial("tcp", bound.String())
	if err != nil {
		t.Fatal(err)
	}
	invite := inviteText("TCP", first.LocalAddr().(*net.TCPAddr).AddrPort(), "gone")
	invite = strings.Replace(invite, "Contact: <sip:a@"+first.LocalAddr().String()+">", "Contact: <sip:a@"+contact.Addr().String()+";transport=tcp>", 1)
	in := bufio.NewReader(first)
	send(t, first, invite)
	var ok coretest.Message
	for ok.Status() != 200 {
		if ok = readTCP(t, in); t.Failed() {
			return
		}
	}
	send(t, first, fmt.Sprintf("ACK sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK-ack\r\nFrom: %s\r\nTo: %s\r\nCall-ID: gone\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
		first.LocalAddr(), ok.Header("From"), ok.Header("To")))
	c := <-confirmed
	// The server closes its half when it has read the end of ours.
	if err := first.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	first.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Fatalf("the server keeps the connection: %v", err)
	}
	first.Close()
	do(c)
	contact.(*net.TCPListener).SetDeadline(time.Now().Add(5 * time.Second))
	second, err := contact.Accept()
	if err != nil {
		t.Fatalf("no new connection: %v", err)
	}
	defer second.Close()
	req := readTCP(t, bufio.NewReader(second))
	if req.Method() != method || req.Status() != 0 || req.Header("Call-ID") != "gone" || req.Header("Content-Length") == "" {
		t.Errorf("over the new connection came\n%s", req)
	}
	res := coretest.Message{Start: fmt.Sprintf("SIP/2.0 %d Whatever", status)}
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		res.Fields = append(res.Fields, core.Header{Name: name, Value: req.Header(name)})
	}
	send(t, second, res.String())
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}
