package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

func TestParseRTP(t *testing.T) {
	full := rtp.Packet{
		Header: rtp.Header{
			Version: 2, Marker: true, PayloadType: 101, SequenceNumber: 0xabcd, Timestamp: 0x01020304, SSRC: 0xdeadbeef,
			CSRC: []uint32{1, 2, 3}, Extension: true, ExtensionProfile: 0x1234,
			Extensions: nil,
		},
		Payload: []byte("sound"),
	}
	if err := full.SetExtension(0, []byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	b, err := full.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	padded := append(bytes.Clone(b), 0, 0, 3)
	padded[0] |= 0x20
	for name, b := range map[string][]byte{"plain": b, "padded": padded} {
		h, payload, ok := parseRTP(b)
		if !ok || string(payload) != "sound" {
			t.Fatalf("%s: payload %q, %v", name, payload, ok)
		}
		if want := (header{true, 101, 0xabcd, 0x01020304, 0xdeadbeef}); h != want {
			t.Errorf("%s: header %+v, want %+v", name, h, want)
		}
	}
}

func TestParseRTPRefuses(t *testing.T) {
	valid := []byte{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff}
	if _, _, ok := parseRTP(valid); !ok {
		t.Fatal("the valid packet is refused")
	}
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
	}{
		{"empty", func([]byte) []byte { return nil }},
		{"short", func(b []byte) []byte { return b[:11] }},
		{"version 1", func(b []byte) []byte { b[0] = 0x40; return b }},
		{"version 3", func(b []byte) []byte { b[0] = 0xc0; return b }},
		{"STUN", func(b []byte) []byte { b[0] = 0; return b }},
		{"RTCP sender report", func(b []byte) []byte { b[1] = 200; return b }},
		{"RTCP APP", func(b []byte) []byte { b[1] = 204; return b }},
		{"CSRC list beyond the end", func(b []byte) []byte { b[0] |= 1; return b }},
		{"extension beyond the end", func(b []byte) []byte { b[0] |= 0x10; return b }},
		{"extension longer than the packet", func(b []byte) []byte { b[0] |= 0x10; return append(b[:12], 0, 0, 0, 1) }},
		{"padding longer than the payload", func(b []byte) []byte { b[0] |= 0x20; b[13] = 3; return b }},
		{"padding of nothing", func(b []byte) []byte { b[0] |= 0x20; b[13] = 0; return b }},
	} {
		if _, _, ok := parseRTP(c.change(bytes.Clone(valid))); ok {
			t.Errorf("%s: accepted", c.name)
		}
	}
}
