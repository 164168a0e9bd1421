package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/core"
	"offhook/core/guard"
	"offhook/media"
	"offhook/scripting"
)

// serverFigures are what GET /metrics shows of the server: one snapshot of each part for each scrape, nothing on the path of calls.
type serverFigures struct {
	server  func() core.Stats
	media   func() media.EngineStats
	scripts func() scripting.Changes
	ready   func() bool
}

// figure is one series of such a snapshot.
type figure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(snapshot) float64
	label string // value of the one label; "" = it has none
}

type snapshot struct {
	server  core.Stats
	media   media.EngineStats
	scripts scripting.Changes
}

// family is series of one name that differ in a label.
func family(name, help, label string, kind prometheus.ValueType, of []labelled) (all []figure) {
	desc := prometheus.NewDesc(name, help, []string{label}, nil)
	for _, l := range of {
		all = append(all, figure{desc, kind, l.value, l.label})
	}
	return all
}

type labelled struct {
	label string
	value func(snapshot) float64
}

func single(name, help string, kind prometheus.ValueType, value func(snapshot) float64) figure {
	return figure{desc: prometheus.NewDesc(name, help, nil, nil), kind: kind, value: value}
}

// figures lists all series but the histogram.
func figures() []figure {
	counter, gauge := prometheus.CounterValue, prometheus.GaugeValue
	all := []figure{
		single("offhook_sip_messages_received_total", "SIP messages that came in.", counter, func(s snapshot) float64 { return float64(s.server.Transport.Received) }),
		single("offhook_sip_connections", "Stream connections (TCP) that are open.", gauge, func(s snapshot) float64 { return float64(s.server.Transport.Connections) }),
		single("offhook_sip_bans", "Addresses that are banned.", gauge, func(s snapshot) float64 { return float64(s.server.Banned) }),
		single("offhook_rtp_sessions", "RTP sessions that are open.", gauge, func(s snapshot) float64 { return float64(s.media.Sessions) }),
	}
	for _, f := range [][]figure{callRefusals(counter), sipErrors(counter), sipDrops(counter), retransmissions(counter), ports(gauge), changes(counter)} {
		all = append(all, f...)
	}
	return all
}

func callRefusals(k prometheus.ValueType) []figure {
	return family("offhook_calls_refused_total", "Calls refused with 503 before any script saw them, by reason.", "reason", k, []labelled{
		{"full", func(s snapshot) float64 { return float64(s.server.Refused.Full) }},
		{"draining", func(s snapshot) float64 { return float64(s.server.Refused.Draining) }},
		{"rate", func(s snapshot) float64 { return float64(s.server.Refused.Rate) }},
		{"overload", func(s snapshot) float64 { return float64(s.server.Refused.Overload) }},
	})
}

func sipErrors(k prometheus.ValueType) []figure {
	return family("offhook_sip_errors_total", "What went wrong with SIP, by kind: messages that did not leave, transactions that timed out, requests that came twice by different ways (482), a full table (503), requests that made us fail.", "kind", k, []labelled{
		{"send", func(s snapshot) float64 { return float64(s.server.Transport.SendErrors) }},
		{"timeout", func(s snapshot) float64 { return float64(s.server.Transaction.Timeouts) }},
		{"merged", func(s snapshot) float64 { return float64(s.server.Transaction.Merged) }},
		{"table_full", func(s snapshot) float64 { return float64(s.server.Transaction.Refused) }},
		{"panic", func(s snapshot) float64 { return float64(s.server.Transaction.Panics) }},
	})
}

const dropsHelp = "What came in and was not served, by reason: bytes that are no SIP, messages that do not parse, responses to nothing, connections over a limit, ones whose peer does not read or does not end its message, and what [defence] lets not in."

