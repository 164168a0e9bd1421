package hep

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// chunks reads a packet as the specification lays it out: type → value.
func chunks(t *testing.T, b []byte) map[uint16][]byte {
	t.Helper()
	if len(b) < 6 || string(b[:4]) != "HEP3" || int(binary.BigEndian.Uint16(b[4:])) != len(b) {
		t.Fatalf("not a HEP3 packet of %d octets: %q", len(b), b[:min(len(b), 6)])
	}
	all := map[uint16][]byte{}
	for b = b[6:]; len(b) > 0; {
		vendor, kind, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), int(binary.BigEndian.Uint16(b[4:]))
		if vendor != 0 || n < 6 || n > len(b) || all[kind] != nil {
			t.Fatalf("chunk %d of vendor %d has %d octets of %d", kind, vendor, n, len(b))
		}
		all[kind], b = b[6:n], b[n:]
	}
	return all
}

func TestAppend(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	seconds := binary.BigEndian.AppendUint32(nil, uint32(at.Unix()))
	for _, tt := range []struct {
		name     string
		agent    Agent
		from, to string
		network  string
		want     map[uint16][]byte
	}{
		{"IPv4 over UDP", Agent{2001, "secret"}, "192.0.2.1:5060", "198.51.100.7:5080", "UDP", map[uint16][]byte{
			1: {2}, 2: {17}, 3: {192, 0, 2, 1}, 4: {198, 51, 100, 7}, 7: {0x13, 0xc4}, 8: {0x13, 0xd8}, 12: {0, 0, 7, 0xd1}, 14: []byte("secret"),
		}},
		{"IPv6 over TLS", Agent{}, "[2001:db8::1]:5061", "[2001:db8::2]:49152", "TLS", map[uint16][]byte{
			1: {10}, 2: {6}, 5: net.ParseIP("2001:db8::1"), 6: net.ParseIP("2001:db8::2"), 7: {0x13, 0xc5}, 8: {0xc0, 0}, 12: {0, 0, 0, 0},
		}},
		{"IPv4 in a socket of both", Agent{}, "[::ffff:192.0.2.1]:1", "192.0.2.2:2", "UDP", map[uint16][]byte{
			1: {2}, 2: {17}, 3: {192, 0, 2, 1}, 4: {192, 0, 2, 2}, 7: {0, 1}, 8: {0, 2}, 12: {0, 0, 0, 0},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range map[uint16][]byte{9: seconds, 10: {0, 0x0a, 0x5b, 0xf5}, 11: {1}, 15: []byte("BYE sip:x SIP/2.0\r\n\r\n"), 17: []byte("a@b")} {
				tt.want[k] = v
			}
			got := chunks(t, Append(nil, tt.agent, Message{at, netip.MustParseAddrPort(tt.from), netip.MustParseAddrPort(tt.to), tt.network, "a@b", tt.want[15]}))
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("chunks %v\nwant   %v", got, tt.want)
			}
		})
	}
}

func TestAppendCutsToADatagram(t *testing.T) {
	to := netip.MustParseAddrPort("192.0.2.1:5060")
	b := Append([]byte("before"), Agent{Password: strings.Repeat("p", 5000)}, Message{time.Now(), to, to, "UDP", strings.Repeat("c", 5000), make([]byte, 1<<17)})
	if len(b) != len("before")+65507 {
		t.Errorf("%d octets", len(b))
	}
	chunks(t, b[len("before"):])
}

func TestSender(t *testing.T) {
	homer, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer homer.Close()
	s := NewSender(Options{
		Address: homer.LocalAddr().String(), Agent: Agent{ID: 7}, Log: slog.New(slog.DiscardHandler),
		Mask: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("key"), []byte("***")) },
	})
	peer := netip.MustParseAddrPort("192.0.2.1:5060")
	for i := range 3 {
		s.Send(Message{time.Now(), peer, peer, "UDP", fmt.Sprint(i), []byte("a key")})
	}
	s.Close()
	s.Close()
	buffer := make([]byte, 1<<16)
	for i := range 3 {
		_ = homer.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, _, err := homer.ReadFrom(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if c := chunks(t, buffer[:n]); string(c[17]) != fmt.Sprint(i) || string(c[15]) != "a ***" {
			t.Errorf("packet %d: %q", i, buffer[:n])
		}
	}
	if got := s.Stats(); got != (Stats{Sent: 3}) {
		t.Errorf("%+v", got)
	}
}

// A Homer that does not exist holds nobody up, and is complained of once.
func TestSenderNeverWaits(t *testing.T) {
	var log bytes.Buffer
	held := make(chan struct{})
	s := NewSender(Options{Address: "127.0.0.1:none", Queue: 2, Log: slog.New(slog.NewTextHandler(&log, nil)), Mask: func(b []byte) []byte {
		<-held
		return b
	}})
	peer := netip.MustParseAddrPort("192.0.2.1:5060")
	for range 100 {
		s.Send(Message{time.Now(), peer, peer, "UDP", "a", []byte("a")})
	}
	close(held)
	s.Close()
	if got := s.Stats(); got != (Stats{Dropped: 100}) {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(log.String(), "HEP: messages are not sent"); n != 1 {
		t.Errorf("complained %d times:\n%s", n, &log)
	}
}

func BenchmarkAppend(b *testing.B) {
	peer := netip.MustParseAddrPort("192.0.2.1:5060")
	m := Message{time.Now(), peer, peer, "UDP", "a@b", make([]byte, 900)}
	var packet []byte
	b.ReportAllocs()
	for b.Loop() {
		packet = Append(packet[:0], Agent{}, m)
	}
}
