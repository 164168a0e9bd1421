package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// TestReport reads our compound packets with another implementation.
func TestReport(t *testing.T) {
	s := newSender(0)
	s.sent = Sent{Packets: 250, Bytes: 40000}
	in := receiver{clockRate: 8000}
	hear(&in, 77, 65530, 65531, 65534, 65535, 0, 1) // 2 of 8 lost, one cycle
	r := reporter{lastSR: 0x11223344, lastSRSource: 77, lastSRArrival: 1e18, cname: "call@host"}
	wall := time.Unix(0, 1e18+int64(1500*time.Millisecond))
	for _, c := range []struct {
		name  string
		cname string
		bye   bool
	}{{"running", "call@host", false}, {"the end", "x", true}, {"no padding left", "abcdefghi", false}, {"longest name", string(make([]byte, maxCNAME)), true}} {
		t.Run(c.name, func(t *testing.T) {
			r, in := r, in
			r.cname = c.cname
			b := r.report(nil, &s, &in, 4242, wall, c.bye)
			if len(b)%4 != 0 || len(b) > maxReport {
				t.Fatalf("%d octets", len(b))
			}
			packets, err := rtcp.Unmarshal(b)
			if err != nil {
				t.Fatal(err)
			}
			sr := packets[0].(*rtcp.SenderReport)
			if sr.SSRC != s.ssrc || sr.PacketCount != 250 || sr.OctetCount != 40000 || sr.RTPTime != 4242 {
				t.Errorf("sender report %+v", sr)
			}
			if want := uint64(1e9+1+2208988800)<<32 | 1<<31; sr.NTPTime != want {
				t.Errorf("NTP time %x, want %x", sr.NTPTime, want)
			}
			want := rtcp.ReceptionReport{SSRC: 77, FractionLost: 64, TotalLost: 2, LastSequenceNumber: 1<<16 | 1, Jitter: sr.Reports[0].Jitter,
				LastSenderReport: 0x11223344, Delay: 3 << 15}
			if len(sr.Reports) != 1 || sr.Reports[0] != want {
				t.Errorf("reception reports %+v, want %+v", sr.Reports, want)
			}
			sdes := packets[1].(*rtcp.SourceDescription)
			if sdes.Chunks[0].Source != s.ssrc || sdes.Chunks[0].Items[0].Text != c.cname {
				t.Errorf("description %+v", sdes)
			}
			if c.bye != (len(packets) == 3) {
				t.Fatalf("%d packets", len(packets))
			}
			if c.bye && packets[2].(*rtcp.Goodbye).Sources[0] != s.ssrc {
				t.Errorf("bye %+v", packets[2])
			}
		})
	}
}

func TestReportWithoutSending(t *testing.T) {
	s, in := newSender(0), receiver{clockRate: 8000}
	r := reporter{cname: "c"}
	kind := func() uint8 { return r.report(nil, &s, &in, 0, time.Unix(0, 0), false)[1] }
	if k := kind(); k != rtcpReceiverReport {
		t.Errorf("nothing sent: type %d", k)
	}
	s.sent.Packets = 10
	for i, want := range []uint8{rtcpSenderReport, rtcpSenderReport, rtcpReceiverReport} { // quiet for two intervals
		if k := kind(); k != want {
			t.Errorf("report %d after sending: type %d, want %d", i, k, want)
		}
	}
}

// TestReportInterval checks that the fraction lost is that of the interval, and that a source that fell silent is not reported on.
func TestReportInterval(t *testing.T) {
	s, in := newSender(0), receiver{clockRate: 8000}
	r := reporter{cname: "c"}
	blocks := func() []rtcp.ReceptionReport {
		packets, err := rtcp.Unmarshal(r.report(nil, &s, &in, 0, time.Unix(0, 0), false))
		if err != nil {
			t.Fatal(err)
		}
		return packets[0].(*rtcp.ReceiverReport).Reports
	}
	hear(&in, 5, 1, 2, 4)
	if b := blocks(); len(b) != 1 || b[0].FractionLost != 64 || b[0].TotalLost != 1 {
		t.Errorf("first interval: %+v", b)
	}
	hear(&in, 5, 5, 6, 7, 8)
	if b := blocks(); len(b) != 1 || b[0].FractionLost != 0 || b[0].TotalLost != 1 {
		t.Errorf("second interval: %+v", b)
	}
	hear(&in, 5, 8, 8)
	if b := blocks(); len(b) != 1 || b[0].FractionLost != 0 || int32(b[0].TotalLost<<8)>>8 != -1 {
		t.Errorf("duplicates: %+v", b)
	}
	if b := blocks(); len(b) != 0 {
		t.Errorf("silence: %+v", b)
	}
}

