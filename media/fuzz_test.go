package media

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// FuzzSession feeds a session a series of datagrams, each with its length in front, on both its ports. Whatever they are, the
// counts must add up and the session must be able to report.
func FuzzSession(f *testing.F) {
	f.Add([]byte{12, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{16, 0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 5, 0x80, 1, 0, 12, 0x90, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0x80 | 32, 0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
	f.Add([]byte{0x80 | 28, 0x80, 200, 0, 6, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Session{wire: &virtualWire{}, params: testParams(), capture: func(Received) {}, configured: true}
		s.sender = newSender(0)
		s.receiver.clockRate = defaultClockRate
		s.reporter.cname = "fuzz"
		w := new(work)
		var rtp uint64
		sources := []netip.AddrPort{peerRTP, netip.MustParseAddrPort("[2001:db8::1]:9")}
		for now := instant(1e9); len(b) > 0; now = now.add(testPtime) {
			n := min(int(b[0]&0x7f), len(b)-1)
			packet := b[1 : 1+n]
			if b[0]&0x80 == 0 {
				s.takeRTP(packet, sources[n%2], int64(now), now, w)
				rtp++
			} else {
				s.takeRTCP(packet, peerRTCP, int64(now))
			}
			b = b[1+n:]
		}
		got := s.stats().Received
		if got.Packets+got.Invalid+got.Strangers != rtp {
			t.Errorf("%d packets, %d invalid and %d of strangers of %d datagrams", got.Packets, got.Invalid, got.Strangers, rtp)
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

// FuzzRTP compares what a datagram is taken for with another implementation: a payload found lies where that finds it.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3})
	f.Add([]byte{0xb1, 0x80 | 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x10, 1, 0, 0, 1, 2, 3, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, ok := parseRTP(b)
		var p rtp.Packet
		if !ok || p.Unmarshal(b) != nil {
			return
		}
		if h != (header{p.Marker, p.PayloadType, p.SequenceNumber, p.Timestamp, p.SSRC}) || !bytes.Equal(payload, p.Payload) {
			t.Errorf("%+v and %x, want %+v", h, payload, p)
		}
	})
}

// FuzzRTCP reads a compound packet. What another implementation finds in reports that it can read is found here too.
func FuzzRTCP(f *testing.F) {
	for _, packets := range [][]rtcp.Packet{
		{&rtcp.SenderReport{SSRC: 3, NTPTime: 1 << 40, Reports: []rtcp.ReceptionReport{{SSRC: 9, TotalLost: 3, LastSenderReport: 1}}}, &rtcp.Goodbye{Sources: []uint32{3}}},
		{&rtcp.ReceiverReport{SSRC: 3}, &rtcp.ExtendedReport{SenderSSRC: 3, Reports: []rtcp.ReportBlock{&rtcp.VoIPMetricsReportBlock{SSRC: 9}}}},
		{&rtcp.ReceiverReport{SSRC: 3}, &rtcp.TransportLayerNack{SenderSSRC: 3, MediaSSRC: 9}},
	} {
		b, err := rtcp.Marshal(packets)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r reporter
		bye := r.receive(b, 1e18, streams{9, 3, 8000})
		packets, err := rtcp.Unmarshal(b)
		if err != nil || rtcp.CompoundPacket(packets).Validate() != nil {
			return
		}
		wantBye, wantXR := false, false
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.Goodbye:
				wantBye = wantBye || slices.Contains(p.Sources, 3)
			case *rtcp.ExtendedReport:
				for _, block := range p.Reports {
					m, ok := block.(*rtcp.VoIPMetricsReportBlock)
					wantXR = wantXR || ok && m.SSRC == 9
				}
			}
		}
		if bye != wantBye || r.remoteVoIP.Known != wantXR || r.heard != 1 || r.roundTrip < 0 {
			t.Errorf("bye %v, want %v; XR %v, want %v; heard %d, round trip %v", bye, wantBye, r.remoteVoIP.Known, wantXR, r.heard, r.roundTrip)
		}
	})
}
