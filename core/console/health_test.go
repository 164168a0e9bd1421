package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func get(t *testing.T, s *Server, method, path string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+s.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body := map[string]any{}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
	}
	return res, body
}

func TestHealth(t *testing.T) {
	now := Calls{Active: 1, Total: 4, Answered: 2, Failed: 1, Generation: 7}
	s, err := Listen(Options{Address: "127.0.0.1:0", Calls: func() Calls { return now }, Trunks: func() []Trunk {
		return []Trunk{{Name: "a", ActiveCalls: 2, Registration: &Registration{State: "registered", Registrar: "sip:r"}}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()

	res, body := get(t, s, "GET", "/health")
	want := map[string]any{"status": "healthy", "uptime_seconds": 0.0, "active_calls": 1.0, "total_calls": 4.0, "answered_calls": 2.0, "failed_calls": 1.0, "generation": 7.0}
	if res.StatusCode != 200 {
		t.Errorf("status %d, want 200", res.StatusCode)
	}
	for key, value := range want {
		if body[key] != value {
			t.Errorf("%s = %v, want %v", key, body[key], value)
		}
	}

	if got, err := json.Marshal(body["trunks"]); err != nil ||
		string(got) != `[{"active_calls":2,"name":"a","refused_calls":0,"registration":{"registrar":"sip:r","state":"registered"},"total_calls":0,"unauthorized_calls":0}]` {
		t.Errorf("trunks %s, %v", got, err)
	}

	now.Draining = true
	if res, body = get(t, s, "GET", "/health"); res.StatusCode != 503 || body["status"] != "draining" {
		t.Errorf("draining: %d %v, want 503 draining", res.StatusCode, body["status"])
	}
	if res, _ = get(t, s, "POST", "/health"); res.StatusCode != 405 {
		t.Errorf("POST: %d, want 405", res.StatusCode)
	}
	if res, _ = get(t, s, "GET", "/nothing"); res.StatusCode != 404 {
		t.Errorf("unknown path: %d, want 404", res.StatusCode)
	}
}

func TestMetrics(t *testing.T) {
	figures := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("offhook_calls_active 1\n")) })
	for _, c := range []struct {
		handler http.Handler
		want    int
	}{{figures, 200}, {nil, 404}} {
		s, err := Listen(Options{Address: "127.0.0.1:0", Calls: func() Calls { return Calls{} }, Metrics: c.handler})
		if err != nil {
			t.Fatal(err)
		}
		if res, _ := get(t, s, "GET", "/metrics"); res.StatusCode != c.want {
			t.Errorf("GET /metrics: %d, want %d", res.StatusCode, c.want)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestListenOnATakenPortSaysSo(t *testing.T) {
	s, err := Listen(Options{Address: "127.0.0.1:0", Calls: func() Calls { return Calls{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if _, err := Listen(Options{Address: s.Addr().String()}); err == nil || !strings.Contains(err.Error(), "listen for health checks: listen tcp "+s.Addr().String()) {
		t.Errorf("error %v does not name the address", err)
	}
}
