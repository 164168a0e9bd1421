package main

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"offhook/config"
	"offhook/core/journal"
	"offhook/core/journal/record"
)

func withRecords(t *testing.T, values map[string]string) (*record.Writer, error) {
	t.Helper()
	o := config.Options{}
	for key, value := range values {
		o.Flags = append(o.Flags, config.Flag{Name: "--set", Key: "records." + key, Value: value})
	}
	c, err := config.Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return newRecords(c, slog.New(slog.DiscardHandler))
}

// TestWebhookOfTheConfiguration: URL, token, CA and batch reach the requests; without the CA nothing is sent.
func TestWebhookOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	got := make(chan string, 10)
	far := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Header.Get("Authorization") + " " + r.URL.Path + " " + string(body[:8])
	}))
	far.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	far.StartTLS()
	defer far.Close()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.pem")
	for name, text := range map[string][]byte{token: []byte("sesame\n"), ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: far.Certificate().Raw})} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string]string{"dir": filepath.Join(dir, "r"), "webhook_url": far.URL + "/calls", "webhook_batch": "1"}
	w, err := withRecords(t, values)
	if err != nil {
		t.Fatal(err)
	}
	<-w.Write(journal.Call{ID: "a"})
	for deadline := time.After(10 * time.Second); ; {
		if s, _ := w.Webhook(); s.Failed > 0 {
			break
		}
		select {
		case <-got:
			t.Fatal("delivered to a server whose certificate nobody vouches for")
		case <-deadline:
			t.Fatal("no attempt")
		case <-time.After(time.Millisecond):
		}
	}
	r := prometheus.NewRegistry()
	r.MustRegister(webhookCollector{w})
	if text := shown(t, r); !strings.Contains(text, "\noffhook_records_webhook_failures_total 1\n") || strings.Contains(text, "\noffhook_records_webhook_waiting_bytes 0\n") {
		t.Errorf("GET /metrics:\n%s", text)
	}
	if problems, err := testutil.GatherAndLint(r); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}

	values["webhook_token_file"], values["webhook_ca"] = token, ca
	if w, err = withRecords(t, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	if text := <-got; text != `Bearer sesame /calls {"id":"a` {
		t.Errorf("request %s", text)
	}

	for key, want := range map[string]string{"webhook_token_file": "no such file", "webhook_ca": "no such file"} {
		bad := map[string]string{"dir": filepath.Join(dir, "x"), "webhook_url": far.URL, key: filepath.Join(dir, "none")}
		if _, err := withRecords(t, bad); err == nil || !strings.Contains(err.Error(), "records."+key+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestNoWebhookNoFigures(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(webhookCollector{})
	if text := shown(t, r); strings.Contains(text, "webhook") {
		t.Errorf("GET /metrics:\n%s", text)
	}
}
