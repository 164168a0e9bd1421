package main

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
	"offhook/core/journal"
	"offhook/core/journal/hep"
	"offhook/core/transaction"
)

// newHomer makes what sends SIP messages to Homer, and its figures; nil: they are sent nowhere.
func newHomer(c config.Journal, r *prometheus.Registry, log *slog.Logger) *hep.Sender {
	if c.HEP == "" {
		return nil
	}
	s := hep.NewSender(hep.Options{
		Address: c.HEP, Agent: hep.Agent{ID: uint32(c.HEPID), Password: c.HEPPassword}, Mask: maskForever, Log: log,
	})
	for _, f := range []struct {
		name, help string
		of         func(hep.Stats) uint64
	}{
		{"offhook_hep_messages_sent_total", "SIP messages that were sent to Homer.", func(s hep.Stats) uint64 { return s.Sent }},
		{"offhook_hep_messages_dropped_total", "SIP messages that were not sent to Homer: too many at once, or the network did not take them.", func(s hep.Stats) uint64 { return s.Dropped }},
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: f.name, Help: f.help}, func() float64 { return float64(f.of(s.Stats())) }))
	}
	return s
}

// maskForever takes out what must not leave this machine. Whether a script will call a key secret is not known yet, so none leaves.
func maskForever(message []byte) []byte { return transaction.Mask(journal.WithoutKey(message)) }

// homed hands messages to a Sender; nil: there is none.
func homed(s *hep.Sender) func(transaction.Trace) {
	if s == nil {
		return nil
	}
	return func(t transaction.Trace) {
		if t.Bytes == nil {
			return
		}
		m := hep.Message{At: time.Now(), From: t.Flow.Remote(), To: t.Flow.Local(), Network: t.Flow.Network(), CallID: t.CallID, Payload: t.Bytes}
		if t.Sent {
			m.From, m.To = m.To, m.From
		}
		if !t.Kept {
			m.Payload = bytes.Clone(t.Bytes)
		}
		s.Send(m)
	}
}
