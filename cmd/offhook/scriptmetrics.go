package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/scripting"
)

const (
	scriptPrefix = "offhook_script_"
	longestLabel = 128 // bytes of a label's value
	// measuredGenerations is how many generations of scripts keep the series that they made: a server that reloads for years does
	// not grow.
	measuredGenerations = 3
)

// scriptBuckets suit what scripts time: look-ups of milliseconds as well as calls of minutes.
var scriptBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}

// scriptMetrics are those of metrics.inc and metrics.observe. A metric is what its first use makes it, until a newer generation
// makes something else of the name. It is a collector itself: a registry would not forget what a name once meant.
type scriptMetrics struct {
	maxAll, maxEach int // series: a name and the values of its labels
	mu              sync.Mutex
	series          int
	metrics         map[string]*scriptMetric
	generations     []uint64 // that have series, the oldest first
	forgotten       uint64   // generations up to this one have none and get none
}

type scriptMetric struct {
	labels    []string                       // sorted, without that of the generation
	counter   *prometheus.CounterVec         // one of the two
	histogram *prometheus.HistogramVec       // is nil
	series    map[uint64]map[string]struct{} // by generation
}

func newScriptMetrics(r *prometheus.Registry, maxAll, maxEach int) *scriptMetrics {
	s := &scriptMetrics{maxAll: maxAll, maxEach: maxEach, metrics: map[string]*scriptMetric{}}
	r.MustRegister(s)
	return s
}

// Describe describes nothing: what there is depends on the scripts.
func (s *scriptMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect hands out all series.
func (s *scriptMetrics) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.metrics))
	s.mu.Unlock()
	for _, m := range all {
		m.collector().Collect(to)
	}
}

// Inc adds to a counter.
func (s *scriptMetrics) Inc(generation uint64, name string, by float64, labels map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, values, err := s.metric(generation, name, labels, true)
	if m != nil {
		m.counter.WithLabelValues(values...).Add(by)
	}
	return err
}

// Observe adds a value to a histogram.
func (s *scriptMetrics) Observe(generation uint64, name string, value float64, labels map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, values, err := s.metric(generation, name, labels, false)
	if m != nil {
		m.histogram.WithLabelValues(values...).Observe(value)
	}
	return err
}

// metric finds a metric, or makes it, and counts the series that generation and labels are; nil without an error: the generation is
// too old. values are those of its labels. s.mu is held.
func (s *scriptMetrics) metric(generation uint64, name string, labels map[string]string, counter bool) (m *scriptMetric, values []string, err error) {
	names := slices.Sorted(maps.Keys(labels))
	values = append(values, number(generation))
	for _, n := range names {
		value := strings.ToValidUTF8(labels[n], "�")
		if len(value) > longestLabel {
			return nil, nil, fmt.Errorf("%s: label %s is longer than %d bytes", name, n, longestLabel)
		}
		values = append(values, value)
	}
	if !s.admit(generation) {
		return nil, nil, nil
	}
	if m = s.metrics[name]; m != nil {
		if err := m.fits(name, names, counter); err != nil {
			if !m.outdated(generation) {
				return nil, nil, err
			}
			s.series -= m.count() // newer scripts make something else of it
			delete(s.metrics, name)
			m = nil
		}
	}
	key := fmt.Sprintf("%q", values[1:])
	if m != nil {
		if _, known := m.series[generation][key]; known {
			return m, values, nil
		}
	}
	if err := s.makeRoom(generation, name); err != nil {
		return nil, nil, err
	}
	if m = s.metrics[name]; m == nil {
		m = newScriptMetric(name, names, counter)
		s.metrics[name] = m
	}
	if m.series[generation] == nil {
		m.series[generation] = map[string]struct{}{}
	}
	m.series[generation][key] = struct{}{}
	s.series++
	return m, values, nil
}

// admit makes a generation one of those that have series; false: there are enough newer ones.
func (s *scriptMetrics) admit(generation uint64) bool {
	at, known := slices.BinarySearch(s.generations, generation)
	if !known && generation > s.forgotten {
		s.generations = slices.Insert(s.generations, at, generation)
		if len(s.generations) > measuredGenerations {
			s.forget()
		}
	}
	return generation > s.forgotten
}

// makeRoom sees to it that a generation can have one more series of a name: older ones make way, or the error says what is full.
func (s *scriptMetrics) makeRoom(generation uint64, name string) error {
	for {
		each := s.metrics[name].count()
		if s.series < s.maxAll && each < s.maxEach {
			return nil
		}
		if s.generations[0] < generation {
			s.forget()
			continue
		}
		if s.series >= s.maxAll {
			return fmt.Errorf("%s: all metrics together have %d series: raise scripting.metrics_max_series, or use fewer labels", name, s.maxAll)
		}
		return fmt.Errorf("%s has %d series: raise scripting.metrics_max_series_each, or use fewer labels", name, s.maxEach)
	}
}

// forget deletes the series of the oldest generation, and the metrics that have none then.
func (s *scriptMetrics) forget() {
	oldest := s.generations[0]
	s.generations, s.forgotten = slices.Delete(s.generations, 0, 1), oldest
	for name, m := range s.metrics {
		s.series -= len(m.series[oldest])
		delete(m.series, oldest)
		m.deleteGeneration(number(oldest))
		if len(m.series) == 0 {
			delete(s.metrics, name)
		}
	}
}

func newScriptMetric(name string, labels []string, counter bool) *scriptMetric {
	m := &scriptMetric{labels: labels, series: map[uint64]map[string]struct{}{}}
	all := append([]string{scripting.GenerationLabel}, labels...)
	if counter {
		m.counter = prometheus.NewCounterVec(prometheus.CounterOpts{Name: scriptPrefix + name, Help: "A counter of the scripts."}, all)
	} else {
		o := prometheus.HistogramOpts{Name: scriptPrefix + name, Help: "A histogram of the scripts.", Buckets: scriptBuckets}
		m.histogram = prometheus.NewHistogramVec(o, all)
	}
	return m
}

// fits tells why something is not what its name stands for.
func (m *scriptMetric) fits(name string, labels []string, counter bool) error {
	switch {
	case counter && m.counter == nil:
		return fmt.Errorf("%s is a histogram: use metrics.observe, or another name", name)
	case !counter && m.histogram == nil:
		return fmt.Errorf("%s is a counter: use metrics.inc, or another name", name)
	case !slices.Equal(m.labels, labels):
		return fmt.Errorf("%s has the labels %v, not %v: always write the same", name, m.labels, labels)
	}
	return nil
}

// outdated tells whether only older generations than that one used the metric.
func (m *scriptMetric) outdated(generation uint64) bool {
	for g := range m.series {
		if g >= generation {
			return false
		}
	}
	return true
}

// count is how many series there are; nil has none.
func (m *scriptMetric) count() (n int) {
	if m != nil {
		for _, series := range m.series {
			n += len(series)
		}
	}
	return n
}

func (m *scriptMetric) deleteGeneration(generation string) {
	which := prometheus.Labels{scripting.GenerationLabel: generation}
	if m.counter != nil {
		m.counter.DeletePartialMatch(which)
	} else {
		m.histogram.DeletePartialMatch(which)
	}
}

func (m *scriptMetric) collector() prometheus.Collector {
	if m.counter != nil {
		return m.counter
	}
	return m.histogram
}