func sipDrops(k prometheus.ValueType) []figure {
	return family("offhook_sip_drops_total", dropsHelp, "reason", k, append(guarded(), []labelled{
		{"junk", func(s snapshot) float64 { return float64(s.server.Transport.Dropped) }},
		{"malformed", func(s snapshot) float64 {
			return float64(s.server.Transport.Malformed + s.server.Transaction.Malformed)
		}},
		{"stray", func(s snapshot) float64 { return float64(s.server.Transaction.Stray) }},
		{"connection_limit", func(s snapshot) float64 { return float64(s.server.Transport.Refused) }},
		{"connection_unread", func(s snapshot) float64 { return float64(s.server.Transport.Overflows) }},
		{"connection_timeout", func(s snapshot) float64 { return float64(s.server.Transport.TimedOut) }},
	}...))
}

// guarded are the reasons of [defence].
func guarded() (all []labelled) {
	for _, reason := range guard.Reasons() {
		all = append(all, labelled{reason.String(), func(s snapshot) float64 { return float64(s.server.Dropped[reason]) }})
	}
	return all
}

func retransmissions(k prometheus.ValueType) []figure {
	return family("offhook_sip_retransmissions_total", "Copies of SIP messages, by direction.", "direction", k, []labelled{
		{"received", func(s snapshot) float64 { return float64(s.server.Transaction.Absorbed) }},
		{"sent", func(s snapshot) float64 { return float64(s.server.Transaction.Repeated) }},
	})
}

func ports(k prometheus.ValueType) []figure {
	return family("offhook_rtp_ports", "RTP port pairs, by state.", "state", k, []labelled{
		{"used", func(s snapshot) float64 { return float64(s.media.PortsInUse) }},
		{"quarantined", func(s snapshot) float64 { return float64(s.media.PortsQuarantine) }},
		{"free", func(s snapshot) float64 { return float64(s.media.PortsFree) }},
	})
}

func changes(k prometheus.ValueType) []figure {
	return family("offhook_scripts_reloads_total", "Attempts to change the scripts, by outcome.", "outcome", k, []labelled{
		{"loaded", func(s snapshot) float64 { return float64(s.scripts.Loaded) }},
		{"refused", func(s snapshot) float64 { return float64(s.scripts.Refused) }},
		{"rolled_back", func(s snapshot) float64 { return float64(s.scripts.RolledBack) }},
	})
}

// serverCollector is serverFigures as Prometheus wants it.
type serverCollector struct {
	serverFigures
	figures []figure
	late    *prometheus.Desc
	ready   *prometheus.Desc
}

func newServerCollector(f serverFigures) *serverCollector {
	return &serverCollector{f, figures(),
		prometheus.NewDesc("offhook_rtp_pacing_late_seconds", "How late frames of RTP were served, against their deadlines. The sum takes each for as late as the bound of its bucket.", nil, nil),
		prometheus.NewDesc("offhook_ready", "1 when GET /readyz answers 200.", nil, nil),
	}
}

// Describe is for Prometheus.
func (c *serverCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.late
	out <- c.ready
	for i, f := range c.figures {
		if i == 0 || c.figures[i-1].desc != f.desc { // those of one name stand together
			out <- f.desc
		}
	}
}

// Collect is for Prometheus.
func (c *serverCollector) Collect(out chan<- prometheus.Metric) {
	s := snapshot{c.server(), c.media(), c.scripts()}
	for _, f := range c.figures {
		labels := []string{}
		if f.label != "" {
			labels = append(labels, f.label)
		}
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s), labels...)
	}
	ready := 0.0
	if c.serverFigures.ready() {
		ready = 1
	}
	out <- prometheus.MustNewConstMetric(c.ready, prometheus.GaugeValue, ready)
	out <- lateness(c.late, s.media.Lateness)
}

// lateness makes a histogram of the engine's.
func lateness(desc *prometheus.Desc, l media.Lateness) prometheus.Metric {
	var count uint64
	var sum time.Duration
	buckets := map[float64]uint64{}
	for i, n := range l.Counts {
		count += n
		bound := l.Bounds[min(i, len(l.Bounds)-1)]
		sum += bound * time.Duration(n)
		if i < len(l.Bounds) {
			buckets[bound.Seconds()] = count
		}
	}
	return prometheus.MustNewConstHistogram(desc, count, sum.Seconds(), buckets)
}
