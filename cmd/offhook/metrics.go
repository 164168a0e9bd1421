package main

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

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

const (
	scriptPrefix = "offhook_script_"
	longestLabel = 128 // bytes of a label's value
)

// scriptBuckets suit what scripts time: look-ups of milliseconds as well as calls of minutes.
var scriptBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}

// scriptMetrics are those of metrics.inc and metrics.observe. A metric is what its first use makes it.
type scriptMetrics struct {
	registry        *prometheus.Registry
	maxAll, maxEach int // series: a name and the values of its labels
	mu              sync.Mutex
	series          int
	metrics         map[string]*scriptMetric
}

type scriptMetric struct {
	labels    []string                 // sorted
	counter   *prometheus.CounterVec   // one of the two
	histogram *prometheus.HistogramVec // is nil
	series    map[string]struct{}
}

func newScriptMetrics(r *prometheus.Registry, maxAll, maxEach int) *scriptMetrics {
	return &scriptMetrics{registry: r, maxAll: maxAll, maxEach: maxEach, metrics: map[string]*scriptMetric{}}
}

// Inc adds to a counter.
func (s *scriptMetrics) Inc(name string, by float64, labels map[string]string) error {
	m, err := s.metric(name, labels, func(m *scriptMetric) prometheus.Collector {
		m.counter = prometheus.NewCounterVec(prometheus.CounterOpts{Name: scriptPrefix + name, Help: "A counter of the scripts."}, m.labels)
		return m.counter
	})
	if err != nil {
		return err
	}
	if m.counter == nil {
		return fmt.Errorf("%s is a histogram: use metrics.observe, or another name", name)
	}
	m.counter.With(labels).Add(by)
	return nil
}

// Observe adds a value to a histogram.
func (s *scriptMetrics) Observe(name string, value float64, labels map[string]string) error {
	m, err := s.metric(name, labels, func(m *scriptMetric) prometheus.Collector {
		o := prometheus.HistogramOpts{Name: scriptPrefix + name, Help: "A histogram of the scripts.", Buckets: scriptBuckets}
		m.histogram = prometheus.NewHistogramVec(o, m.labels)
		return m.histogram
	})
	if err != nil {
		return err
	}
	if m.histogram == nil {
		return fmt.Errorf("%s is a counter: use metrics.inc, or another name", name)
	}
	m.histogram.With(labels).Observe(value)
	return nil
}

// metric finds a metric, or makes it, and counts the series that labels are.
func (s *scriptMetrics) metric(name string, labels map[string]string, register func(*scriptMetric) prometheus.Collector) (*scriptMetric, error) {
	names := slices.Sorted(maps.Keys(labels))
	var key strings.Builder
	for _, n := range names {
		labels[n] = strings.ToValidUTF8(labels[n], "�")
		if len(labels[n]) > longestLabel {
			return nil, fmt.Errorf("%s: label %s is longer than %d bytes", name, n, longestLabel)
		}
		fmt.Fprintf(&key, "%q", labels[n])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.metrics[name]
	if m != nil && !slices.Equal(m.labels, names) {
		return nil, fmt.Errorf("%s has the labels %v, not %v: always write the same", name, m.labels, names)
	}
	if m != nil {
		if _, known := m.series[key.String()]; known {
			return m, nil
		}
	}
	if s.series >= s.maxAll {
		return nil, fmt.Errorf("%s: all metrics together have %d series: raise scripting.metrics_max_series, or use fewer labels", name, s.maxAll)
	}
	if m == nil {
		m = &scriptMetric{labels: names, series: map[string]struct{}{}}
		if err := s.registry.Register(register(m)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.metrics[name] = m
	}
	if len(m.series) >= s.maxEach {
		return nil, fmt.Errorf("%s has %d series: raise scripting.metrics_max_series_each, or use fewer labels", name, s.maxEach)
	}
	m.series[key.String()] = struct{}{}
	s.series++
	return m, nil
}
