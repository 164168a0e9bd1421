package core_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"offhook/core"
	"offhook/core/coretest"
)

// TestInfoKeepsOrder sends 20,000 INFOs in one call over one TCP connection. The
// handler gets them in order.
func TestInfoKeepsOrder(t *testing.T) {
	const count = 20000
	bodies := make(chan string, count)
	_, bound := listening(t, handlerFunc(func(ctx context.Context, c *core.Call) {
		c.Notify(func(e core.Event) {
			if e.Kind == core.EventInfo {
				bodies <- e.Body
			}
		})
		_ = c.Answer(core.AnswerOptions{})
		<-ctx.Done()
	}), "tcp", "127.0.0.1:0")
	conn, err := net.Dial("tcp", bound.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	local := conn.LocalAddr().(*net.TCPAddr).AddrPort()
	if _, err := io.WriteString(conn, inviteText("TCP", local, "order")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	var ok coretest.Message
	for ok.Status() != 200 {
		ok = readTCP(t, in)
	}
	done := make(chan struct{})
	go func() { // ends with the connection or the last answer
		defer close(done)
		for i := 0; i < count; i++ {
			if m := readTCP(t, in); m.Status() != 200 {
				t.Errorf("answer %d: %s", i, m.Start)
				return
			}
		}
	}()
	out := bufio.NewWriterSize(conn, 1<<16)
	request := func(method string, seq int, body string) {
		fmt.Fprintf(out, "%s sip:test@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK-%s-%d\r\nFrom: <sip:a@127.0.0.1>;tag=a\r\nTo: %s\r\nCall-ID: order\r\nCSeq: %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
			method, local, method, seq, ok.Header("To"), seq, method, len(body), body)
	}
	request("ACK", 1, "")
	for i := range count {
		request("INFO", i+2, strconv.Itoa(i))
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	<-done
	for i := range count {
		if body := <-bodies; body != strconv.Itoa(i) {
			t.Fatalf("INFO %d came as %s", i, body)
		}
	}
}

// readTCP reads one message; its body is passed over.
func readTCP(t *testing.T, in *bufio.Reader) coretest.Message {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Errorf("read: %v", err)
			return coretest.Message{}
		}
		if head.WriteString(line); line == "\r\n" {
			break
		}
	}
	m := coretest.Parse([]byte(head.String()))
	n, _ := strconv.Atoi(m.Header("Content-Length"))
	if _, err := in.Discard(n); err != nil {
		t.Errorf("read body: %v", err)
	}
	return m
}
