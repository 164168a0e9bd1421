package main

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestFlood(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadBuffer(1 << 20)
	sent, err := run(options{target: conn.LocalAddr().String(), kind: "invite", rate: 1000, duration: 300 * time.Millisecond})
	if err != nil || sent < 200 || sent > 300 {
		t.Fatalf("%d messages sent, want about 300: %v", sent, err)
	}
	buf, seen := make([]byte, 2000), map[string]bool{}
	for range sent {
		if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("%d of %d came: %v", len(seen), sent, err)
		}
		_, id, _ := strings.Cut(string(buf[:n]), "Call-ID: ")
		id, _, _ = strings.Cut(id, "\r\n")
		seen[id] = true
	}
	if len(seen) != sent {
		t.Errorf("%d different calls, want %d", len(seen), sent)
	}
}

// TestOnlyThisMachine: nobody else can be flooded.
func TestOnlyThisMachine(t *testing.T) {
	for _, o := range []options{
		{"192.0.2.1:5060", "invite", 1, time.Second}, {"[::1]:5060", "invite", 1, time.Second}, {"localhost", "invite", 1, time.Second},
		{"127.0.0.1:5060", "bye", 1, time.Second}, {"127.0.0.1:5060", "invite", 1 << 20, time.Second}, {"127.0.0.1:5060", "invite", 1, time.Hour},
	} {
		if _, err := run(o); err == nil || !strings.HasPrefix(err.Error(), "flag --") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestMessages(t *testing.T) {
	target := netip.MustParseAddrPort("127.0.0.1:5060")
	for _, kind := range []string{"malformed", "options", "invite"} {
		next, err := messages(kind, target, "127.0.0.1:9")
		if err != nil {
			t.Fatal(err)
		}
		head, body, ok := strings.Cut(string(next(7)), "\r\n\r\n")
		if !ok || !strings.Contains(head, "branch=z9hG4bK-7\r\n") || (body != "") != (kind == "invite") || strings.Count(head, "CSeq") != map[bool]int{true: 2, false: 1}[kind == "malformed"] {
			t.Errorf("%s:\n%s\n\n%s", kind, head, body)
		}
	}
}
