package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func TestScriptMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 5, 3)
	steps := []struct {
		what string
		err  error
		want string
	}{
		{"a counter", m.Inc(1, "calls", 2, nil), ""},
		{"again", m.Inc(1, "calls", 1, nil), ""},
		{"a histogram", m.Observe(1, "seconds", 0.3, map[string]string{"queue": "sales\xff"}), ""},
		{"a counter as a histogram", m.Observe(1, "calls", 1, nil), "calls is a counter: use metrics.inc, or another name"},
		{"a histogram as a counter", m.Inc(1, "seconds", 1, map[string]string{"queue": "x"}), "seconds is a histogram"},
		{"other labels", m.Inc(1, "calls", 1, map[string]string{"a": "b"}), "calls has the labels [], not [a]: always write the same"},
		{"a long label", m.Inc(1, "x", 1, map[string]string{"a": strings.Repeat("x", 200)}), "x: label a is longer than 128 bytes"},
		{"a third series", m.Inc(1, "d", 1, map[string]string{"n": "1"}), ""},
		{"a fourth", m.Inc(1, "d", 1, map[string]string{"n": "2"}), ""},
		{"a fifth", m.Inc(1, "e", 1, nil), ""},
		{"a sixth", m.Inc(1, "d", 1, map[string]string{"n": "3"}), "d: all metrics together have 5 series: raise scripting.metrics_max_series"},
		{"one that is there", m.Inc(1, "d", 1, map[string]string{"n": "2"}), ""},
	}
	for _, s := range steps {
		if got := fmt.Sprint(s.err); s.want == "" && s.err != nil || s.want != "" && !strings.HasPrefix(got, s.want) {
			t.Errorf("%s: got %s, want %q", s.what, got, s.want)
		}
	}
	wantShown(t, r, `offhook_script_calls{generation="1"} 3`, `offhook_script_seconds_bucket{generation="1",queue="sales�",le="0.5"} 1`,
		`offhook_script_d{generation="1",n="2"} 2`)
	each := newScriptMetrics(prometheus.NewRegistry(), 100, 2)
	for n := range 3 {
		err := each.Inc(1, "d", 1, map[string]string{"n": fmt.Sprint(n)})
		if n < 2 && err != nil || n == 2 && (err == nil || !strings.HasPrefix(err.Error(), "d has 2 series: raise scripting.metrics_max_series_each")) {
			t.Errorf("series %d: %v", n, err)
		}
	}
}

