package media

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestSenderPackets(t *testing.T) {
	s := newSender(0)
	s.reserve(160)
	s.sequence = 65535
	payload := make([]byte, 160)
	payload[0] = 0x55
	var before rtp.Packet
	for i := range 3 {
		var p rtp.Packet
		if err := p.Unmarshal(append([]byte(nil), s.next(8, i == 0, s.timestamp(instant(i)*instant(testPtime)), payload)...)); err != nil {
			t.Fatal(err)
		}
		if p.Version != 2 || p.PayloadType != 8 || p.Marker != (i == 0) || p.SSRC != s.ssrc || len(p.Payload) != 160 || p.Payload[0] != 0x55 {
			t.Fatalf("packet %d: %v", i, p)
		}
		if i > 0 && (p.SequenceNumber != before.SequenceNumber+1 || p.Timestamp != before.Timestamp+160) {
			t.Fatalf("packet %d: sequence %d, timestamp %d after %d, %d", i, p.SequenceNumber, p.Timestamp, before.SequenceNumber, before.Timestamp)
		}
		before = p
	}
}

// TestSenderTimestamp checks that timestamps are exact far into a call, and go on when the clock rate changes.
func TestSenderTimestamp(t *testing.T) {
	s := newSender(3)
	const days = 40 * 24 * time.Hour
	if got, want := s.timestamp(instant(3+days))-s.base, uint32(int64(days/time.Second)*8000&0xffffffff); got != want {
		t.Errorf("after 40 days %d, want %d", got, want)
	}
	at := instant(3 + 10*time.Second)
	before := s.timestamp(at)
	s.setClock(at, 48000)
	if got := s.timestamp(at); got != before {
		t.Errorf("timestamp jumped from %d to %d with the clock rate", before, got)
	}
	if got := s.timestamp(at.add(testPtime)) - before; got != 960 {
		t.Errorf("20 ms at 48 kHz are %d units, want 960", got)
	}
}

// TestSendersDiffer draws many senders. By chance, two of them share an SSRC or a timestamp once in 100,000 runs, and ten a
// sequence number never.
func TestSendersDiffer(t *testing.T) {
	const n = 200
	ssrcs, bases, sequences, halves := map[uint32]bool{}, map[uint32]bool{}, map[uint16]bool{}, map[bool]bool{}
	for range n {
		s := newSender(0)
		ssrcs[s.ssrc], bases[s.base], sequences[s.sequence], halves[s.sequence >= 1<<15] = true, true, true, true
	}
	if len(ssrcs) < n || len(bases) < n || len(sequences) < n-10 || len(halves) < 2 {
		t.Errorf("%d senders have %d SSRCs, %d timestamps, %d sequence numbers", n, len(ssrcs), len(bases), len(sequences))
	}
}

func BenchmarkSenderNext(b *testing.B) {
	s := newSender(0)
	s.reserve(160)
	payload := make([]byte, 160)
	b.ReportAllocs()
	at := instant(0)
	for b.Loop() {
		at = at.add(testPtime)
		s.next(0, false, s.timestamp(at), payload)
	}
}
