package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a web service in memory, for tests that own the clock.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
}

func TestDo(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Got", r.Method+" "+r.Header.Get("X-Key")+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	}))
	defer srv.Close()
	c := New(Options{Allow: []string{strings.TrimPrefix(srv.URL, "http://")}})
	defer c.Close()
	res, err := c.Do(context.Background(), Request{Method: "POST", URL: srv.URL + "/pot", Header: map[string]string{"X-Key": "k"}, Body: []byte("tea")})
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != 418 || string(res.Body) != "short and stout" || res.Header.Get("X-Got") != "POST k tea" {
		t.Errorf("got %d %q %q", res.Status, res.Body, res.Header.Get("X-Got"))
	}
}

func TestAllowList(t *testing.T) {
	c := New(Options{Allow: []string{"api.example.com", "*.test:8000", "[::1]:9000"}})
	for raw, want := range map[string]bool{
		"http://api.example.com/x":          true,
		"https://API.example.com:443/":      true,
		"http://api.example.com:8080/":      false,
		"http://api.example.com.evil/":      false,
		"http://a.test:8000/":               true,
		"http://a.test/":                    false,
		"http://[::1]:9000/":                true,
		"http://169.254.169.254/latest/":    false,
		"file:///etc/passwd":                false,
		"http://user@evil/?api.example.com": false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.allowed(u); (err == nil) != want {
			t.Errorf("%s: %v, want allowed %v", raw, err, want)
		}
	}
}

func TestRedirectToAHostThatIsNotAllowed(t *testing.T) {
	c := New(Options{Allow: []string{"a"}, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://secret/"}}, Body: http.NoBody, Request: r}, nil
	})})
	if _, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/"}); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("error %v, want ErrNotAllowed", err)
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Allow: []string{"slow"}, Timeout: time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		began := time.Now()
		_, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://slow/"})
		if err == nil || !strings.Contains(err.Error(), "GET http://slow/: no answer within 1s") || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		began = time.Now()
		if _, err = c.Do(context.Background(), Request{Method: "GET", URL: "http://slow/", Timeout: time.Hour}); time.Since(began) != 30*time.Second {
			t.Errorf("asked for an hour, ended after %v: %v", time.Since(began), err)
		}
	})
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		c := New(Options{Allow: []string{"a"}, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			switch tries.Add(1) {
			case 1:
				return nil, errors.New("connection refused")
			case 2:
				return answer(503, "busy")
			}
			return answer(200, "fine")
		})})
		res, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/", Retries: 3})
		if err != nil || res.Status != 200 || tries.Load() != 3 {
			t.Errorf("%v %v after %d tries", res, err, tries.Load())
		}
		tries.Store(0)
		if res, err = c.Do(context.Background(), Request{Method: "GET", URL: "http://a/"}); err == nil {
			t.Errorf("without retries: %v", res)
		}
	})
}

func TestConcurrencyCapAndHangup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := New(Options{Allow: []string{"a"}, Concurrency: 1, Timeout: time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			select {
			case <-release:
				return answer(200, "")
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})})
		ctx, cancel := context.WithCancel(context.Background())
		first := make(chan error)
		go func() {
			_, err := c.Do(ctx, Request{Method: "GET", URL: "http://a/1", Timeout: 20 * time.Second})
			first <- err
		}()
		synctest.Wait()
		if _, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/2"}); err == nil || !strings.Contains(err.Error(), "too many requests are under way") {
			t.Errorf("second request: %v", err)
		}
		cancel() // the caller hung up
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("after the hang-up: %v", err)
		}
		close(release)
		if _, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/3"}); err != nil {
			t.Errorf("the slot was not given back: %v", err)
		}
	})
}

func TestLongResponse(t *testing.T) {
	c := New(Options{Allow: []string{"a"}, MaxBody: 10, Transport: roundTrip(func(*http.Request) (*http.Response, error) { return answer(200, "12345678901") })})
	if _, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/"}); err == nil || !strings.Contains(err.Error(), "longer than 10 bytes") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Do(context.Background(), Request{Method: "GET", URL: "http://a/", MaxBody: 11}); err != nil {
		t.Errorf("a request that allows more: %v", err)
	}
}
