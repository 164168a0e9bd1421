package scripting

import lua "github.com/yuin/gopher-lua"

func stats() Function {
	counts := []Param{{Name: "packets", Type: Integer}, {Name: "bytes", Type: Integer, Doc: "of sound, without headers"}}
	received := append(counts[:2:2], Param{Name: "lost", Type: Integer}, Param{Name: "late", Type: Integer, Doc: "too late to be heard, while call records, echoes or listens"}, Param{Name: "loss_pct", Type: Number}, Param{Name: "jitter_ms", Type: Number})
	return Function{
		Name: "stats",
		Doc:  "Returns what was sent and received so far, by RTP and RTCP (RFC 3550).",
		Returns: []Return{{Name: "stats", Type: Table, Fields: []Param{
			{Name: "rx", Type: Table, Fields: received, Doc: "received"},
			{Name: "tx", Type: Table, Fields: counts, Doc: "sent"},
			{Name: "rtt_ms", Type: Number, Doc: "the round trip, when the far end sends RTCP"},
			{Name: "mos", Type: Number, Doc: "how good it sounds, 1 to 4.5, estimated from loss and delay (ITU-T G.107); nil when nothing was received"},
			{Name: "quality", Type: Table, Doc: "what mos is made of", Fields: []Param{
				{Name: "r", Type: Number, Doc: "the rating factor, 0 to 93.2"},
				{Name: "delay_ms", Type: Number, Doc: "one way: half the round trip, twice the jitter and 20 ms"},
				{Name: "loss_pct", Type: Number},
				{Name: "burst", Type: Number, Doc: "1 when losses are random, more when they come in bursts"},
			}},
			{Name: "srtp", Type: Text, Doc: "the crypto suite (RFC 4568); nil for plain RTP"},
			{Name: "codec", Type: Text, Doc: "nil before there is one"},
			{Name: "remote", Type: Text, Doc: "the address that RTP is sent to"},
		}}},
		Example: `local stats = call:stats() log.info("heard", { lost = stats.rx.lost, mos = stats.mos })`,
		After:   true,
		run:     func(r *run, a *arguments) int { return a.returns(r.statistics()) },
	}
}

func (r *run) statistics() *lua.LTable {
	s := r.call.Stats()
	var quality, remote any
	if q := s.Quality(); q.MOS > 0 {
		quality = tableOf("burst", q.BurstRatio, "delay_ms", milliseconds(q.Delay), "loss_pct", q.LossPct, "r", q.R)
	}
	if s.Remote.IsValid() {
		remote = s.Remote.String()
	}
	received := tableOf(
		"bytes", s.Received.Bytes, "jitter_ms", milliseconds(s.Received.Jitter), "late", s.Received.Late,
		"loss_pct", s.Received.LossPct, "lost", s.Received.Lost, "packets", s.Received.Packets,
	)
	return tableOf(
		"codec", orNil(r.call.Codec()), "mos", orNone(s.MOS()), "quality", quality, "remote", remote,
		"rtt_ms", orNone(milliseconds(s.RoundTrip)), "rx", received, "srtp", orNil(s.Suite.String()),
		"tx", tableOf("bytes", s.Sent.Bytes, "packets", s.Sent.Packets),
	)
}

// orNone is a figure, or nil when it is not known.
func orNone(f float64) any {
	if f == 0 {
		return nil
	}
	return f
}
