package main

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"offhook/core/console"
)

// newRegistry holds what GET /metrics shows: the figures of the server, of the process and, later, of calls and scripts.
func (a *app) newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	figure := func(name, help string, of func(console.Calls) int64) {
		o := prometheus.Opts{Name: name, Help: help}
		value := func() float64 { return float64(of(a.calls())) }
		if strings.HasSuffix(name, "_total") {
			r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts(o), value))
		} else {
			r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts(o), value))
		}
	}
	figure("offhook_calls_active", "Calls in progress.", func(c console.Calls) int64 { return c.Active })
	figure("offhook_calls_total", "Calls that came in.", func(c console.Calls) int64 { return c.Total })
	figure("offhook_calls_answered_total", "Calls that were answered.", func(c console.Calls) int64 { return c.Answered })
	figure("offhook_calls_failed_total", "Calls that failed.", func(c console.Calls) int64 { return c.Failed })
	figure("offhook_scripts_generation", "The current generation of the scripts.", func(c console.Calls) int64 { return c.Generation })
	r.MustRegister(trunkCollector{a})
	return r
}

func metricsHandler(r *prometheus.Registry, log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}
