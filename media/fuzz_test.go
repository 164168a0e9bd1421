package media

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzSession feeds a session a series of datagrams, each with its length in front, on both its ports. Whatever they are, the
// counts must add up and the session must be able to report.
func FuzzSession(f *testing.F) {
	f.Add([]byte{12, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{16, 0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5, 0x80, 1, 0, 12, 0x90, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0x80 | 32, 0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
	f.Add([]byte{0x80 | 28, 0x80, 200, 0, 6, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Session{params: testParams(), capture: func(Received) {}, configured: true}
		s.sender = newSender(0)
		s.receiver.clockRate = defaultClockRate
		s.reporter.cname = "fuzz"
		w := new(work)
		var rtp uint64
		for now := instant(1e9); len(b) > 0; now = now.add(testPtime) {
			n := min(int(b[0]&0x7f), len(b)-1)
			packet := b[1 : 1+n]
			if b[0]&0x80 == 0 {
				s.takeRTP(packet, int64(now), now, w)
				rtp++
			} else {
				s.takeRTCP(packet, int64(now))
			}
			b = b[1+n:]
		}
		got := s.stats().Received
		if got.Packets+got.Invalid != rtp {
			t.Errorf("%d packets and %d invalid of %d datagrams", got.Packets, got.Invalid, rtp)
		}
		if got.LossPct < 0 || got.LossPct > 100 || got.Jitter < 0 {
			t.Errorf("loss %v %%, jitter %v", got.LossPct, got.Jitter)
		}
		report := s.reporter.report(nil, &s.sender, &s.receiver, 0, time.Unix(1, 0), true)
		for len(report) > 0 {
			n := 4 * (1 + int(binary.BigEndian.Uint16(report[2:])))
			if n > len(report) {
				t.Fatalf("a report of %d octets in %d", n, len(report))
			}
			report = report[n:]
		}
	})
}