// seriesOf are the lines of GET /metrics that scripts made, but for the buckets of histograms.
func seriesOf(t *testing.T, r *prometheus.Registry) (lines []string) {
	t.Helper()
	for line := range strings.Lines(shown(t, r)) {
		if strings.HasPrefix(line, scriptPrefix) && !strings.Contains(line, "_bucket{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func wantShown(t *testing.T, r *prometheus.Registry, want ...string) {
	t.Helper()
	text := shown(t, r)
	for _, line := range want {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("GET /metrics lacks %s:\n%s", line, text)
		}
	}
}

func wantSeries(t *testing.T, r *prometheus.Registry, want ...string) {
	t.Helper()
	if got := seriesOf(t, r); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("GET /metrics has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestScriptMetricsOfGenerations: the newest three have series, whatever the order in which their calls count.
func TestScriptMetricsOfGenerations(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 100, 100)
	inc := func(generation uint64, name string) {
		t.Helper()
		if err := m.Inc(generation, name, 1, map[string]string{"a": "b"}); err != nil {
			t.Error(err)
		}
	}
	for _, generation := range []uint64{2, 4, 3, 2} {
		inc(generation, "calls")
	}
	inc(1, "calls") // older than the newest three
	inc(2, "old")
	wantSeries(t, r, `offhook_script_calls{a="b",generation="2"} 2`, `offhook_script_calls{a="b",generation="3"} 1`,
		`offhook_script_calls{a="b",generation="4"} 1`, `offhook_script_old{a="b",generation="2"} 1`)
	inc(9, "calls")
	inc(2, "calls") // a call that outlived its generation's series
	inc(3, "calls")
	wantSeries(t, r, `offhook_script_calls{a="b",generation="3"} 2`, `offhook_script_calls{a="b",generation="4"} 1`, `offhook_script_calls{a="b",generation="9"} 1`)
	if len(m.metrics) != 1 {
		t.Errorf("%d names are kept", len(m.metrics))
	}
}

// TestScriptMetricsChange: newer scripts may make something else of a name; older ones that still run may not.
func TestScriptMetricsChange(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 2, 2)
	for n := range uint64(3) { // more would not fit if what was replaced counted
		if err := m.Inc(3*n+1, "x", 1, nil); err != nil {
			t.Error(err)
		}
		if err := m.Inc(3*n+2, "x", 1, map[string]string{"lang": "de"}); err != nil {
			t.Error(err)
		}
		if err := m.Inc(3*n+1, "x", 1, nil); err == nil || !strings.HasPrefix(err.Error(), "x has the labels [lang], not []") {
			t.Errorf("an older generation: %v", err)
		}
		if err := m.Observe(3*n+3, "x", 1, nil); err != nil {
			t.Error(err)
		}
	}
	wantSeries(t, r, `offhook_script_x_sum{generation="9"} 1`, `offhook_script_x_count{generation="9"} 1`)
}

// TestScriptMetricsMakeRoom: a change of the scripts never takes away what fitted before.
func TestScriptMetricsMakeRoom(t *testing.T) {
	for name, limits := range map[string][2]int{"all": {3, 10}, "each": {10, 3}} {
		t.Run(name, func(t *testing.T) {
			r := prometheus.NewRegistry()
			m := newScriptMetrics(r, limits[0], limits[1])
			for generation := range uint64(5) {
				for n := range 3 {
					if err := m.Inc(generation+1, "d", 1, map[string]string{"n": fmt.Sprint(n)}); err != nil {
						t.Errorf("generation %d: %v", generation+1, err)
					}
				}
				if err := m.Inc(generation+1, "d", 1, map[string]string{"n": "3"}); err == nil {
					t.Errorf("generation %d has a series too many", generation+1)
				}
			}
			wantSeries(t, r, `offhook_script_d{generation="5",n="0"} 1`, `offhook_script_d{generation="5",n="1"} 1`, `offhook_script_d{generation="5",n="2"} 1`)
		})
	}
}

// TestScriptMetricsOfManyReloads: 10,000 of them leave no more than three do, and what is left is as Prometheus wants it.
func TestScriptMetricsOfManyReloads(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 1000, 100)
	for generation := range uint64(10_000) {
		generation++
		for n := range 5 {
			if err := m.Inc(generation, "choices_total", 1, map[string]string{"n": fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Observe(generation, fmt.Sprintf("of_%d_seconds", generation), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := seriesOf(t, r); len(got) != 3*5+3*2 || m.series != 3*6 || len(m.metrics) != 4 || len(m.generations) != 3 {
		t.Errorf("%d series counted, of %d names, in GET /metrics\n%s", m.series, len(m.metrics), strings.Join(got, "\n"))
	}
	wantShown(t, r, `offhook_script_choices_total{generation="10000",n="4"} 1`, `offhook_script_of_9998_seconds_count{generation="9998"} 1`)
	problems, err := promlint.New(strings.NewReader(shown(t, r))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestScriptMetricsOfManyCalls(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 1000, 1000)
	var calls sync.WaitGroup
	for n := range 8 {
		calls.Go(func() {
			for i := range 100 {
				if err := m.Inc(uint64(i/50+1), "a", 1, map[string]string{"n": fmt.Sprint(i % 10)}); err != nil {
					t.Error(n, err)
				}
				if i%10 == 0 {
					shown(t, r)
				}
			}
		})
	}
	calls.Wait()
	if text := shown(t, r); strings.Count(text, "} 40\n") != 20 {
		t.Errorf("got\n%s", text)
	}
}
