package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dissect reads a pcap file of UDP datagrams as "seconds from > to kept/size octets", the time since the first packet.
func dissect(t *testing.T, b []byte) (lines []string) {
	t.Helper()
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xa1b23c4d || binary.LittleEndian.Uint32(b[20:]) != linkRaw {
		t.Fatalf("no pcap file: %x", b[:min(24, len(b))])
	}
	var began time.Time
	for b = b[24:]; len(b) > 0; {
		at := time.Unix(int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:])))
		kept, size := int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
		packet := b[16 : 16+kept]
		b = b[16+kept:]
		if began.IsZero() {
			began = at
		}
		header, length := 20, 0
		var from, to netip.Addr
		switch packet[0] >> 4 {
		case 4:
			from, to = netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20]))
			length = int(binary.BigEndian.Uint16(packet[2:]))
			sum := uint32(0)
			for i := 0; i < 20; i += 2 {
				sum += uint32(binary.BigEndian.Uint16(packet[i:]))
			}
			if sum = sum>>16 + sum&0xffff; sum != 0xffff {
				t.Errorf("IPv4 checksum: %x", sum)
			}
		case 6:
			header = 40
			from, to = netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40]))
			length = 40 + int(binary.BigEndian.Uint16(packet[4:]))
		}
		u := packet[header:]
		if length != size || int(binary.BigEndian.Uint16(u[4:])) != size-header {
			t.Errorf("lengths of IP %d and UDP %d in a packet of %d", length, binary.BigEndian.Uint16(u[4:]), size)
		}
		text := strings.ReplaceAll(string(u[8:]), "\r\n", " ")
		if u[8] == 0x80 {
			text = fmt.Sprintf("%x", u[20:])
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%.3f %s > %s %d/%d %s", at.Sub(began).Seconds(), netip.AddrPortFrom(from, binary.BigEndian.Uint16(u)),
			netip.AddrPortFrom(to, binary.BigEndian.Uint16(u[2:])), kept-header-8, size-header-8, text)))
	}
	return lines
}

func rtpPacket(payload ...byte) []byte {
	return append([]byte{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9}, payload...)
}

func TestPcap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStore(Options{})
		j := s.Begin(Call{ID: "a", SIPCallID: "a"})
		j.Message(false, false, peer, []byte("BYE sip:1 SIP/2.0\r\n\r\n"), false)
		local, remote := netip.MustParseAddrPort("192.0.2.1:10000"), netip.MustParseAddrPort("192.0.2.7:20000")
		c := j.Capture(local)
		pass := func(sent bool, payload ...byte) {
			time.Sleep(20 * time.Millisecond)
			c.Packet(time.Now(), sent, remote, rtpPacket(payload...))
		}
		pass(true, 1) // nothing is wanted yet
		c.Keep(CaptureFull)
		pass(true, 2, 2)
		pass(false, 5, 0x80, 0, 0) // a key, typed ahead of a secret
		j.Mask(true, 1)
		pass(false, 6, 0x80, 0, 0)
		j.Mask(false, 0)
		pass(false, 3)
		c.Keep(CaptureHeaders)
		pass(true, 4, 4, 4)
		c.Packet(time.Now().Add(-30*time.Millisecond), false, remote, rtpPacket()) // it was read late
		c.Packet(time.Now(), true, netip.AddrPort{}, rtpPacket(1))
		v6 := Peer{"UDP", netip.MustParseAddrPort("[2001:db8::1]:5060"), netip.MustParseAddrPort("[2001:db8::7]:5060")}
		time.Sleep(time.Second)
		j.Message(true, false, v6, []byte("SIP/2.0 200 OK\r\n\r\n"), false)
		c.Keep(CaptureOff)
		pass(true, 7)

		var file bytes.Buffer
		if known, err := s.WritePcap(&file, "a"); !known || err != nil {
			t.Fatal(known, err)
		}
		want := []string{
			"0.000 192.0.2.7:5060 > 192.0.2.1:5060 21/21 BYE sip:1 SIP/2.0",
			"0.040 192.0.2.1:10000 > 192.0.2.7:20000 14/14 0202",
			"0.060 192.0.2.7:20000 > 192.0.2.1:10000 16/16 00000000",
			"0.080 192.0.2.7:20000 > 192.0.2.1:10000 12/16",
			"0.090 192.0.2.7:20000 > 192.0.2.1:10000 12/12",
			"0.100 192.0.2.7:20000 > 192.0.2.1:10000 13/13 03",
			"0.120 192.0.2.1:10000 > 192.0.2.7:20000 12/15",
			"1.120 [2001:db8::1]:5060 > [2001:db8::7]:5060 18/18 SIP/2.0 200 OK",
		}
		if got := dissect(t, file.Bytes()); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if known, err := s.WritePcap(&file, "none"); known || err != nil {
			t.Error("a call that is not known has a file", err)
		}
	})
}

func TestCaptureIsBounded(t *testing.T) {
	s := NewStore(Options{Capture: 3 * chunkSize})
	j := s.Begin(Call{ID: "a"})
	c := j.Capture(peer.Local)
	c.Keep(CaptureFull)
	packet := rtpPacket(make([]byte, 160)...)
	for i := range 10_000 {
		binary.BigEndian.PutUint16(packet[2:], uint16(i))
		c.Packet(time.Unix(int64(i), 0), false, peer.Remote, packet)
	}
	c.Packet(time.Now(), false, peer.Remote, make([]byte, chunkSize))
	all := c.packets()
	if c.size() != 3*chunkSize || len(all) < 600 || len(all) > 3*chunkSize/172 {
		t.Errorf("%d octets with %d packets", c.size(), len(all))
	}
	for i, p := range all {
		if want := 10_000 - len(all) + i; int(binary.BigEndian.Uint16(p.octets[2:])) != want || p.at.Unix() != int64(want) {
			t.Fatalf("packet %d is number %d, want %d", i, binary.BigEndian.Uint16(p.octets[2:]), want)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { c.Packet(time.Unix(0, 0), false, peer.Remote, packet) }); n != 0 {
		t.Errorf("%v allocations for a packet of a full capture", n)
	}
}

func TestCapturing(t *testing.T) {
	s := NewStore(Options{})
	if s.Capturing("1") != CaptureOff {
		t.Error("RTP is kept although nobody said so")
	}
	s.SetCapturing(CaptureFull, "1")
	if s.Capturing("1") != CaptureFull || s.Capturing("2") != CaptureOff {
		t.Error("the called user is not looked at")
	}
	s.SetCapturing(CaptureHeaders, "")
	if s.Capturing("2") != CaptureHeaders {
		t.Error("not all calls are meant")
	}
	if _, err := ParseCapturing("on"); err == nil {
		t.Error("no error")
	}
}
