package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
	"offhook/core/journal/record"
	"offhook/core/transport"
)

// newRecords opens the call records; nil: none are written.
func newRecords(c *config.Config, log *slog.Logger) (*record.Writer, error) {
	r := c.Records
	if r.Dir == "" {
		return nil, nil
	}
	hook, err := webhookOf(c, log)
	if err != nil {
		return nil, err
	}
	return record.Open(record.Options{Dir: r.Dir, MaxBytes: int64(r.MaxSizeMB) << 20, MaxAge: r.MaxAge(), Files: r.MaxFiles, Webhook: hook, Log: log})
}

// webhookOf is where records are delivered to; the zero value: nowhere.
func webhookOf(c *config.Config, log *slog.Logger) (o record.WebhookOptions, err error) {
	r := c.Records
	if r.WebhookURL == "" {
		return o, nil
	}
	wrong := func(key, problem string) (record.WebhookOptions, error) {
		return record.WebhookOptions{}, &config.Error{Place: c.Place(key), Key: key, Problem: problem}
	}
	o = record.WebhookOptions{URL: r.WebhookURL, Token: r.WebhookToken, Batch: r.WebhookBatch, Timeout: r.WebhookTimeout()}
	if r.WebhookTokenFile != "" {
		text, err := os.ReadFile(r.WebhookTokenFile)
		if err != nil {
			return wrong("records.webhook_token_file", err.Error())
		}
		if o.Token = strings.TrimSpace(string(text)); o.Token == "" || strings.ContainsAny(o.Token, " \t\r\n") {
			return wrong("records.webhook_token_file", r.WebhookTokenFile+" holds no token: write one word")
		}
	}
	o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if r.WebhookCA != "" {
		if o.TLS.RootCAs, err = transport.LoadAuthorities(r.WebhookCA); err != nil {
			return wrong("records.webhook_ca", err.Error())
		}
	}
	u, err := url.Parse(r.WebhookURL)
	if err != nil {
		return wrong("records.webhook_url", "is not a URL")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && (ip == nil || !ip.IsLoopback()) && u.Hostname() != "localhost" {
		log.Warn("call records cross the network in the clear: write https in records.webhook_url", "host", u.Host)
	}
	return o, nil
}

// webhookCollector shows how the delivery of records goes.
type webhookCollector struct{ records *record.Writer }

var webhookFigures = []struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(record.WebhookStats) float64
}{
	{webhookDesc("delivered_total", "Call records that the webhook has taken."), prometheus.CounterValue, func(s record.WebhookStats) float64 { return float64(s.Delivered) }},
	{webhookDesc("refused_total", "Call records that the webhook has refused for good."), prometheus.CounterValue, func(s record.WebhookStats) float64 { return float64(s.Refused) }},
	{webhookDesc("lost_total", "Call records whose file was removed before the webhook had taken them."), prometheus.CounterValue, func(s record.WebhookStats) float64 { return float64(s.Lost) }},
	{webhookDesc("failures_total", "Requests to the webhook that failed and are made again."), prometheus.CounterValue, func(s record.WebhookStats) float64 { return float64(s.Failed) }},
	{webhookDesc("waiting_bytes", "Size of the call records that the webhook has not taken yet."), prometheus.GaugeValue, func(s record.WebhookStats) float64 { return float64(s.Waiting) }},
}

func webhookDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("offhook_records_webhook_"+name, help, nil, nil)
}

// Describe is for Prometheus.
func (webhookCollector) Describe(out chan<- *prometheus.Desc) {
	for _, f := range webhookFigures {
		out <- f.desc
	}
}

// Collect is for Prometheus.
func (c webhookCollector) Collect(out chan<- prometheus.Metric) {
	s, ok := c.records.Webhook()
	if !ok {
		return
	}
	for _, f := range webhookFigures {
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s))
	}
}
