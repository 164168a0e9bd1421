package main

import (
	"log/slog"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
	"offhook/core"
	"offhook/core/guard"
)

// newGuard is the guard of the configuration, which was validated. The networks of trunks are trusted.
func newGuard(c *config.Config, log *slog.Logger) *guard.Guard {
	d := c.Defence
	networks := func(list []string) []netip.Prefix {
		all, _ := config.ParseNetworks(list)
		return all
	}
	trusted := networks(d.Trusted)
	for _, t := range c.Trunks {
		trusted = append(trusted, t.Sources...)
	}
	return guard.New(guard.Options{
		Trusted: trusted, Allow: networks(d.Allow), Deny: networks(d.Deny),
		SourceRate: d.MessagesPerSource, SourceBurst: d.MessageBurst,
		Scanners: d.Scanners, Suspect: d.Suspicious, BanFor: d.BanFor(),
		OnBan: func(b guard.Ban) {
			log.Warn("banned", "remote", b.Source.String(), "reason", b.Reason, "until", b.Until)
		},
	})
}

// droppedMetrics counts what was not dealt with, by the reason.
type droppedMetrics struct {
	stats            func() core.Stats
	dropped, refused *prometheus.Desc
	bans             *prometheus.Desc
}

func newDroppedMetrics(stats func() core.Stats) droppedMetrics {
	return droppedMetrics{
		stats:   stats,
		dropped: prometheus.NewDesc("offhook_sip_dropped_total", "SIP messages that were dropped without an answer, by the reason.", []string{"reason"}, nil),
		refused: prometheus.NewDesc("offhook_sip_refused_total", "SIP requests that were answered 4xx or 503 without a look at what they want, by the reason.", []string{"reason"}, nil),
		bans:    prometheus.NewDesc("offhook_sip_bans", "Addresses that are banned.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m droppedMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.dropped, m.refused, m.bans} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m droppedMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.stats()
	count := func(desc *prometheus.Desc, reason string, n uint64) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), reason)
	}
	for reason, n := range s.Dropped {
		count(m.dropped, reason.String(), n)
	}
	count(m.dropped, "junk", s.Transport.Dropped)
	count(m.dropped, "stray", s.Transaction.Stray)
	count(m.refused, "malformed", s.Transport.Answered+s.Transaction.Malformed)
	count(m.refused, "full", uint64(s.Refused.Full))
	count(m.refused, "rate", uint64(s.Refused.Rate))
	count(m.refused, "overload", uint64(s.Refused.Overload))
	to <- prometheus.MustNewConstMetric(m.bans, prometheus.GaugeValue, float64(s.Banned))
}
