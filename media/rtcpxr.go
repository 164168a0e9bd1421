package media

import (
	"encoding/binary"
	"time"
)

// VoIPMetrics is what the far end measures of the stream that we send, as it says by RTCP XR (RFC 3611 §4.7).
type VoIPMetrics struct {
	Known bool // such a report came; all else is zero without one

	LossPct, DiscardPct             float64 // lost on the way; come too late or too early for the jitter buffer
	BurstDensityPct, GapDensityPct  float64 // lost and discarded, within bursts and between them
	BurstDuration, GapDuration      time.Duration
	RoundTrip, EndSystemDelay       time.Duration
	SignalLevel, NoiseLevel         int // dBm0; NotMeasured
	EchoReturnLoss                  int // residual, in dB; NotMeasured
	RFactor, ExternalRFactor        int // 0 to 100; NotMeasured
	MOSListening, MOSConversational float64
	BufferNominal, BufferMaximum    time.Duration
	BufferAbsoluteMaximum           time.Duration
}

// NotMeasured stands in VoIPMetrics for what the far end cannot tell; a MOS is 0 then.
const NotMeasured = 127

const (
	xrBlockHeaderLen = 4
	xrVoIPMetrics    = 7
	xrVoIPLen        = 32
)

// readExtended looks in the report blocks of an XR packet for the VoIP metrics of what we send.
func (r *reporter) readExtended(b []byte, ours uint32) {
	for len(b) >= xrBlockHeaderLen {
		n := xrBlockHeaderLen + 4*int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b) {
			return
		}
		body := b[xrBlockHeaderLen:n]
		if b[0] == xrVoIPMetrics && len(body) >= xrVoIPLen && binary.BigEndian.Uint32(body) == ours {
			r.remoteVoIP = readVoIPMetrics(body[4:xrVoIPLen])
		}
		b = b[n:]
	}
}

func readVoIPMetrics(b []byte) VoIPMetrics {
	share := func(i int) float64 { return float64(b[i]) * 100 / 256 }
	ms := func(i int) time.Duration { return time.Duration(binary.BigEndian.Uint16(b[i:])) * time.Millisecond }
	mos := func(i int) float64 {
		if b[i] == NotMeasured {
			return 0
		}
		return float64(b[i]) / 10
	}
	return VoIPMetrics{
		Known:   true,
		LossPct: share(0), DiscardPct: share(1), BurstDensityPct: share(2), GapDensityPct: share(3),
		BurstDuration: ms(4), GapDuration: ms(6), RoundTrip: ms(8), EndSystemDelay: ms(10),
		SignalLevel: int(int8(b[12])), NoiseLevel: int(int8(b[13])), EchoReturnLoss: int(b[14]),
		RFactor: int(b[16]), ExternalRFactor: int(b[17]), MOSListening: mos(18), MOSConversational: mos(19),
		BufferNominal: ms(22), BufferMaximum: ms(24), BufferAbsoluteMaximum: ms(26),
	}
}
