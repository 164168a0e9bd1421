package main

import (
	"log/slog"
	"slices"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"offhook/config"
	"offhook/core"
	"offhook/core/coretest"
	"offhook/scripting"
	"offhook/scripting/route"
)

// A script has two calls at once and three a second, another one has no limit.
func TestScriptLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		answers := &fstest.MapFile{Data: []byte(`function on_call(call) call:answer() call:sleep("10s") end`)}
		scripts, err := scripting.New(scripting.Options{FS: fstest.MapFS{"default.lua": answers, "menu.lua": answers}, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scripts.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		routes, err := route.New(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		c := &config.Config{Script: map[string]map[string]any{"menu": {"max_calls": int64(2), "calls_per_second": "3"}}}
		counter := newCallCounter(prometheus.NewRegistry())
		network := coretest.NewNetwork()
		s := core.New(core.Options{Log: log, Handler: scriptHandler{scripts: scripts, routes: routes, limits: newScriptLimits(c), calls: counter, figures: newCallFigures(prometheus.NewRegistry()), log: log}, Media: network.Media()})
		statuses := func(to string, calls int) (all []int) {
			for range calls {
				caller := network.Call(s, coretest.CallOptions{To: to})
				synctest.Wait()
				all = append(all, caller.State().Status)
				if m := caller.Messages()[len(caller.Messages())-2]; m.Status() == 503 && m.Header("Retry-After") == "" {
					t.Errorf("no Retry-After in\n%s", m)
				}
			}
			return all
		}
		for _, want := range []struct {
			to  string
			got []int
		}{
			{"menu", []int{200, 200, 503, 503}}, {"other", []int{200, 200, 200, 200}}, {"menu", []int{200, 200, 503}},
		} {
			if got := statuses(want.to, len(want.got)); !slices.Equal(got, want.got) {
				t.Errorf("calls to %s got %v, want %v", want.to, got, want.got)
			}
			if want.to == "other" {
				time.Sleep(11 * time.Second) // until all have ended
			}
		}
		if n := testutil.ToFloat64(counter.ended.WithLabelValues("menu", "1", "refused")); n != 3 {
			t.Errorf("%g refused calls of menu were counted, want 3", n)
		}
		for _, closing := range []interface{ Close() error }{s, network, scripts} {
			if err := closing.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestScriptRate(t *testing.T) {
	limits := newScriptLimits(&config.Config{Script: map[string]map[string]any{"menu": {"calls_per_second": 1.0}}})
	leave, ok := limits.take("menu")
	if !ok {
		t.Fatal("the first call is refused")
	}
	leave()
	if _, ok := limits.take("menu"); ok {
		t.Error("a second call in the same second is taken")
	}
	if _, ok := limits.take("other"); !ok {
		t.Error("another script is limited")
	}
}
