package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
)

func shown(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	metricsHandler(r, slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Errorf("GET /metrics: %d", w.Code)
	}
	return w.Body.String()
}

func TestScriptMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 5, 3)
	steps := []struct {
		what string
		err  error
		want string
	}{
		{"a counter", m.Inc("calls", 2, nil), ""},
		{"again", m.Inc("calls", 1, nil), ""},
		{"a histogram", m.Observe("seconds", 0.3, map[string]string{"queue": "sales\xff"}), ""},
		{"a counter as a histogram", m.Observe("calls", 1, nil), "calls is a counter: use metrics.inc, or another name"},
		{"a histogram as a counter", m.Inc("seconds", 1, map[string]string{"queue": "x"}), "seconds is a histogram"},
		{"other labels", m.Inc("calls", 1, map[string]string{"a": "b"}), "calls has the labels [], not [a]: always write the same"},
		{"a name of the process", m.Inc("x", 1, map[string]string{"a": strings.Repeat("x", 200)}), "x: label a is longer than 128 bytes"},
		{"a fourth series", m.Inc("d", 1, map[string]string{"n": "1"}), ""},
		{"a fifth", m.Inc("d", 1, map[string]string{"n": "2"}), ""},
		{"a sixth", m.Inc("d", 1, map[string]string{"n": "3"}), "d: all metrics together have 5 series: raise scripting.metrics_max_series"},
		{"one that is there", m.Inc("d", 1, map[string]string{"n": "2"}), ""},
	}
	for _, s := range steps {
		if got := fmt.Sprint(s.err); s.want == "" && s.err != nil || s.want != "" && !strings.HasPrefix(got, s.want) {
			t.Errorf("%s: got %s, want %q", s.what, got, s.want)
		}
	}
	text := shown(t, r)
	for _, want := range []string{"offhook_script_calls 3\n", `offhook_script_seconds_bucket{queue="sales�",le="0.5"} 1`, `offhook_script_d{n="2"} 2`} {
		if !strings.Contains(text, want) {
			t.Errorf("GET /metrics lacks %s:\n%s", want, text)
		}
	}
	each := newScriptMetrics(prometheus.NewRegistry(), 100, 2)
	for n := range 3 {
		err := each.Inc("d", 1, map[string]string{"n": fmt.Sprint(n)})
		if n < 2 && err != nil || n == 2 && (err == nil || !strings.HasPrefix(err.Error(), "d has 2 series: raise scripting.metrics_max_series_each")) {
			t.Errorf("series %d: %v", n, err)
		}
	}
}

func TestScriptMetricsOfManyCalls(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newScriptMetrics(r, 1000, 1000)
	var calls sync.WaitGroup
	for n := range 8 {
		calls.Go(func() {
			for i := range 100 {
				if err := m.Inc("a", 1, map[string]string{"n": fmt.Sprint(i % 10)}); err != nil {
					t.Error(n, err)
				}
			}
		})
	}
	calls.Wait()
	if text := shown(t, r); strings.Count(text, "} 80\n") != 10 {
		t.Errorf("got\n%s", text)
	}
}

// TestLazyStore: no use, no file; a failure to open it is told each time; what was stored is there after a restart.
func TestLazyStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kv")
	unused := &lazyStore{path: path}
	if err := unused.Close(); err != nil {
		t.Error(err)
	}
	if found, _ := filepath.Glob(path); found != nil {
		t.Error("the file was made before it was used")
	}
	first := &lazyStore{path: path}
	if err := first.Set("a", "x", 0); err != nil {
		t.Fatal(err)
	}
	second := &lazyStore{path: path}
	if _, _, err := second.Get("a"); err == nil || !strings.Contains(err.Error(), path+": another process has it open") {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := second.Incr("n", 1, 0); err == nil {
		t.Error("opened twice")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := second.Get("a"); err == nil {
		t.Error("tried again at once")
	}
	second.again = time.Now()
	if v, ok, err := second.Get("a"); v != "x" || !ok || err != nil {
		t.Errorf("after a restart: %v, %v, %v", v, ok, err)
	}
	if existed, err := second.Delete("a"); !existed || err != nil {
		t.Errorf("delete: %v, %v", existed, err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	memory := &lazyStore{}
	if sum, err := memory.Incr("n", 2, 0); sum != 2 || err != nil {
		t.Errorf("in memory: %v, %v", sum, err)
	}
}

// TestStoreInRedis: the store is where the configuration says. Nobody is there.
func TestStoreInRedis(t *testing.T) {
	c, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--set", Key: "scripting.kv_redis", Value: "redis://127.0.0.1:1"}}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o := newOutside(c, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&log, nil)))
	if err := o.store.Set("k", "v", 0); err == nil || !strings.Contains(err.Error(), "Redis at 127.0.0.1:1: ") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), `level=ERROR msg="kv: Redis fails"`) {
		t.Errorf("logged %s", &log)
	}
	if err := o.close(); err != nil {
		t.Error(err)
	}
}

// TestOutsideOfTheConfiguration: the limits and lists of [scripting] reach the parts.
func TestOutsideOfTheConfiguration(t *testing.T) {
	c, err := config.Load(config.Options{Flags: []config.Flag{
		{Name: "--set", Key: "scripting.http_allow", Value: "a.example.com"},
		{Name: "--set", Key: "scripting.kv_path", Value: ""},
		{Name: "--set", Key: "scripting.dir", Value: t.TempDir() + "/none"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := newOutside(c, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	e, err := newScripts(c, slog.New(slog.DiscardHandler), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := o.close(); err != nil {
		t.Error(err)
	}
}