func TestReceiveReports(t *testing.T) {
	const ours, arrival = 9, int64(1e18)
	sent := ntpTime(time.Unix(0, arrival-int64(130*time.Millisecond)))
	block := rtcp.ReceptionReport{SSRC: ours, TotalLost: 0xfffffe, Jitter: 80, LastSenderReport: uint32(sent >> 16), Delay: 65536 / 10}
	for _, c := range []struct {
		name   string
		packet rtcp.Packet
		sr     bool
	}{
		{"in a sender report", &rtcp.SenderReport{SSRC: 3, NTPTime: 0x1111_2222_3333_4444, Reports: []rtcp.ReceptionReport{{SSRC: 1}, block}}, true},
		{"in a receiver report", &rtcp.ReceiverReport{SSRC: 3, Reports: []rtcp.ReceptionReport{block}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := rtcp.Marshal([]rtcp.Packet{c.packet, &rtcp.Goodbye{Sources: []uint32{3}}})
			if err != nil {
				t.Fatal(err)
			}
			var r reporter
			r.receive(b, arrival, streams{ours: ours, clockRate: 8000})
			if r.heard != 1 || r.remoteLost != -2 || r.remoteJitter != 10*time.Millisecond {
				t.Errorf("heard %d, lost %d, jitter %v", r.heard, r.remoteLost, r.remoteJitter)
			}
			if d := r.roundTrip - 30*time.Millisecond; d < -50*time.Microsecond || d > 50*time.Microsecond {
				t.Errorf("round trip %v, want 30 ms", r.roundTrip)
			}
			if c.sr && r.lastSR != 0x2222_3333 {
				t.Errorf("last sender report %x", r.lastSR)
			}
		})
	}
}

// TestReportDelay checks bounds and mean of RFC 3550 §6.3.1, with the minimum of 5 s.
func TestReportDelay(t *testing.T) {
	for _, c := range []struct {
		first bool
		mean  time.Duration
	}{{false, 5 * time.Second}, {true, 2500 * time.Millisecond}} {
		var sum, least, most time.Duration
		const n = 20000
		for i := range n {
			d := reportDelay(c.first)
			if i == 0 {
				least = d
			}
			sum, least, most = sum+d, min(least, d), max(most, d)
		}
		if least < c.mean/2 || most > c.mean*3/2 || least > c.mean*52/100 || most < c.mean*148/100 {
			t.Errorf("first %v: %v to %v around %v", c.first, least, most, c.mean)
		}
		if mean := sum / n; mean < c.mean*98/100 || mean > c.mean*102/100 { // 5 standard deviations are 1 %
			t.Errorf("first %v: mean %v, want %v", c.first, mean, c.mean)
		}
	}
}

