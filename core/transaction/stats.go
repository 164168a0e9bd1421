package transaction

// Stats are counters since New, but for the first three, which are what is there now.
type Stats struct {
	Server   int // live server transactions
	Client   int // live client transactions
	Finished int // tombstones

	Requests  uint64 // new requests given to the TU, CANCEL included
	Responses uint64 // responses given to the TU
	Absorbed  uint64 // copies of requests and responses that came
	Repeated  uint64 // copies of requests, responses and ACKs that were sent
	Merged    uint64 // answered 482
	Malformed uint64 // requests answered 400, messages without what it takes to answer
	Stray     uint64 // responses that match nothing, dropped
	Refused   uint64 // answered 503 because the table was full, or by Busy
	Timeouts  uint64 // Timers B, F and H, and requests that the TU never answered
	SendFails uint64 // messages that the transport refused
	Panics    uint64 // of the TU, recovered
}

func (s *Stats) add(o *Stats) {
	s.Server += o.Server
	s.Client += o.Client
	s.Finished += o.Finished
	s.Requests += o.Requests
	s.Responses += o.Responses
	s.Absorbed += o.Absorbed
	s.Repeated += o.Repeated
	s.Merged += o.Merged
	s.Malformed += o.Malformed
	s.Stray += o.Stray
	s.Refused += o.Refused
	s.Timeouts += o.Timeouts
	s.SendFails += o.SendFails
	s.Panics += o.Panics
}

// Stats adds up the shards; each is locked for a moment.
func (l *Layer) Stats() Stats {
	sum := Stats{Malformed: l.malformed.Load(), Stray: l.stray.Load(), Panics: l.panics.Load()}
	for _, s := range l.shards {
		s.Lock()
		s.stats.Server, s.stats.Client, s.stats.Finished = len(s.servers), len(s.clients), len(s.finished)
		sum.add(&s.stats)
		s.Unlock()
	}
	return sum
}
