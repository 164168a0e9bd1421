package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"offhook/config"
	"offhook/core"
	"offhook/media"
	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// metricsOfACall are the figures of a server that has served one call.
func metricsOfACall(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "default.lua", "function on_call(call) call:ring() call:answer() call:silence(\"1s\") call:hangup() end")
	var flags []config.Flag
	for key, value := range map[string]string{
		"sip.bind_address": "127.0.0.1", "sip.port": "0", "health.health_check_port": "0", "control.socket": "", "scripting.dir": dir, "records.dir": "",
		"media.rtp_port_range_start": "42000", "media.rtp_port_range_end": "42999",
	} {
		flags = append(flags, config.Flag{Name: "--set", Key: key, Value: value})
	}
	c, err := config.Load(config.Options{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	logs, err := newLogs(c.Logging, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(t.Context(), c, logs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(a.close(), logs.close()); err != nil {
			t.Error(err)
		}
	}()
	if code, out, stderr := commandLine("call", "sip:test@"+a.sip[0].addr.String()); code != 0 {
		t.Fatalf("the call: %d\n%s%s", code, out, stderr)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		text := fetched(t, "http://"+a.console.Addr().String()+"/metrics")
		if strings.Contains(text, "offhook_calls_active 0") {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatal("the call does not end")
		}
	}
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMonitoring: the figures are as Prometheus wants them, a call is in those that it should be in, and every figure that the
// dashboard and the alerts of examples/monitoring look at is there.
func TestMonitoring(t *testing.T) {
	text := metricsOfACall(t)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{
		`offhook_call_stage_seconds_count{stage="trying"} 1`, `offhook_call_stage_seconds_count{stage="ringing"} 1`,
		`offhook_call_stage_seconds_count{stage="answered"} 1`, `offhook_call_stage_seconds_count{stage="confirmed"} 1`,
		`offhook_call_stage_seconds_count{stage="first_rtp"} 1`, `offhook_call_responses_total{code="200"} 1`,
		`offhook_call_duration_seconds_count 1`, `offhook_rtp_mos_count 1`, `offhook_rtp_loss_ratio_bucket{le="0"} 1`, `offhook_lua_call_seconds_count 1`,
		`offhook_calls_ended_total{generation="1",outcome="answered",script="default"} 1`, `offhook_scripts_reloads_total{outcome="loaded"} 1`,
		`offhook_rtp_ports{state="quarantined"} 1`, `offhook_ready 1`, `offhook_calls_refused_total{reason="full"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	known := names(text)
	for _, file := range []string{"dashboard.json", "alerts.yml"} {
		asked, err := os.ReadFile("../../examples/monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`\b(offhook|process|go)_[a-z0-9_]+`).FindAllString(string(asked), -1)
		if len(found) < 10 {
			t.Errorf("%s looks at %d figures", file, len(found))
		}
		for _, name := range found {
			if !slices.Contains(known, name) {
				t.Errorf("%s looks at %s, which GET /metrics does not have", file, name)
			}
		}
	}
}

// names are those of all series.
func names(text string) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		if all = append(all, m[1]); m[2] == "histogram" {
			all = append(all, m[1]+"_bucket", m[1]+"_sum", m[1]+"_count")
		}
	}
	return all
}

func TestKillsAreCounted(t *testing.T) {
	r := prometheus.NewRegistry()
	f := newCallFigures(r)
	f.observe(scripting.Outcome{Err: &sandbox.LimitError{Limit: sandbox.LimitMemory}, Ending: scripting.Ending{Code: 500}}, core.Stages{}, media.Stats{})
	text := shown(t, r)
	for _, want := range []string{`offhook_lua_kills_total{limit="memory"} 1`, `offhook_lua_kills_total{limit="time"} 0`, "offhook_lua_errors_total 1", `offhook_call_responses_total{code="500"} 1`, "offhook_rtp_mos_count 0"} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestReasons: the server is not ready while it drains, is full, has no ports or what its folder holds was refused.
func TestReasons(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "default.lua", rejects)
	c, err := config.Load(config.Options{Flags: []config.Flag{{Name: "--scripts", Key: "scripting.dir", Value: dir}}})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	a := &app{config: c, log: log, stop: func() {}}
	if a.scripts, err = newScripts(c, log, outside{}); err != nil {
		t.Fatal(err)
	}
	if a.media, err = newMedia(c, log); err != nil {
		t.Fatal(err)
	}
	if a.server, err = newServer(c, log, a.media, nil, nil, scriptHandler{}, nil); err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		var got []string
		for _, r := range a.reasons() {
			got = append(got, r.Name)
			if r.Detail == "" {
				t.Errorf("%s: no detail", r.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("reasons %q, want %q", got, want)
		}
	}
	_, _ = a.scripts.Load(t.Context())
	expect()
	write(t, dir, "default.lua", "(")
	_, _ = a.scripts.Load(t.Context())
	expect("scripts")
	write(t, dir, "default.lua", rejects+"-- mended")
	_, _ = a.scripts.Load(t.Context())
	c.Behavior.MaxConcurrentCalls = 0
	expect("full")
	c.Behavior.MaxConcurrentCalls = 1
	if err := a.server.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("draining")
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
