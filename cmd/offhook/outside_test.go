package main

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
