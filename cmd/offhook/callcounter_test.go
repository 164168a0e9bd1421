package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"offhook/config"
	"offhook/scripting"
)

func TestOutcomes(t *testing.T) {
	for _, tt := range []struct {
		by   scripting.By
		code int
		err  error
		want string
	}{
		{scripting.ByCaller, 200, nil, "answered"},
		{scripting.ByScript, 200, nil, "answered"},
		{scripting.ByScript, 486, nil, "refused"},
		{scripting.ByScript, 302, nil, "refused"},
		{scripting.ByCancel, 487, nil, "cancelled"},
		{scripting.ByLimit, 200, nil, "limit"},
		{scripting.ByNoACK, 200, nil, "no_ack"},
		{scripting.ByShutdown, 503, nil, "shutdown"},
		{scripting.ByMediaTimeout, 200, nil, "media_timeout"},
		{scripting.ByError, 500, errors.New("default.lua:1: oops"), "failed"},
		{scripting.ByCaller, 200, errors.New("default.lua:1: oops"), "failed"},
	} {
		if got := outcomeOf(scripting.Outcome{Ending: scripting.Ending{By: tt.by, Code: tt.code}, Err: tt.err}); got != tt.want {
			t.Errorf("by %s with %d, %v: %s, want %s", tt.by, tt.code, tt.err, got, tt.want)
		}
	}
}

// The last 20 generations are counted: older series go, and no late call brings them back.
func TestCallsOfGenerations(t *testing.T) {
	r := prometheus.NewRegistry()
	c := newCallCounter(r)
	call := func(script string, generation uint64) {
		c.count(scripting.Outcome{Script: script, Generation: generation, Ending: scripting.Ending{By: scripting.ByScript, Code: 200}})
	}
	for generation := uint64(1); generation <= 30; generation++ {
		call("default", generation)
		call("default", generation)
		call("menu", generation)
		call("default", max(generation, 26)-25) // began long ago
	}
	if n := testutil.CollectAndCount(c.ended); n != 2*countedGenerations {
		t.Errorf("%d series, want 2 scripts in %d generations", n, countedGenerations)
	}
	text := shown(t, r)
	for _, want := range []string{
		`offhook_calls_ended_total{generation="11",outcome="answered",script="default"} 2`,
		`offhook_calls_ended_total{generation="30",outcome="answered",script="menu"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	call("default", 100) // others served no call
	if n := testutil.CollectAndCount(c.ended); n != 1 {
		t.Errorf("%d series, want that of generation 100", n)
	}
}

// What the server shows is as Prometheus wants it.
func TestMetricsLint(t *testing.T) {
	c, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--scripts", Key: "scripting.dir", Value: t.TempDir() + "/none"}}})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	a := &app{config: c, log: log, stop: func() {}}
	r := a.newRegistry()
	if a.scripts, err = newScripts(c, log, outside{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.scripts.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := scriptHandler{scripts: a.scripts, calls: newCallCounter(r), figures: newCallFigures(r), log: log}
	if a.server, err = newServer(c, log, nil, nil, nil, h, nil); err != nil {
		t.Fatal(err)
	}
	h.calls.count(scripting.Outcome{Script: "default", Generation: 1})
	problems, err := testutil.GatherAndLint(r)
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