// TestReceiveOtherPackets reads compound packets with what this package has no use for between what it needs.
func TestReceiveOtherPackets(t *testing.T) {
	const ours, theirs = 9, 3
	rr := &rtcp.ReceiverReport{SSRC: theirs, Reports: []rtcp.ReceptionReport{{SSRC: ours, TotalLost: 5}}}
	for _, c := range []struct {
		name    string
		packets []rtcp.Packet
		heard   uint64
		lost    int64
		bye     bool
	}{
		{"feedback", []rtcp.Packet{&rtcp.ReceiverReport{SSRC: theirs}, &rtcp.TransportLayerNack{SenderSSRC: theirs, MediaSSRC: ours, Nacks: []rtcp.NackPair{{PacketID: 1}}},
			&rtcp.PictureLossIndication{SenderSSRC: theirs, MediaSSRC: ours}, &rtcp.FullIntraRequest{SenderSSRC: theirs}, rr}, 1, 5, false},
		{"feedback alone", []rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: theirs, MediaSSRC: ours}}, 0, 0, false},
		{"application", []rtcp.Packet{rr, &rtcp.ApplicationDefined{SSRC: theirs, Name: "test", Data: []byte{1, 2, 3, 4}}}, 1, 5, false},
		{"bye", []rtcp.Packet{rr, &rtcp.Goodbye{Sources: []uint32{1, theirs}, Reason: "done"}}, 1, 5, true},
		{"bye of another", []rtcp.Packet{rr, &rtcp.Goodbye{Sources: []uint32{1}, Reason: string([]byte{0, 0, 0, theirs})}}, 1, 5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := rtcp.Marshal(c.packets)
			if err != nil {
				t.Fatal(err)
			}
			var r reporter
			bye := r.receive(b, 1, streams{ours, theirs, 8000})
			if bye != c.bye || r.heard != c.heard || r.remoteLost != c.lost {
				t.Errorf("bye %v, heard %d, lost %d", bye, r.heard, r.remoteLost)
			}
		})
	}
}

// TestLastSRIsOfTheReportedSource checks that a reception report does not name the sender report of an earlier source.
func TestLastSRIsOfTheReportedSource(t *testing.T) {
	s, in := newSender(0), receiver{clockRate: 8000}
	r := reporter{cname: "c", lastSR: 7, lastSRSource: 1, lastSRArrival: 1}
	hear(&in, 2, 1, 2, 3)
	packets, err := rtcp.Unmarshal(r.report(nil, &s, &in, 0, time.Unix(1, 0), false))
	if err != nil {
		t.Fatal(err)
	}
	if b := packets[0].(*rtcp.ReceiverReport).Reports[0]; b.LastSenderReport != 0 || b.Delay != 0 {
		t.Errorf("last sender report %d, %d ago, of another source", b.LastSenderReport, b.Delay)
	}
}

func TestVoIPMetrics(t *testing.T) {
	report := func(ssrc uint32) []byte {
		b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 3}, &rtcp.ExtendedReport{SenderSSRC: 3, Reports: []rtcp.ReportBlock{
			&rtcp.ReceiverReferenceTimeReportBlock{NTPTimestamp: 1},
			&rtcp.VoIPMetricsReportBlock{
				SSRC: ssrc, LossRate: 64, DiscardRate: 128, BurstDensity: 32, GapDensity: 16, BurstDuration: 300, GapDuration: 4000,
				RoundTripDelay: 120, EndSystemDelay: 60, SignalLevel: 0xec, NoiseLevel: 127, RERL: 40, Gmin: 16, RFactor: 80, ExtRFactor: 127,
				MOSLQ: 41, MOSCQ: 127, JBNominal: 40, JBMaximum: 80, JBAbsMax: 200,
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var r reporter
	r.receive(report(8), 1, streams{9, 3, 8000})
	if r.remoteVoIP.Known {
		t.Error("metrics of another stream are taken")
	}
	r.receive(report(9), 1, streams{9, 3, 8000})
	want := VoIPMetrics{
		Known: true, LossPct: 25, DiscardPct: 50, BurstDensityPct: 12.5, GapDensityPct: 6.25,
		BurstDuration: 300 * time.Millisecond, GapDuration: 4 * time.Second, RoundTrip: 120 * time.Millisecond, EndSystemDelay: 60 * time.Millisecond,
		SignalLevel: -20, NoiseLevel: NotMeasured, EchoReturnLoss: 40, RFactor: 80, ExternalRFactor: NotMeasured, MOSListening: 4.1,
		BufferNominal: 40 * time.Millisecond, BufferMaximum: 80 * time.Millisecond, BufferAbsoluteMaximum: 200 * time.Millisecond,
	}
	if r.remoteVoIP != want {
		t.Errorf("got  %+v\nwant %+v", r.remoteVoIP, want)
	}
}
